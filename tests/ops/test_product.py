"""Rows by a kernel: values and gradients against the plain product."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu.ops import product
from cornu.ops.product import rows_by_kernel


@pytest.mark.parametrize("shape", [(3, 4), (2, 5, 4), (2, 3, 2, 4), (9, 8)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_value_and_gradients(rng, shape, dtype):
    x = jnp.asarray(rng.integers(-3, 4, shape), dtype)
    kernel = jnp.asarray(rng.integers(-3, 4, (shape[-1], 6)), dtype)
    weights = jnp.asarray(rng.integers(-2, 3, (*shape[:-1], 6)), dtype)
    np.testing.assert_array_equal(rows_by_kernel(x, kernel), x @ kernel)

    def loss(x, kernel, multiply):
        return jnp.sum(weights * multiply(x, kernel))

    found, expected = (
        jax.jit(jax.grad(lambda x, k, f=f: loss(x, k, f), (0, 1)))(x, kernel)
        for f in (rows_by_kernel, jnp.matmul)
    )
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, b)  # small integers: exact in any order


def test_forward_mode_second_order_and_mapping(rng):
    x = jnp.asarray(rng.normal(size=(2, 3, 4)), "float32")
    kernels = jnp.asarray(rng.normal(size=(2, 4, 2)), "float32")

    def loss(kernel, multiply=rows_by_kernel):
        return jnp.sum(multiply(jnp.sin(multiply(x, kernel)), kernel.T) ** 2)

    for transform in (jax.grad, jax.jacfwd, jax.hessian):
        expected = jax.vmap(transform(lambda k: loss(k, jnp.matmul)))(kernels)
        found = jax.vmap(transform(loss))(kernels)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("size", [64, 1024, 1025, 1100])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_the_forms_of_gpus_are_the_same_functions(rng, size, dtype):
    rows = jnp.asarray(rng.integers(-3, 4, (2, 3, 4)), dtype)
    kernel = jnp.asarray(rng.integers(-3, 4, (4, size)), dtype)
    change = jnp.asarray(rng.integers(-1, 2, (2, 3, size)), dtype)
    for name, arrays in (
        ("_multiply", (rows, kernel)),
        ("_multiply_back", (change, kernel)),
        ("_sum_of_outer", (rows, change)),
    ):
        plain, aligned = (getattr(product, f"{name}{form}") for form in ("", "_aligned"))
        found = aligned(*arrays)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, plain(*arrays))
    assert product._fill_up(kernel).shape[1] % product._ALIGNED == 0 or dtype == "float32"
