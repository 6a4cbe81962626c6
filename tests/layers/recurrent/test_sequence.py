"""The loop with its own derivative against the step-by-step loop, whatever is asked of a layer."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import layers
from cornu.core.scope import pure
from cornu.layers.recurrent.cell import RecurrentCell
from cornu.layers.recurrent.conv_lstm import ConvLSTMCell
from cornu.layers.recurrent.gru import GRUCell
from cornu.layers.recurrent.lstm import LSTMCell
from cornu.layers.recurrent.simple import SimpleRNNCell

CELLS: dict[str, type[RecurrentCell]] = {
    "LSTM": LSTMCell,
    "GRU": GRUCell,
    "SimpleRNN": SimpleRNNCell,
    "ConvLSTM1D": ConvLSTMCell,
}
OF_IMAGES: dict[str, dict[str, Any]] = {"ConvLSTM1D": {"kernel_size": 2}}
STATES = {"LSTM": 2, "ConvLSTM1D": 2}


def shapes(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Of sequences, and of states of 4 units."""
    return ((3, 5, 3, 2), (3, 2, 4)) if name in OF_IMAGES else ((3, 5, 2), (3, 4))


MASK = np.array([[1, 1, 0, 1, 1], [0, 1, 1, 1, 0], [0, 0, 0, 0, 0]], bool)
OPTIONS: dict[str, dict[str, Any]] = {
    "last": {},
    "all": {"return_sequences": True, "return_state": True},
    "masked": {"mask": True, "return_state": True},
    "all masked": {"mask": True, "return_sequences": True},
    "zeros where masked": {"mask": True, "return_sequences": True, "zeros": True},
    "last or zero": {"mask": True, "zeros": True},
    "backwards": {"go_backwards": True, "return_sequences": True, "mask": True},
    "dropouts": {"dropout": 0.3, "recurrent_dropout": 0.4, "mask": True},
    "unrolled": {"unroll": True, "recurrent_dropout": 0.4, "return_sequences": True},
    "stateful": {"stateful": True, "return_state": True},
    "no bias": {"use_bias": False},
    "other activations": {"activation": "relu"},
}


def layer_and_values(name: str, options: dict[str, Any], rng: np.random.Generator) -> Any:
    """The layer, a function of (weights, x, states), and a point to differentiate it at."""
    options = dict(options)
    masked, zeros = options.pop("mask", False), options.pop("zeros", False)
    layer = getattr(layers, name)(4, seed=1, **OF_IMAGES.get(name, {}), **options)
    layer.zero_output_for_mask = zeros
    of_x, of_state = shapes(name)
    x = rng.normal(size=of_x).astype("float32")
    layer.build(x.shape)
    weights = [rng.normal(size=v.shape).astype("float32") for v in layer.trainable_variables]
    states = [rng.normal(size=of_state).astype("float32") for _ in range(STATES.get(name, 1))]
    mask = jnp.asarray(MASK) if masked else None
    variables = [*layer.trainable_variables, *layer.non_trainable_variables]
    rest = [v.value for v in layer.non_trainable_variables]

    def call(weights: Any, x: Any, states: Any) -> list[Any]:
        run = pure(
            lambda: layer(x, initial_state=list(states), mask=mask, training=True), variables
        )
        return jax.tree.leaves(run([*weights, *rest], step=3).result)

    return layer, call, (weights, x, states)


def derivatives(call: Any, point: Any, rng: np.random.Generator) -> Any:
    """Values, gradient, forward derivative and second derivative along a direction."""
    direction = jax.tree.map(lambda a: rng.normal(size=a.shape).astype("float32"), point)
    outputs = jax.eval_shape(call, *point)
    weights = [rng.normal(size=out.shape).astype("float32") for out in outputs]

    def loss(point: Any) -> Any:
        return sum(jnp.sum(w * out) for w, out in zip(weights, call(*point), strict=True))

    def everything(point: Any, direction: Any) -> Any:
        gradient, second = jax.jvp(jax.grad(loss), (point,), (direction,))
        return call(*point), gradient, second, jax.jvp(loss, (point,), (direction,))

    return jax.jit(everything)(point, direction)


def step_by_step(cell: type[RecurrentCell], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "gates_of_step", lambda self: None)


@pytest.mark.parametrize("option", OPTIONS)
@pytest.mark.parametrize("name", CELLS)
def test_values_and_derivatives_are_those_of_the_steps(
    name: str, option: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, call, point = layer_and_values(name, OPTIONS[option], rng)
    assert layer.cell.gates_of_step() is not None
    seed = int(rng.integers(1000))
    found = derivatives(call, point, np.random.default_rng(seed))
    step_by_step(CELLS[name], monkeypatch)
    expected = derivatives(call, point, np.random.default_rng(seed))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-4 * max(1, float(jnp.abs(b).max())))


@pytest.mark.parametrize("name", CELLS)
def test_batches_of_layers_calls_are_mapped(
    name: str, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, call, (weights, _, states) = layer_and_values(name, OPTIONS["all"], rng)
    batches = rng.normal(size=(2, *shapes(name)[0])).astype("float32")

    def gradient(x: Any) -> Any:
        return jax.grad(lambda x: sum(jnp.sum(out**2) for out in call(weights, x, states)))(x)

    found = jax.vmap(gradient)(batches)
    step_by_step(CELLS[name], monkeypatch)
    for one, x in zip(found, batches, strict=True):
        np.testing.assert_allclose(one, gradient(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CELLS)
def test_low_precision_stays_low(name: str, rng: np.random.Generator) -> None:
    x = rng.normal(size=shapes(name)[0]).astype("float32")
    options = {**OF_IMAGES.get(name, {}), "return_sequences": True}
    layer = getattr(layers, name)(4, dtype="mixed_bfloat16", **options)
    found = layer(x)
    assert found.dtype == jnp.bfloat16
    exact = getattr(layers, name)(4, **options)
    exact.build(x.shape)
    exact.set_weights(layer.get_weights())
    np.testing.assert_allclose(found.astype("float32"), exact(x), atol=0.03)


def test_cells_that_change_a_step_are_followed(rng: np.random.Generator) -> None:
    class Halved(LSTMCell):
        def step(self, projected: Any, states: Any, drop: Any) -> Any:
            return super().step(projected / 2, states, drop)

    x = rng.normal(size=(3, 5, 2)).astype("float32")
    halved, plain = layers.RNN(Halved(4)), layers.RNN(LSTMCell(4))
    for layer in (halved, plain):
        layer.build(x.shape)
    kernel, recurrent, bias = halved.get_weights()
    plain.set_weights([kernel / 2, recurrent, bias / 2])
    np.testing.assert_allclose(halved(x), plain(x), rtol=1e-5, atol=1e-6)


def test_unknown_activations_go_step_by_step() -> None:
    assert layers.LSTM(4, activation="gelu").cell.gates_of_step() is None
    assert layers.GRU(4, reset_after=False).cell.gates_of_step() is None
