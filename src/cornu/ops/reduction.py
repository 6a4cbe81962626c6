"""Sums, means, extrema: what takes axes away; with cumulative and NaN-skipping forms."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from cornu.core import dtypes
from cornu.ops.declare import axes, op, reduction
from cornu.ops.promotion import as_array, as_float, same_floats
from cornu.types import Array, Axis, DType, Tensor

all = reduction("all", lambda x, **kw: jnp.all(x.astype(bool), **kw), "Whether all are true.")
any = reduction("any", lambda x, **kw: jnp.any(x.astype(bool), **kw), "Whether one is true.")
amax = reduction("amax", jnp.max, "Largest element; same as `max`.")
amin = reduction("amin", jnp.min, "Smallest element; same as `min`.")
ptp = reduction("ptp", jnp.ptp, "Largest minus smallest element.")
sum = reduction("sum", jnp.sum, "Sum; small integers are added up as 32-bit ones.")
mean = reduction("mean", jnp.mean, "Arithmetic mean; of integers a float.", floats=True)
std = reduction("std", jnp.std, "Standard deviation, of the population.", floats=True)
var = reduction("var", jnp.var, "Variance, of the population.", floats=True)
median = reduction("median", jnp.median, "Middle element, or mean of the two.", floats=True)
logsumexp = reduction(
    "logsumexp", jax.scipy.special.logsumexp, "`log(sum(exp(x)))` without overflow.", floats=True
)

nanmax = reduction("nanmax", jnp.nanmax, "Largest element that is not NaN.")
nanmin = reduction("nanmin", jnp.nanmin, "Smallest element that is not NaN.")
nansum = reduction("nansum", jnp.nansum, "Sum of the elements that are not NaN.")
nanprod = reduction("nanprod", jnp.nanprod, "Product of the elements that are not NaN.")
nanmean = reduction("nanmean", jnp.nanmean, "Mean of the elements that are not NaN.", floats=True)
nanmedian = reduction("nanmedian", jnp.nanmedian, "Median of those that are not NaN.", floats=True)
nanstd = reduction("nanstd", jnp.nanstd, "Standard deviation, NaN left out.", floats=True)
nanvar = reduction("nanvar", jnp.nanvar, "Variance, NaN left out.", floats=True)


@op("numpy")
def max(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: float | None = None
) -> Array:
    """Largest element.

    Args:
        x: any shape.
        axis: axis or axes to take away; None means all.
        keepdims: keeps them with size 1.
        initial: the result is at least this; needed where `x` is empty.
    """
    x = as_array(x)
    return jnp.max(x, axis=axes(axis, x), keepdims=keepdims, initial=initial)


@op("numpy")
def min(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: float | None = None
) -> Array:
    """Smallest element.

    Args:
        x: any shape.
        axis: axis or axes to take away; None means all.
        keepdims: keeps them with size 1.
        initial: the result is at most this; needed where `x` is empty.
    """
    x = as_array(x)
    return jnp.min(x, axis=axes(axis, x), keepdims=keepdims, initial=initial)


@op("numpy")
def prod(x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: DType = None) -> Array:
    """Product of the elements.

    Args:
        x: any shape.
        axis: axis or axes to take away; None means all.
        keepdims: keeps them with size 1.
        dtype: dtype of the result; default: that of `x`, small integers become 32-bit ones.
    """
    x = as_array(x)
    return jnp.prod(x, axis=axes(axis, x), keepdims=keepdims, dtype=_held(dtype))


@op("numpy")
def count_nonzero(x: Tensor, axis: Axis = None) -> Array:
    """Number of elements that are not 0, as int32."""
    x = as_array(x)
    return jnp.count_nonzero(x, axis=axes(axis, x)).astype("int32")


@op("numpy")
def average(x: Tensor, axis: Axis = None, weights: Tensor = None) -> Array:
    """Weighted mean.

    Args:
        x: any shape.
        axis: axis or axes to take away; None means all.
        weights: shape of `x`, or one weight for each position along `axis`; default: all equal.
    """
    if weights is None:
        x = as_float(x)
    else:
        x, weights = same_floats(x, weights)
    return jnp.average(x, axis=axes(axis, x), weights=weights)


@op("numpy")
def cumsum(x: Tensor, axis: int | None = None, dtype: DType = None) -> Array:
    """Running sum along `axis` (None: of the flattened `x`)."""
    return jnp.cumsum(_countable(x), axis=axis, dtype=_held(dtype))


@op("numpy")
def cumprod(x: Tensor, axis: int | None = None, dtype: DType = None) -> Array:
    """Running product along `axis` (None: of the flattened `x`)."""
    return jnp.cumprod(_countable(x), axis=axis, dtype=_held(dtype))


@op("numpy")
def nancumsum(x: Tensor, axis: int | None = None, dtype: DType = None) -> Array:
    """Running sum along `axis`, NaN taken as 0."""
    return jnp.nancumsum(_countable(x), axis=axis, dtype=_held(dtype))


@op("numpy")
def nancumprod(x: Tensor, axis: int | None = None, dtype: DType = None) -> Array:
    """Running product along `axis`, NaN taken as 1."""
    return jnp.nancumprod(_countable(x), axis=axis, dtype=_held(dtype))


def _countable(x: Tensor) -> Array:
    x = as_array(x)
    return x.astype("int32") if x.dtype == jnp.bool_ else x


def _held(dtype: DType) -> Any:
    return None if dtype is None else dtypes.held(dtype)
