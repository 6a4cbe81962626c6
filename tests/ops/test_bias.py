"""The bias along the last axis: values and gradients against plain broadcasting."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu.ops.bias import add_bias


@pytest.mark.parametrize("shape", [(3, 4), (2, 300, 4), (1, 17, 19, 5), (96, 11, 1000)])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_value_and_gradient(rng, shape, dtype):
    x = jnp.asarray(rng.integers(-3, 4, shape), dtype)
    bias = jnp.asarray(rng.integers(-3, 4, shape[-1]), dtype)
    np.testing.assert_array_equal(add_bias(x, bias), x + bias)
    gradient = jax.jit(jax.grad(lambda b: jnp.sum(x * add_bias(x, b))))(bias)
    expected = np.asarray(x, "float64").reshape(-1, shape[-1]).sum(0)
    assert gradient.dtype == dtype
    np.testing.assert_allclose(np.asarray(gradient, "float64"), expected, rtol=1e-2)


def test_forward_mode_second_order_and_mapping(rng):
    x = jnp.asarray(rng.normal(size=(300, 3)), "float32")
    biases = jnp.asarray(rng.normal(size=(2, 3)), "float32")

    def loss(bias, add=add_bias):
        return jnp.sum(add(x, bias) ** 3)

    for transform in (jax.grad, jax.jacfwd, jax.hessian):
        expected = jax.vmap(transform(lambda b: loss(b, jnp.add)))(biases)
        np.testing.assert_allclose(jax.vmap(transform(loss))(biases), expected, rtol=1e-4)
