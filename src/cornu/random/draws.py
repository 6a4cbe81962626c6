"""The public draws. Equal seeds give the numbers that Keras draws on JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from cornu.core import dtypes
from cornu.core.random import draw_seed, keep_mask
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.settings import settings
from cornu.types import Array, DType, Shape, Tensor


def _dtype(dtype: DType) -> Any:
    return dtypes.held(settings.floatx if dtype is None else dtype)


def normal(
    shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DType = None, seed: Any = None
) -> Array:
    """Draws from a normal distribution.

    Args:
        shape: of the result.
        mean: of the distribution.
        stddev: standard deviation.
        dtype: a float dtype; default `floatx`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.
    """
    dtype = _dtype(dtype)
    drawn = jax.random.normal(draw_seed(seed), tuple(shape), dtype)
    return drawn * jnp.asarray(stddev, dtype) + jnp.asarray(mean, dtype)


def uniform(
    shape: Shape, minval: float = 0.0, maxval: float = 1.0, dtype: DType = None, seed: Any = None
) -> Array:
    """Draws from [minval, maxval), all values equally likely.

    Args:
        shape: of the result.
        minval: lower bound, included.
        maxval: upper bound, not included.
        dtype: a float or an integer dtype; default `floatx`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.
    """
    dtype = _dtype(dtype)
    if jnp.issubdtype(dtype, jnp.integer):
        return randint(shape, int(minval), int(maxval), dtype, seed)
    return jax.random.uniform(draw_seed(seed), tuple(shape), dtype, minval, maxval)


def truncated_normal(
    shape: Shape, mean: float = 0.0, stddev: float = 1.0, dtype: DType = None, seed: Any = None
) -> Array:
    """Draws from a normal distribution without what is over two standard deviations off.

    Args:
        shape: of the result.
        mean: of the untruncated distribution.
        stddev: standard deviation of the untruncated distribution.
        dtype: a float dtype; default `floatx`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.
    """
    dtype = _dtype(dtype)
    drawn = jax.random.truncated_normal(draw_seed(seed), -2.0, 2.0, tuple(shape), dtype)
    return drawn * jnp.asarray(stddev, dtype) + jnp.asarray(mean, dtype)


def randint(
    shape: Shape, minval: int, maxval: int, dtype: DType = "int32", seed: Any = None
) -> Array:
    """Draws integers from [minval, maxval), all equally likely.

    Args:
        shape: of the result.
        minval: lower bound, included.
        maxval: upper bound, not included.
        dtype: an integer dtype.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.

    Raises:
        ValueError: if `dtype` is not an integer dtype.
    """
    if not dtypes.is_int(dtype):
        raise ValueError(f"randint needs an integer dtype. Received: dtype={dtype!r}")
    return jax.random.randint(draw_seed(seed), tuple(shape), minval, maxval, dtypes.held(dtype))


@op("random")
def categorical(
    logits: Tensor, num_samples: int, dtype: DType = "int32", seed: Any = None
) -> Array:
    """Draws class indices by unnormalized log-probabilities.

    Args:
        logits: (batch, classes).
        num_samples: draws for each row.
        dtype: an integer dtype.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.

    Returns:
        (batch, num_samples).

    Raises:
        ValueError: if `logits` does not have two axes.
    """
    logits = as_float(logits)
    if logits.ndim != 2:
        raise ValueError(f"logits must be (batch, classes). Received shape {logits.shape}")
    shape = (logits.shape[0], num_samples)
    drawn = jax.random.categorical(draw_seed(seed), logits[..., None], axis=1, shape=shape)
    return drawn.astype(dtypes.held(dtype))


@op("random")
def dropout(
    inputs: Tensor, rate: float, noise_shape: Shape | None = None, seed: Any = None
) -> Array:
    """Sets elements to 0 at random and scales the others up, so that sums stay on average.

    Args:
        inputs: any shape.
        rate: probability of 0, in [0, 1).
        noise_shape: shape in which is drawn, 1 (or None: as in `inputs`) where elements share
            their fate; default: the shape of `inputs`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.

    Source: Srivastava et al., 2014.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be in [0, 1]. Received: rate={rate}")
    inputs = as_float(inputs)
    key = jnp.asarray(draw_seed(seed))
    if rate >= 1:
        return jnp.zeros_like(inputs)
    shape = inputs.shape
    if noise_shape is not None:
        shape = tuple(
            size if wanted is None else wanted
            for wanted, size in zip(noise_shape, inputs.shape, strict=True)
        )
    keep = jnp.broadcast_to(keep_mask(key, rate, shape), inputs.shape)
    return jnp.where(keep, inputs / (1 - rate), 0)


@op("random")
def shuffle(x: Tensor, axis: int = 0, seed: Any = None) -> Array:
    """The elements along `axis` in random order, each line in an order of its own.

    Keras does so on JAX: rows of a matrix do not stay together.

    Args:
        x: any shape.
        axis: elements change places along it.
        seed: an integer (the same order each time) or a SeedGenerator; None: the global one.
    """
    return jax.random.permutation(draw_seed(seed), as_array(x), axis, independent=True)


@op("random")
def gamma(shape: Shape, alpha: Tensor, dtype: DType = None, seed: Any = None) -> Array:
    """Draws from a gamma distribution of shape parameter `alpha` and scale 1.

    Args:
        shape: of the result.
        alpha: positive; broadcasts with `shape`.
        dtype: a float dtype; default `floatx`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.
    """
    dtype = _dtype(dtype)
    return jax.random.gamma(draw_seed(seed), as_array(alpha), tuple(shape), dtype)


@op("random")
def beta(shape: Shape, alpha: Tensor, beta: Tensor, dtype: DType = None, seed: Any = None) -> Array:
    """Draws from a beta distribution.

    Args:
        shape: of the result.
        alpha: first parameter, positive; broadcasts with `shape`.
        beta: second parameter, positive; broadcasts with `shape`.
        dtype: a float dtype; default `floatx`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.
    """
    dtype = _dtype(dtype)
    return jax.random.beta(draw_seed(seed), as_array(alpha), as_array(beta), tuple(shape), dtype)


@op("random")
def binomial(
    shape: Shape, counts: Tensor, probabilities: Tensor, dtype: DType = None, seed: Any = None
) -> Array:
    """Draws numbers of successes in `counts` independent trials.

    Args:
        shape: of the result.
        counts: number of trials; broadcasts with `shape`.
        probabilities: of success, in [0, 1]; broadcasts with `shape`.
        dtype: a float dtype; default `floatx`.
        seed: an integer (the same numbers each time) or a SeedGenerator; None: the global one.
    """
    dtype = _dtype(dtype)
    counts, probabilities = as_float(counts), as_float(probabilities)
    return jax.random.binomial(draw_seed(seed), counts, probabilities, tuple(shape), dtype)
