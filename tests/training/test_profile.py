"""`model.profile`: its FLOPs are those of the formulas, and it changes nothing."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

import cornu as keras
from cornu.training import profile
from cornu.training.profile import Cost, Memory, Profile

layers = keras.layers
ROWS, INPUTS, HIDDEN, OUTPUTS = 64, 128, 256, 96


def dense_model(**compiled: Any) -> Any:
    model = keras.Sequential([keras.Input((INPUTS,)), layers.Dense(HIDDEN), layers.Dense(OUTPUTS)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def data(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return (
        rng.random((ROWS, INPUTS), dtype="float32"),
        rng.random((ROWS, OUTPUTS), dtype="float32"),
    )


def figures(**changed: Any) -> Profile:
    found = Profile(
        model="net",
        device="cpu",
        rows=32,
        runs=3,
        forward=Cost(0.001, 2e6),
        backward=Cost(0.002, 4e6),
        update=Cost(0.0, None),
        step=Cost(0.004, 8e6),
        dtype="float32",
        matmul_rates={"float32": 8e9},
        memory=Memory(3_000_000, 2_000_000, 900_000, 100_000),
    )
    return dataclasses.replace(found, **changed)


@pytest.fixture(scope="module")
def profiled() -> tuple[Profile, Any, list[np.ndarray], list[np.ndarray]]:
    model = dense_model(optimizer="adam", metrics=["mae"])
    x, y = data(np.random.default_rng(1))
    model.fit(x, y, batch_size=ROWS, epochs=1, verbose=0)
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.array(v) for v in variables]
    found = model.profile(x, y, batch_size=ROWS, runs=2, verbose=0)
    return found, model, before, [np.array(v) for v in variables]


def test_flops_of_dense_layers_are_those_of_the_formula(profiled: Any) -> None:
    found = profiled[0]
    first, second = 2 * ROWS * INPUTS * HIDDEN, 2 * ROWS * HIDDEN * OUTPUTS
    # Elementwise work (biases, loss) is under 2 % at these sizes; it is why these are not equal.
    assert first + second <= found.forward.flops < 1.02 * (first + second)
    # Gradients of both kernels, and of the second layer's input; the data need none.
    backward = first + 2 * second
    assert 0.99 * backward <= found.backward.flops < 1.02 * backward
    weights = (INPUTS + 1) * HIDDEN + (HIDDEN + 1) * OUTPUTS
    assert 5 * weights < found.update.flops < 20 * weights  # Adam: about a dozen a weight
    parts = found.forward.flops + found.backward.flops + found.update.flops
    assert parts == pytest.approx(found.step.flops)


def test_profile_is_a_pure_read(profiled: Any) -> None:
    _, _, before, after = profiled
    assert len(before) > 8
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


def test_figures_belong_to_the_batch_and_the_machine(profiled: Any) -> None:
    found, model, *_ = profiled
    assert found.rows == ROWS
    assert found.runs == 2
    assert found.step.seconds > 0
    assert list(found.matmul_rates) == ["float32"]
    assert found.share(found.step) == pytest.approx(
        found.step.flops / found.step.seconds / found.matmul_rates["float32"]
    )
    variables = [*model.variables, *model.optimizer.variables]
    held = sum(np.array(v).nbytes for v in variables) + 4 * ROWS * (INPUTS + OUTPUTS)
    # A few variables of a word or two (counts of metrics) are not arguments of every program.
    assert found.memory.arguments == pytest.approx(held, rel=0.01)
    memory = found.memory
    assert memory.peak == memory.arguments + memory.outputs + memory.temporaries
    assert memory.temporaries > 0


def test_several_inputs_and_outputs_and_an_unbuilt_optimizer(
    rng: np.random.Generator, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((4,), name="b")
    both = layers.Concatenate()([a, b])
    model = keras.Model([a, b], [layers.Dense(2, name="p")(both), layers.Dense(1, name="q")(both)])
    model.compile("sgd", loss=["mse", "mae"])
    x = [rng.random((40, 3)), rng.random((40, 4))]
    found = model.profile(x, [rng.random((40, 2)), rng.random((40, 1))], runs=1)
    assert found.rows == 32  # the default of `fit`
    assert capsys.readouterr().out.strip() == str(found)
    assert model.optimizer.iterations == 0


def test_a_train_step_of_the_users_own_is_measured_whole(rng: np.random.Generator) -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def train_step(self, state: Any, data: Any) -> Any:
            del data
            return {"loss": state[0][0].sum()}, state

    model = Own()
    model.compile("sgd", "mse")
    found = model.profile(rng.random((8, 3)), rng.random((8, 2)), runs=1, verbose=0)
    assert found.forward is found.backward is found.update is None
    assert found.step.seconds > 0
    assert "train_step of its own" in str(found)


def test_loops_are_remarked_on(rng: np.random.Generator) -> None:
    model = keras.Sequential([keras.Input((20, 2)), layers.SimpleRNN(3)])
    model.compile("sgd", "mse")
    found = model.profile(rng.random((4, 20, 2)), rng.random((4, 3)), runs=1, verbose=0)
    assert found.remarks == (profile._LOOPS,)


def test_the_main_dtype_is_that_of_most_weights() -> None:
    model = keras.Sequential(
        [keras.Input((8,)), layers.Dense(64, dtype="mixed_bfloat16"), layers.Dense(1)]
    )
    assert profile._main_dtype(model) == "bfloat16"
    assert profile._main_dtype(keras.Sequential([keras.Input((8,)), layers.Flatten()])) == "float32"


def test_the_table() -> None:
    lines = str(figures()).splitlines()
    assert lines[0] == 'One training step of "net": 32 rows, cpu, median of 3'
    rows = {line.split()[0]: line.split()[1:] for line in lines[3:7]}
    assert rows == {
        "forward": ["1", "ms", "25.0", "%", "2", "M", "2", "G", "25.0", "%"],
        "backward": ["2", "ms", "50.0", "%", "4", "M", "2", "G", "25.0", "%"],
        "update": ["0", "us", "0.0", "%", "-", "-", "-"],
        "step": ["4", "ms", "100.0", "%", "8", "M", "2", "G", "25.0", "%"],
    }
    assert lines[7] == " Matmul rate of this machine: float32 8 GFLOP/s"
    assert lines[8] == (
        " Memory of the step: peak 3 MB, arguments 2 MB, outputs 900 kB, temporaries 100 kB"
    )


def test_the_table_without_what_xla_does_not_say() -> None:
    text = str(figures(memory=None, step=Cost(2.5, None), remarks=("Look out.",)))
    assert "Memory" not in text
    assert text.splitlines()[6].split() == ["step", "2.5", "s", "100.0", "%", "-", "-", "-"]
    assert text.endswith("\n Look out.")


class Program:
    """A program of which XLA says only so much."""

    def __init__(self, analysis: Any) -> None:
        self.analysis = analysis

    def cost_analysis(self) -> Any:
        return self.analysis

    def memory_analysis(self) -> None:
        return None


@pytest.mark.parametrize("analysis", [None, {}, {"flops": -1.0}])
def test_flops_that_xla_does_not_know(analysis: Any) -> None:
    known, unknown = Program({"flops": 3.0}), Program(analysis)
    assert profile._flops([known, known], [unknown, unknown]) == [3.0, 3.0]
    assert profile._flops([known, unknown], [known, known]) == [3.0, 3.0]
    assert profile._flops([known, unknown], [unknown, known]) == [None, None]
    assert profile._memory(unknown) is None
    assert Cost(1.0, None).since(Cost(2.0, 5.0)) == Cost(0.0, None)


def test_what_is_missing_is_said() -> None:
    x, y = np.zeros((4, INPUTS)), np.zeros((4, OUTPUTS))
    model = keras.Sequential([keras.Input((INPUTS,)), layers.Dense(OUTPUTS)])
    with pytest.raises(ValueError, match=r"call `compile\(optimizer, loss\)` before `profile`"):
        model.profile(x, y)
    model.compile("sgd")
    with pytest.raises(ValueError, match="has no loss"):
        model.profile(x, y)
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="run_eagerly=True: compile it without"):
        model.profile(x, y)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="runs must be a positive int, got 0"):
        model.profile(x, y, runs=0)
    with pytest.raises(ValueError, match="targets are missing"):
        model.profile(x)
