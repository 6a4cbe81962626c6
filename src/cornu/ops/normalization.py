"""Means and variances, and scaling by them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from cornu.core import multilinear
from cornu.ops.bias import spread_over_rows
from cornu.ops.declare import axes, op
from cornu.ops.promotion import as_array, as_float
from cornu.settings import settings
from cornu.types import Array, Axis, Tensor


@op("nn")
def moments(
    x: Tensor, axes: int | Sequence[int], keepdims: bool = False, synchronized: bool = False
) -> tuple[Array, Array]:
    """Mean and variance over `axes`, in one pass; 16-bit floats are computed in float32.

    Args:
        x: any shape.
        axes: what to average over.
        keepdims: keeps those axes with size 1.
        synchronized: accepted; arrays that are split over devices are always averaged as a whole.

    Returns:
        (mean, variance), of the population.
    """
    del synchronized
    x = as_float(x)
    over = tuple(i % x.ndim for i in ((axes,) if isinstance(axes, int) else axes))
    wide, dtype = _wide(x)
    mean, variance = _moments(wide, over)
    if not keepdims:
        mean, variance = jnp.squeeze(mean, over), jnp.squeeze(variance, over)
    if wide.dtype != dtype:
        info = jnp.finfo(dtype)
        mean, variance = (
            jnp.clip(moment, float(info.min), float(info.max)).astype(dtype)
            for moment in (mean, variance)
        )
    return mean, variance


def _moments(x: Array, over: tuple[int, ...]) -> tuple[Array, Array]:
    """Mean and variance in one pass over `x`; the axes of `over` (from 0 on) keep size 1.

    Both are sums of distances from one of the values. That is exact where the mean is far from 0,
    for a value is as far from the mean as the deviation, give or take. The worst case is a value
    far from all of the `n` others: rounding then counts n times in the variance.

    Both are the same from whichever value distances are taken, so that counts as a constant; all
    derivatives hold, and the first needs no further sum over `x`.

    Source: Chan, Golub & LeVeque, "Algorithms for computing the sample variance", 1983.
    """
    origin = lax.stop_gradient(_middle(x, over))
    distance = x - origin
    offset = jnp.mean(distance, over, keepdims=True)
    variance = jnp.mean(jnp.square(distance), over, keepdims=True) - jnp.square(offset)
    return origin + offset, jnp.where(variance < 0, 0, variance)


def _middle(x: Array, over: tuple[int, ...]) -> Array:
    """The value in the middle of the axes of `over`, which keep size 1."""
    if 0 in x.shape:
        return jnp.zeros([1 if i in over else size for i, size in enumerate(x.shape)], x.dtype)
    first = [size // 2 if i in over else 0 for i, size in enumerate(x.shape)]
    end = [first[i] + 1 if i in over else size for i, size in enumerate(x.shape)]
    return lax.slice(x, first, end)


@op("nn")
def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    axis: int,
    offset: Tensor = None,
    scale: Tensor = None,
    epsilon: float = 1e-3,
) -> Array:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`.

    Args:
        x: any shape.
        mean: (n,), n the size of `axis`.
        variance: (n,).
        axis: the axis that keeps its statistics apart.
        offset: (n,); default 0.
        scale: (n,); default 1.
        epsilon: keeps the root away from 0.

    Source: Ioffe & Szegedy, 2015.
    """
    x, shape = as_float(x), [1] * len(as_array(x).shape)
    shape[axis] = as_array(mean).shape[0]
    mean = jnp.reshape(as_array(mean), shape)
    factor = lax.rsqrt(jnp.reshape(as_array(variance), shape) + epsilon)
    if scale is not None:
        factor = factor * jnp.reshape(as_array(scale), shape)
    if x.dtype.itemsize >= factor.dtype.itemsize:
        # Where the mean is much larger than the deviation, its digits are taken off first. As a
        # constant: its gradient then comes from `shift` alone, by one sum instead of two.
        center = lax.stop_gradient(mean)
        x, mean = x - center, mean - center
    shift = -mean * factor
    if offset is not None:
        shift = shift + jnp.reshape(as_array(offset), shape)
    return x * factor + shift


