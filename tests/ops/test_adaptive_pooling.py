"""Adaptive pooling: against loops over the bins, and what a bin must not see of the others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import ops

SHAPES = [
    ((2, 7, 3), 3, "channels_last"),
    ((2, 3, 4), 6, "channels_first"),
    ((2, 6, 5, 2), (3, 5), "channels_last"),
    ((1, 2, 5, 9), (4, 1), "channels_first"),
    ((1, 3, 4, 5, 2), (2, 4, 7), "channels_last"),
]


def looped(x, output_size, data_format, reduce):
    """Each bin by itself, with NumPy."""
    x = np.asarray(x, "float64")
    first = 2 if data_format == "channels_first" else 1
    rank = x.ndim - 2
    sizes = (output_size,) * rank if isinstance(output_size, int) else output_size
    shape = list(x.shape)
    shape[first : first + rank] = sizes
    found = np.zeros(shape)
    for place in np.ndindex(*sizes):
        bins = [
            slice(i * length // n, -(-(i + 1) * length // n))
            for i, n, length in zip(place, sizes, x.shape[first:], strict=False)
        ]
        before = (slice(None),) * first
        over = tuple(range(first, first + rank))
        found[(*before, *place)] = reduce(x[(*before, *bins)], axis=over)
    return found


@pytest.mark.parametrize(("shape", "size", "data_format"), SHAPES)
def test_equal_to_loops_over_bins(rng, shape, size, data_format):
    x = jnp.asarray(rng.normal(size=shape), "float32")
    means = ops.adaptive_average_pool(x, size, data_format)
    np.testing.assert_allclose(means, looped(x, size, data_format, np.mean), rtol=1e-5, atol=1e-6)
    maxima = ops.adaptive_max_pool(x, size, data_format)
    np.testing.assert_array_equal(maxima, looped(x, size, data_format, np.max))


@pytest.mark.parametrize("op", [ops.adaptive_average_pool, ops.adaptive_max_pool])
@pytest.mark.parametrize("size", [2, 3, 9])
def test_gradients_are_those_of_finite_differences(rng, op, size):
    # Steps smaller than the gaps between elements, so that maxima stay where they are.
    x = rng.permutation(7).reshape(1, 7, 1) / 4
    weights = rng.normal(size=(1, size, 1))

    def loss(x):
        return jnp.sum(weights * op(x, size, "channels_last"))

    step = 1 / 16
    numeric = [
        (loss((x + step * unit).astype("float32")) - loss((x - step * unit).astype("float32")))
        / (2 * step)
        for unit in np.eye(7).reshape(7, 1, 7, 1)
    ]
    gradient = jax.grad(loss)(jnp.asarray(x, "float32"))
    np.testing.assert_allclose(gradient.ravel(), numeric, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_stays_in_its_bins(bad, size):
    x = np.ones((1, 6, 1), "float32")
    x[0, 5] = bad
    for op in (ops.adaptive_average_pool, ops.adaptive_max_pool):
        pooled = np.asarray(op(x, size)).ravel()
        np.testing.assert_array_equal(pooled[:-1], 1)
        np.testing.assert_array_equal(pooled[-1], bad)


def test_means_of_halves_are_rounded_once():
    x = jnp.asarray(np.random.default_rng(1).uniform(1, 2, (1, 999, 1)), "bfloat16")
    exact = looped(x, 7, "channels_last", np.mean)
    np.testing.assert_array_equal(ops.adaptive_average_pool(x, 7), jnp.asarray(exact, jnp.bfloat16))


@pytest.mark.parametrize(
    ("shape", "size", "says"),
    [
        ((2, 0, 3), 2, "spatial axis is empty"),
        ((2, 4, 4, 3), (2,), "each spatial axis"),
        ((2, 4, 3), -1, "positive"),
        ((2, 4), 1, "each spatial axis"),
    ],
)
def test_errors(shape, size, says):
    with pytest.raises(ValueError, match=says):
        ops.adaptive_max_pool(np.ones(shape, "float32"), size)


def test_a_misspelt_data_format_is_an_error():
    with pytest.raises(ValueError, match="data_format='channels_fist'"):
        ops.adaptive_average_pool(np.ones((2, 4, 3), "float32"), 2, "channels_fist")
