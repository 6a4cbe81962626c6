"""Tensors from nothing but a shape or a range."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cornu.core import dtypes
from cornu.ops.declare import op, unary
from cornu.ops.promotion import as_array
from cornu.settings import settings
from cornu.types import Array, DType, Shape, Tensor


def _dtype(dtype: DType) -> Any:
    return dtypes.held(settings.floatx if dtype is None else dtype)


def _shape(shape: Any) -> tuple[Any, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def zeros(shape: Shape, dtype: DType = None) -> Array:
    """All 0, of `shape` and `dtype` (default `floatx`)."""
    return jnp.zeros(_shape(shape), _dtype(dtype))


def ones(shape: Shape, dtype: DType = None) -> Array:
    """All 1, of `shape` and `dtype` (default `floatx`)."""
    return jnp.ones(_shape(shape), _dtype(dtype))


def empty(shape: Shape, dtype: DType = None) -> Array:
    """Of `shape` and `dtype` (default `floatx`), with values to be overwritten (they are 0)."""
    return jnp.zeros(_shape(shape), _dtype(dtype))


@op("numpy")
def full(shape: Shape, fill_value: Tensor, dtype: DType = None) -> Array:
    """All `fill_value`, of `shape` and `dtype` (default `floatx`)."""
    return jnp.full(_shape(shape), as_array(fill_value), _dtype(dtype))


@op("numpy")
def zeros_like(x: Tensor, dtype: DType = None) -> Array:
    """All 0, of the shape and (by default) dtype of `x`."""
    return jnp.zeros_like(as_array(x), dtype=None if dtype is None else dtypes.held(dtype))


@op("numpy")
def ones_like(x: Tensor, dtype: DType = None) -> Array:
    """All 1, of the shape and (by default) dtype of `x`."""
    return jnp.ones_like(as_array(x), dtype=None if dtype is None else dtypes.held(dtype))


@op("numpy")
def empty_like(x: Tensor, dtype: DType = None) -> Array:
    """Of the shape and (by default) dtype of `x`, with values to be overwritten (they are 0)."""
    return jnp.zeros_like(as_array(x), dtype=None if dtype is None else dtypes.held(dtype))


@op("numpy")
def full_like(x: Tensor, fill_value: Tensor, dtype: DType = None) -> Array:
    """All `fill_value`, of the shape and (by default) dtype of `x`."""
    held = None if dtype is None else dtypes.held(dtype)
    return jnp.full_like(as_array(x), as_array(fill_value), dtype=held)


@op("numpy")
def arange(start: Any, stop: Any = None, step: Any = None, dtype: DType = None) -> Array:
    """Evenly spaced values in [start, stop).

    Args:
        start: first value; with `stop` left out it is the end, and 0 the start.
        stop: end, not included.
        step: distance of neighbours; default 1.
        dtype: default: int32 where all are integers, else `floatx`.
    """
    given = [value for value in (start, stop, step) if value is not None]
    if dtype is None:
        types = [jnp.result_type(getattr(value, "dtype", type(value))) for value in given]
        floats = any(jnp.issubdtype(t, jnp.floating) for t in types)
        arrays = [value.dtype for value in given if hasattr(value, "dtype")]
        scalars = settings.floatx if floats else "int32"
        dtype = jnp.result_type(*arrays, *types) if arrays else scalars
    if stop is None:
        start, stop = 0, start
    return jnp.arange(start, stop, step, dtype=dtypes.held(dtype))


@op("numpy")
def linspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: DType = None,
    axis: int = 0,
) -> Any:
    """`num` evenly spaced values from `start` to `stop`.

    Args:
        start: first value(s).
        stop: last value(s).
        num: how many.
        endpoint: whether `stop` is one of them.
        retstep: also gives the distance of neighbours.
        dtype: default: float.
        axis: where the new axis stands if `start` or `stop` have axes.
    """
    return jnp.linspace(
        _bound(start), _bound(stop), num, endpoint, retstep, _range_dtype(dtype, start, stop), axis
    )


@op("numpy")
def logspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: DType = None,
    axis: int = 0,
) -> Array:
    """`num` values evenly spaced in the exponent, from `base**start` to `base**stop`.

    Args:
        start: first exponent(s).
        stop: last exponent(s).
        num: how many.
        endpoint: whether `base**stop` is one of them.
        base: of the powers.
        dtype: default: float.
        axis: where the new axis stands if `start` or `stop` have axes.
    """
    held = _range_dtype(dtype, start, stop)
    return jnp.logspace(_bound(start), _bound(stop), num, endpoint, base, held, axis)


@op("numpy")
def geomspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    dtype: DType = None,
    axis: int = 0,
) -> Array:
    """`num` values with a constant ratio of neighbours, from `start` to `stop`.

    Args:
        start: first value(s).
        stop: last value(s).
        num: how many.
        endpoint: whether `stop` is one of them.
        dtype: default: float.
        axis: where the new axis stands if `start` or `stop` have axes.
    """
    held = _range_dtype(dtype, start, stop)
    return jnp.geomspace(_bound(start), _bound(stop), num, endpoint, held, axis)


def _bound(x: Tensor) -> Any:
    return as_array(x) if isinstance(x, list | tuple) else x


def _range_dtype(dtype: DType, *bounds: Any) -> Any:
    if dtype is not None:
        return dtypes.held(dtype)
    known = [b.dtype for b in bounds if hasattr(b, "dtype")]
    found = jnp.result_type(*known, float) if known else jnp.dtype(settings.floatx)
    return found if jnp.issubdtype(found, jnp.inexact) else dtypes.held(settings.floatx)


def eye(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> Array:
    """(N, M) with 1 on the k-th diagonal and 0 elsewhere; M defaults to N."""
    return jnp.eye(N, M, k=k, dtype=_dtype(dtype))


def identity(n: int, dtype: DType = None) -> Array:
    """The (n, n) identity matrix."""
    return jnp.identity(n, dtype=_dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: DType = None) -> Array:
    """(N, M) with 1 at and below the k-th diagonal and 0 above."""
    return jnp.tri(N, M, k=k, dtype=_dtype(dtype))


@op("numpy")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Array:
    """Vandermonde matrix: row i holds the powers of `x[i]`.

    Args:
        x: (n,).
        N: number of columns; default n.
        increasing: whether the powers grow to the right.
    """
    return jnp.vander(as_array(x), N=N, increasing=increasing)


def _window(function: Any) -> Any:
    return lambda x: function(int(x)).astype(settings.floatx)


bartlett = unary("bartlett", _window(jnp.bartlett), "Bartlett (triangle) window of `x` points.")
blackman = unary("blackman", _window(jnp.blackman), "Blackman window of `x` points.")
hamming = unary("hamming", _window(jnp.hamming), "Hamming window of `x` points.")
hanning = unary("hanning", _window(jnp.hanning), "Hann window of `x` points.")


@op("numpy")
def kaiser(x: Any, beta: float) -> Array:
    """Kaiser window of `x` points with shape parameter `beta`."""
    return jnp.kaiser(int(x), beta).astype(settings.floatx)
