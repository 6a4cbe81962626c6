"""Pooling: the fast gradient of windows that do not overlap, and what the edges count."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from cornu import ops


def plain(x, window, padding):
    full = (1, *window, 1)
    return lax.reduce_window(x, -jnp.inf, lax.max, full, full, padding.upper())


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(
    ("shape", "window"),
    [
        ((2, 6, 6, 3), (2, 2)),
        ((2, 7, 5, 3), (2, 3)),
        ((2, 9, 3), (4,)),
        ((1, 4, 5, 4, 2), (2, 2, 2)),
    ],
)
def test_gradient_of_windows_apart_is_that_of_the_plain_form(rng, shape, window, padding):
    x = jnp.asarray(rng.integers(-2, 3, shape), "float32")  # small integers: many equal maxima
    pooled = plain(x, window, padding)
    weights = jnp.asarray(rng.normal(size=pooled.shape), "float32")
    ours = jax.grad(lambda x: jnp.sum(weights * ops.max_pool(x, window, padding=padding)))(x)
    theirs = jax.grad(lambda x: jnp.sum(weights * plain(x, window, padding)))(x)
    np.testing.assert_array_equal(ops.max_pool(x, window, padding=padding), pooled)
    np.testing.assert_array_equal(ours, theirs)


def test_first_of_equal_maxima_takes_the_gradient():
    gradient = jax.grad(lambda x: jnp.sum(ops.max_pool(x, 2)))(jnp.ones((1, 2, 2, 1)))
    np.testing.assert_array_equal(gradient.ravel(), [1, 0, 0, 0])


def test_forward_mode_and_second_derivatives(rng):
    x = jnp.asarray(rng.normal(size=(1, 4, 4, 2)), "float32")

    def loss(x):
        return jnp.sum(ops.max_pool(x, 2) ** 3)

    forward = jax.jacfwd(loss)(x)
    np.testing.assert_allclose(forward, jax.grad(loss)(x), rtol=1e-6)
    curvature = jax.hessian(loss)(x).reshape(32, 32)
    chosen = np.asarray(forward).ravel() != 0
    expected = np.where(chosen, 6 * np.asarray(x).ravel(), 0)
    np.testing.assert_allclose(np.diag(curvature), expected, rtol=1e-5)


def test_average_at_the_edge_counts_only_what_is_there():
    x = jnp.arange(1.0, 6.0).reshape(1, 5, 1)
    np.testing.assert_allclose(ops.average_pool(x, 2, padding="same").ravel(), [1.5, 3.5, 5])


def test_integers_and_booleans_pool():
    x = np.array([[3, -1, 2, 7]]).reshape(1, 4, 1)
    assert ops.max_pool(x.astype("int8"), 2).ravel().tolist() == [3, 7]
    assert ops.max_pool(x > 2, 2).ravel().tolist() == [True, True]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": (2, 2, 2)}, "pool_size"),
        ({"pool_size": 2, "padding": "full"}, "padding"),
        ({"pool_size": 2, "data_format": "NHWC"}, "data_format"),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ops.max_pool(jnp.ones((1, 4, 4, 1)), **arguments)


def test_nan_is_the_maximum_of_its_window_only():
    x = jnp.asarray([[1.0, jnp.nan, 3.0, 2.0]]).reshape(1, 4, 1)
    np.testing.assert_array_equal(ops.max_pool(x, 2).ravel(), [np.nan, 3])
    gradient = jax.jit(jax.grad(lambda x: jnp.sum(ops.max_pool(x, 2)[:, 1])))(x)
    np.testing.assert_array_equal(gradient.ravel(), [0, 0, 1, 0])
