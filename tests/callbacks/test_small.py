"""History, TerminateOnNaN, SwapEMAWeights."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from callbacks.fakes import FakeModel
from cornu.callbacks import CallbackList, History, SwapEMAWeights, TerminateOnNaN
from cornu.core.variable import Variable


def test_history_keeps_python_floats() -> None:
    history = History()
    model: Any = FakeModel()
    history.set_model(model)
    history.on_train_begin()
    history.on_epoch_end(0, {"loss": np.float32(0.5), "val_loss": jnp.float32(0.25)})
    history.on_epoch_end(1, {"loss": 0.125})
    assert history.history == {"loss": [0.5, 0.125], "val_loss": [0.25]}
    assert all(type(v) is float for values in history.history.values() for v in values)
    assert history.epoch == [0, 1]
    assert model.history is history
    history.on_train_begin()
    assert history.epoch == []
    assert history.history["loss"] == [0.5, 0.125]


def test_history_answers_to_other_names_and_suggests() -> None:
    history = History()
    history.on_epoch_end(0, {"accuracy": 0.5, "val_loss": 1.0})
    assert history.history["acc"] == [0.5]
    assert "acc" not in history.history
    with pytest.raises(KeyError, match=r"no metric 'val_los'; .*did you mean 'val_loss'"):
        history.history["val_los"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_terminate_on_nan(bad: float, capsys: Any) -> None:
    callback = TerminateOnNaN()
    model = FakeModel()
    callback.set_model(model)
    callback.on_train_batch_end(0, {"loss": 1.0})
    callback.on_train_batch_end(1, {"accuracy": bad})
    assert not model.stop_training
    callback.on_train_batch_end(2, {"loss": np.float32(bad)})
    assert model.stop_training
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"
    with pytest.raises(RuntimeError, match="at batch 3"):
        TerminateOnNaN(raise_error=True).on_train_batch_end(3, {"loss": bad})


class Averaging:
    """An optimizer that holds averages."""

    def __init__(self, use_ema: bool = True) -> None:
        self.use_ema = use_ema
        self.iterations = 1
        self.average = jnp.array([10.0])

    def finalize_variable_values(self, variables: list[Variable]) -> None:
        for variable in variables:
            variable.assign(self.average)


class Averaged(FakeModel):
    def __init__(self, use_ema: bool = True) -> None:
        super().__init__()
        self.optimizer: Any = Averaging(use_ema)
        self.trainable_variables = [Variable(np.array([1.0], "float32"))]

    @property
    def value(self) -> float:
        return float(self.trainable_variables[0].numpy()[0])


def begin(model: Averaged, **arguments: Any) -> CallbackList:
    return CallbackList([SwapEMAWeights(**arguments)], model=model, epochs=2, steps=1)


@pytest.mark.parametrize("mode", ["test", "predict"])
def test_averages_stand_in_while_evaluating(mode: str) -> None:
    model = Averaged()
    callbacks = begin(model)
    getattr(callbacks, f"on_{mode}_begin")()
    assert model.value == 10
    assert model.trainable_variables[0].value is not model.optimizer.average
    getattr(callbacks, f"on_{mode}_end")()
    assert model.value == 1


def test_weights_come_back_when_the_evaluation_breaks_off() -> None:
    model = Averaged()
    callbacks = begin(model)
    callbacks.on_test_begin()
    callbacks.on_abort()
    assert model.value == 1


def test_averages_stand_in_from_an_epochs_end_to_the_next() -> None:
    model = Averaged()
    callbacks = begin(model, swap_on_epoch=True)
    values = []
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_begin(epoch)
        values.append(model.value)
        callbacks.on_test_begin()
        callbacks.on_test_end()
        values.append(model.value)
        callbacks.on_epoch_end(epoch, {})
        values.append(model.value)
    callbacks.on_train_end()
    assert values == [1, 1, 10, 1, 1, 10]
    assert model.value == 10
    callbacks.on_abort()
    assert model.value == 10


def test_before_the_first_step_there_is_nothing_to_swap() -> None:
    model = Averaged()
    model.optimizer.iterations = 0
    begin(model).on_test_begin()
    assert model.value == 1


def test_an_optimizer_without_averages_is_a_warning() -> None:
    model = Averaged(use_ema=False)
    callbacks = begin(model)
    with pytest.warns(UserWarning, match="use_ema=True"):
        callbacks.on_train_begin()
    callbacks.on_test_begin()
    assert model.value == 1
