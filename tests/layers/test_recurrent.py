"""Recurrent layers against a loop in NumPy, and cells that users write."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from cornu import layers, ops
from cornu.core.scope import pure
from cornu.layers.base.layer import Layer


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_lstm_is_its_formula(rng: np.random.Generator) -> None:
    layer = layers.LSTM(3, return_sequences=True)
    x = rng.normal(size=(2, 5, 4)).astype("float32")
    found = layer(x)
    kernel, recurrent, bias = layer.get_weights()
    h = c = np.zeros((2, 3))
    for t in range(5):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        np.testing.assert_allclose(found[:, t], h, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("unroll", [True, False])
@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_trailing_masked_steps_change_nothing(
    name: str, unroll: bool, rng: np.random.Generator
) -> None:
    layer = getattr(layers, name)(3, unroll=unroll)
    x = rng.normal(size=(2, 5, 4)).astype("float32")
    short = layer(x[:, :3])
    mask = np.arange(5) < 3
    np.testing.assert_allclose(layer(x, mask=np.stack([mask, mask])), short, rtol=1e-6)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
def test_dropout_is_the_same_in_all_steps(name: str) -> None:
    layer = getattr(layers, name)(4, dropout=0.5, recurrent_dropout=0.5, return_sequences=True)
    x = np.ones((1, 6, 4), "float32")
    layer(x)
    run = pure(lambda: layer(x, training=True), layer.variables)
    values = [v.value for v in layer.variables]
    jitted = jax.jit(lambda step: run(values, step=step).result)
    first, again, other = jitted(0), jitted(0), jitted(1)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other)


class Decay(Layer):
    """A cell as users write them: half of what was there, plus the input."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="ones")

    def call(self, inputs: Any, states: Any) -> Any:
        output = states[0] / 2 + ops.matmul(inputs, self.kernel)
        return output, [output]


def test_cells_of_users() -> None:
    layer = layers.RNN(Decay(2), return_sequences=True, return_state=True)
    outputs, state = layer(np.ones((1, 3, 2), "float32"))
    np.testing.assert_allclose(outputs[0], [[2, 2], [3, 3], [3.5, 3.5]])
    np.testing.assert_allclose(state, [[3.5, 3.5]])
    assert [v.path for v in layer.weights] == ["rnn/decay/variable"]


def test_state_is_kept_between_jitted_calls(rng: np.random.Generator) -> None:
    layer = layers.GRU(3, stateful=True)
    x = rng.normal(size=(2, 4, 3)).astype("float32")
    layer(x)
    second = layer(x)
    layer.reset_state()
    run = pure(lambda: layer(x), layer.variables)
    outcome = jax.jit(lambda values: run(values)[:2])([v.value for v in layer.variables])
    outcome = jax.jit(lambda values: run(values)[:2])(outcome[1])
    np.testing.assert_allclose(outcome[0], second, rtol=1e-6)
    assert not layer.rows_independent
    assert len(layer.weights) == 3


def test_half_of_a_bidirectional_layer_looks_back(rng: np.random.Generator) -> None:
    layer = layers.Bidirectional(layers.LSTM(2, return_sequences=True))
    x = rng.normal(size=(1, 4, 3)).astype("float32")
    before = layer(x)
    x[:, -1] = 0
    after = layer(x)
    np.testing.assert_allclose(before[:, :-1, :2], after[:, :-1, :2])
    assert not np.allclose(before[:, 0, 2:], after[:, 0, 2:])
