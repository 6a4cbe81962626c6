"""Rematerialization changes what is kept, never what is computed."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import cornu
from cornu.core.masks import get_mask, set_mask
from cornu.core.scope import Scope, pure

X = np.linspace(-1, 1, 8).reshape(2, 4).astype("float32")


def is_rematerialized(k: Any, layer: Any) -> bool:
    with k.StatelessScope():
        program = str(jax.make_jaxpr(lambda x: layer(x))(X))
    return "remat" in program or "checkpoint" in program


# Mode, its arguments, and whether a Dense(3) named "head" on two rows is rematerialized.
MODES: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"mode": None}, False),
    ({"mode": "activations"}, True),
    ({"mode": "larger_than", "output_size_threshold": 5}, True),
    ({"mode": "larger_than", "output_size_threshold": 6}, False),
    ({"mode": "list_of_layers", "layer_names": ["head"]}, True),
    ({"mode": "list_of_layers", "layer_names": ["tail"]}, False),
]


@pytest.mark.parametrize("k", [cornu, keras], ids=["cornu", "keras"])
@pytest.mark.parametrize(("arguments", "expected"), MODES, ids=str)
def test_layers_made_inside_are_rematerialized(k: Any, arguments: Any, expected: bool) -> None:
    with k.RematScope(**arguments):
        inside = k.layers.Dense(3, activation="tanh", name="head")
        inside.build((None, 4))
    outside = k.layers.Dense(3, name="head")
    outside.build((None, 4))
    assert is_rematerialized(k, inside) == expected
    with k.RematScope(**arguments):
        assert not is_rematerialized(k, outside)


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="mode='most'"):
        cornu.RematScope("most")


def train(mode: str | None) -> tuple[list[float], list[np.ndarray]]:
    cornu.utils.set_random_seed(3)
    with cornu.RematScope(mode, output_size_threshold=10):
        model = cornu.Sequential(
            [
                cornu.layers.Input((4,)),
                cornu.layers.Dense(8, activation="tanh", activity_regularizer="l2"),
                cornu.layers.BatchNormalization(),
                cornu.layers.Dropout(0.3),
                cornu.layers.Dense(1),
            ]
        )
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    history = model.fit(x, x[:, :1], batch_size=4, epochs=2, shuffle=False, verbose=0)
    return history.history["loss"], model.get_weights()


@pytest.mark.parametrize("mode", ["full", "activations", "larger_than"])
def test_training_comes_out_the_same(mode: str) -> None:
    """Losses of activities, running means and the draws of dropout among it."""
    plain, rematerialized = train(None), train(mode)
    np.testing.assert_allclose(rematerialized[0], plain[0], rtol=1e-5)
    for found, expected in zip(rematerialized[1], plain[1], strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_remat_of_a_function_that_assigns() -> None:
    count, scale = cornu.Variable(0.0), cornu.Variable(2.0)

    @cornu.remat
    def wave(x: Any, times: int, note: str | None = None) -> Any:
        assert note in (None, "a")
        count.assign_add(jnp.sum(x))
        for _ in range(times):
            x = jnp.sin(x * scale.value)
        return x

    def loss(values: Any, x: Any) -> Any:
        outcome = pure(lambda x: jnp.sum(wave(x, 2, note="a")), [count, scale])(values, x)
        return outcome.result, outcome.values

    (slope, by_x), values = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))(
        (jnp.asarray(1.0), jnp.asarray(2.0)), X
    )
    assert values[0] == pytest.approx(1 + X.sum())
    plain = jax.grad(lambda s, x: jnp.sum(jnp.sin(jnp.sin(x * s) * s)), argnums=(0, 1))(2.0, X)
    np.testing.assert_allclose(slope[1], plain[0], rtol=1e-5, atol=1e-6)  # terms cancel out
    np.testing.assert_allclose(by_x, plain[1], rtol=1e-5)
    assert count.numpy() == 0


def test_remat_keeps_less() -> None:
    """What lies between is not among the values that the backward pass is given."""

    def long(x: Any) -> Any:
        for _ in range(6):
            x = jnp.sin(x)
        return x

    kept = [sum(1 for shape in _kept(f) if shape == (2, 4)) for f in (long, cornu.remat(long))]
    assert kept[0] >= 6
    assert kept[1] == 1


def _kept(f: Any) -> list[tuple[int, ...]]:
    backward = jax.vjp(f, jnp.asarray(X))[1]
    return [leaf.shape for leaf in jax.tree.leaves(backward)]


def test_masks_go_in_and_come_out() -> None:
    seen = []

    @cornu.remat
    def layer(x: Any) -> Any:
        seen.append(get_mask(x))
        y = x * 2
        set_mask(y, get_mask(x))
        return y

    def run(x: Any, mask: Any) -> Any:
        with Scope():
            set_mask(x, mask)
            return get_mask(layer(x))

    mask = np.array([True, False])
    np.testing.assert_array_equal(jax.jit(run)(X, mask), mask)
    assert seen[0] is not None


def test_symbolic_tensors_pass() -> None:
    wave = cornu.remat(lambda x: cornu.ops.sin(x))
    assert wave(cornu.KerasTensor((None, 2))).shape == (None, 2)
    with cornu.RematScope("larger_than", output_size_threshold=1):
        x = cornu.Input((4,))
        model = cornu.Model(x, cornu.layers.Dense(3)(x))
    assert model(X).shape == (2, 3)


def test_layers_of_a_scope_are_copied_and_pickled() -> None:
    with cornu.RematScope():
        layer = cornu.layers.Dense(3)
    layer.build((None, 4))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert is_rematerialized(cornu, twin)
        np.testing.assert_array_equal(twin(X), layer(X))