@op("nn")
def normalize(x: Tensor, axis: Any = -1, order: float = 2, epsilon: float | None = None) -> Array:
    """`x` divided by its norm along `axis`.

    Args:
        x: any shape.
        axis: axis or axes of the vectors.
        order: of the norm, a positive number.
        epsilon: smallest norm divided by; default: the process's epsilon.

    Raises:
        ValueError: if `order` is not a positive number.
    """
    if isinstance(order, bool) or not isinstance(order, int | float) or order < 1:
        raise ValueError(f"order must be a number of at least 1. Received: order={order!r}")
    x, axis = as_float(x), axes(axis)
    epsilon = settings.epsilon if epsilon is None else epsilon
    if order == 2:
        # A square root of 0 has no gradient; limiting the square first keeps it finite.
        squares = jnp.sum(jnp.square(x), axis=axis, keepdims=True)
        return x * lax.rsqrt(jnp.maximum(squares, epsilon**2))
    norm = jnp.linalg.norm(x, ord=order, axis=axis, keepdims=True)
    return x / jnp.maximum(norm, epsilon)


@op("nn")
def layer_normalization(
    x: Tensor,
    gamma: Tensor = None,
    beta: Tensor = None,
    axis: Axis = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Array:
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, with the moments of `axis`.

    Args:
        x: any shape.
        gamma: sizes of `axis`; default 1.
        beta: sizes of `axis`; default 0.
        axis: one or several axes of which each vector is normalized.
        epsilon: keeps the root away from 0; default: the process's epsilon.
        **kwargs: `rms_scaling=True`, the former way to ask for `rms_normalization`.

    Source: Ba et al., "Layer normalization", 2016.
    """
    if kwargs.pop("rms_scaling", False):
        return rms_normalization(x, gamma, axis, epsilon)
    if kwargs:
        raise TypeError(f"layer_normalization got an unexpected keyword argument {list(kwargs)}")
    x = as_float(x)
    over, sizes = _last(x, axis)
    shape = x.shape
    if over == (x.ndim - 1,):
        # As a matrix. Else the layout in which XLA:GPU adds embeddings of positions to a batch, the
        # batch innermost, goes on from layer to layer, and is turned over for each product.
        x, over = x.reshape(math.prod(shape[:-1]), shape[-1]), (1,)
        sizes = x.shape
    wide, narrow = _wide(x)
    mean = jnp.mean(wide, over, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), over, keepdims=True)
    factor = lax.rsqrt(variance + (settings.epsilon if epsilon is None else epsilon))
    result = (wide - _stored.bind(mean)) * _stored.bind(factor)

    def broad(parameter: Tensor) -> Array:
        parameter = as_array(parameter).astype(wide.dtype)
        if over == (x.ndim - 1,):
            return spread_over_rows(jnp.reshape(parameter, (-1,)), x.shape)
        return jnp.reshape(parameter, sizes)

    if gamma is not None:
        result = result * broad(gamma)
    if beta is not None:
        result = result + broad(beta)
    return result.astype(narrow).reshape(shape)


@op("nn")
def rms_normalization(
    x: Tensor, scale: Tensor = None, axis: Axis = -1, epsilon: float | None = None
) -> Array:
    """`x / sqrt(mean(x**2) + epsilon) * scale`, with the mean over `axis`.

    Args:
        x: any shape.
        scale: sizes of `axis`; default 1.
        axis: one or several axes of which each vector is normalized.
        epsilon: keeps the root away from 0; default: the process's epsilon.

    Source: Zhang & Sennrich, "Root mean square layer normalization", 2019.
    """
    x = as_float(x)
    over, shape = _last(x, axis)
    wide, narrow = _wide(x)
    squares = jnp.mean(jnp.square(wide), over, keepdims=True)
    result = wide * lax.rsqrt(squares + (settings.epsilon if epsilon is None else epsilon))
    if scale is not None:
        result = result * jnp.reshape(as_array(scale).astype(wide.dtype), shape)
    return result.astype(narrow)


def _wide(x: Array) -> tuple[Array, Any]:
    """`x` in at least float32, and its own dtype."""
    return x.astype(jnp.promote_types(x.dtype, "float32")), x.dtype


def _last(x: Array, axis: Axis) -> tuple[tuple[int, ...], list[int]]:
    """The axes counted from 0, and the shape in which their parameters broadcast."""
    listed = [axis] if isinstance(axis, int) else list(axis or range(x.ndim))
    over = tuple(sorted(one % x.ndim for one in listed))
    return over, [size if i in over else 1 for i, size in enumerate(x.shape)]


# On GPUs the moments of rows are written to memory. XLA would rather sum each row again wherever
# they are needed, and such kernels cannot sum over the rows, as the gradient of `gamma` does.
_stored = multilinear.primitive("stored", lambda x: x, on_gpu=lax.optimization_barrier)
multilinear.differentiate(_stored, lambda change: change)
