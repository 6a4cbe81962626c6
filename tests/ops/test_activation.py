"""Activation functions whose formula the oracle does not settle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import ops


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_is_the_closest_point_of_the_simplex(rng, axis):
    x = rng.normal(size=(5, 7)).astype("float32") * 2
    found = np.asarray(ops.sparsemax(x, axis=axis))
    np.testing.assert_allclose(found.sum(axis), 1, rtol=1e-5)
    assert (found >= 0).all()
    # Optimality: all that stay positive are moved by the same amount, the others by less.
    rows_x, rows = (np.moveaxis(a, axis, -1) for a in (x, found))
    for values, result in zip(rows_x, rows, strict=True):
        level = (values - result)[result > 0]
        assert np.ptp(level) < 1e-5
        assert (values[result == 0] <= level.max() + 1e-6).all()


def test_softmax_over_one_element_warns():
    with pytest.warns(UserWarning, match="size 1"):
        ops.softmax(np.ones((3, 1)))


def test_glu_needs_two_halves():
    with pytest.raises(ValueError, match="even"):
        ops.glu(np.ones((2, 3)))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_exact_gelu_and_its_derivatives(dtype):
    x = jnp.linspace(-9, 9, 301).astype(dtype)

    def plain(x):
        return jax.nn.gelu(x, approximate=False)

    def found(x):
        return ops.gelu(x, approximate=False)

    close = {"rtol": 0.02, "atol": 0.02} if dtype == "bfloat16" else {"rtol": 1e-5, "atol": 1e-6}
    for order in range(3):
        a, b = found, plain
        for _ in range(order):
            a, b = jax.grad(a), jax.grad(b)
        ours, theirs = (np.asarray(jax.vmap(f)(x), "float64") for f in (a, b))
        np.testing.assert_allclose(ours, theirs, **close)
