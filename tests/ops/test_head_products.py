"""The products of attention's heads: values, gradients and their gradients against einsum."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu.ops import head_products


def _by_einsum(queries, keys, values):
    weights = jnp.tanh(jnp.einsum("bthd,bshd->bhts", queries, keys))
    return jnp.einsum("bhts,bshe->bthe", weights, values)


def _by_products(queries, keys, values):
    return head_products.mix(jnp.tanh(head_products.match(queries, keys)), values)


@pytest.fixture
def arrays(rng):
    shapes = ((2, 5, 3, 4), (2, 6, 3, 4), (2, 6, 3, 7))
    return [jnp.asarray(rng.normal(size=shape), "float32") for shape in shapes]


def test_values_and_gradients(arrays):
    found, expected = (
        jax.jit(jax.value_and_grad(lambda *a, f=f: jnp.sum(jnp.sin(f(*a))), (0, 1, 2)))(*arrays)
        for f in (_by_products, _by_einsum)
    )
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


def test_forward_mode_second_order_and_mapping(arrays):
    many = [jnp.stack([a, 2 * a]) for a in arrays]

    def scores(transform, function):
        loss = lambda *a: jnp.sum(jnp.sin(function(*a)))  # noqa: E731
        return jax.vmap(transform(loss, (0, 1, 2)))(*many)

    def directional(loss, numbers):
        slope = jax.grad(loss, numbers)
        return lambda *a: jax.jvp(slope, a, tuple(jnp.cos(x) for x in a))[1]

    for transform in (jax.jacfwd, directional):
        found, expected = (scores(transform, f) for f in (_by_products, _by_einsum))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_scores_are_wide(rng, dtype):
    queries, keys = (jnp.asarray(rng.normal(size=(1, 4, 2, 8)), dtype) for _ in range(2))
    found = head_products.match(queries, keys, jnp.float32)
    assert found.dtype == "float32"
    expected = jnp.einsum("bthd,bshd->bhts", queries, keys, preferred_element_type="float32")
    np.testing.assert_array_equal(found, expected)
    assert head_products.match(queries, keys).dtype == dtype
    assert head_products.mix(found, keys).dtype == "float32"
    assert head_products.mix(found.astype(dtype), keys).dtype == dtype
