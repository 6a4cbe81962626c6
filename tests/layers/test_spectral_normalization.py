"""SpectralNormalization: singular values and gradients; tests/oracle compares with Keras."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import layers
from cornu.core.scope import pure


def wrapped(shape: tuple[int, int], scale: float, **arguments: Any) -> Any:
    """A built layer around a Dense with a kernel of this shape and size."""
    layer = layers.SpectralNormalization(layers.Dense(shape[1], use_bias=False), **arguments)
    layer.build((None, shape[0]))
    layer.kernel.assign(np.random.default_rng(4).normal(size=shape) * scale)
    return layer


@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e6, 1e25])
def test_the_largest_singular_value_becomes_1_whatever_it_was(scale: float) -> None:
    layer = wrapped((5, 3), scale, power_iterations=30)
    directions = layer.kernel.numpy() / scale
    layer(np.ones((1, 5), "float32"), training=True)
    kernel = layer.kernel.numpy()
    np.testing.assert_allclose(np.linalg.norm(kernel, 2), 1, rtol=1e-5)
    np.testing.assert_allclose(kernel, directions / np.linalg.norm(directions, 2), rtol=1e-4)


def test_one_iteration_a_call_gets_there_too() -> None:
    layer, x = wrapped((5, 3), 1.0), np.ones((1, 5), "float32")
    for _ in range(40):
        layer(x, training=True)
    np.testing.assert_allclose(np.linalg.norm(layer.kernel.numpy(), 2), 1, rtol=1e-4)


def test_gradients_are_those_of_the_kernel_divided_by_its_norm(rng: np.random.Generator) -> None:
    layer = wrapped((4, 3), 0.5, power_iterations=100)  # u and v are singular vectors after these
    x, weights = rng.normal(size=(6, 4)), rng.normal(size=(6, 3))
    run = pure(lambda: layer(jnp.asarray(x, "float32"), training=True), layer.weights)
    kernel, vector = layer.get_weights()

    def ours(kernel: Any) -> Any:
        return jnp.sum(weights * run([kernel, vector]).result)

    def expected(kernel: Any) -> Any:
        largest = jnp.linalg.svd(kernel, compute_uv=False)[0]
        return jnp.sum(weights * (x @ (kernel / largest)))

    gradient = jax.grad(ours)(jnp.asarray(kernel))
    np.testing.assert_allclose(gradient, jax.grad(expected)(kernel), rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(layer.kernel.numpy(), kernel)  # a pure run changes no store


def test_a_kernel_of_zeros_stays_and_has_gradients() -> None:
    layer = wrapped((4, 3), 0.0)
    kernel, vector = layer.get_weights()
    run = pure(lambda: layer(jnp.ones((2, 4)), training=True), layer.weights)
    gradient = jax.grad(lambda kernel: jnp.sum(run([kernel, vector]).result))(jnp.asarray(kernel))
    np.testing.assert_array_equal(gradient, 2)
    layer(np.ones((2, 4), "float32"), training=True)
    np.testing.assert_array_equal(layer.vector_u.numpy(), vector)


def test_inference_changes_nothing() -> None:
    layer, x = wrapped((4, 3), 1.0), np.ones((2, 4), "float32")
    before = layer.get_weights()
    np.testing.assert_allclose(layer(x), x @ before[0], rtol=1e-5)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("policy", "stored"), [("mixed_bfloat16", 1e-5), ("float16", 2e-3)])
def test_narrow_policies_normalize_in_32_bits(policy: str, stored: float) -> None:
    layer = wrapped((300, 3), 9.0, power_iterations=10, dtype=policy)
    layer.kernel.assign(layer.kernel.numpy() * [10, 1, 1])  # squares overflow float16
    exact = layer.kernel.numpy().astype("float64")
    outputs = layer(np.ones((1, 300), "float32"), training=True)
    assert outputs.dtype == layer.compute_dtype
    np.testing.assert_allclose(
        layer.kernel.numpy(), exact / np.linalg.norm(exact, 2), rtol=stored, atol=1e-6
    )
