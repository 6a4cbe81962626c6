"""Quantiles, histograms, correlations, differences."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cornu.ops.declare import axes, op, unary
from cornu.ops.promotion import as_array, as_float, float_pair, same_floats
from cornu.types import Array, Axis, Tensor

corrcoef = unary("corrcoef", jnp.corrcoef, "Correlation coefficients of the rows.", floats=True)


@op("numpy")
def quantile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """The values below which the fractions `q` of the elements lie.

    Args:
        x: any shape.
        q: fractions in [0, 1]; its axes come first in the result.
        axis: axis or axes to take away; None means all.
        method: between two elements: "linear", "lower", "higher", "midpoint" or "nearest".
        keepdims: keeps the axes with size 1.
    """
    return jnp.quantile(as_float(x), as_float(q), axes(axis), method=method, keepdims=keepdims)


@op("numpy")
def nanquantile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """`quantile` of the elements that are not NaN."""
    return jnp.nanquantile(as_float(x), as_float(q), axes(axis), method=method, keepdims=keepdims)


@op("numpy")
def percentile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """`quantile` with `q` in percent."""
    return jnp.percentile(as_float(x), as_float(q), axes(axis), method=method, keepdims=keepdims)


@op("numpy")
def nanpercentile(
    x: Tensor, q: Tensor, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> Array:
    """`percentile` of the elements that are not NaN."""
    return jnp.nanpercentile(as_float(x), as_float(q), axes(axis), method=method, keepdims=keepdims)


@op("numpy")
def histogram(
    x: Tensor, bins: int = 10, range: tuple[float, float] | None = None
) -> tuple[Array, Array]:
    """How many elements fall into each of equally wide bins.

    Args:
        x: any shape.
        bins: number of bins, or their edges.
        range: where the bins begin and end; default: the extrema of `x`.

    Returns:
        (counts of shape (bins,), edges of shape (bins + 1,)).

    Raises:
        ValueError: for a range that is not (low, high).
    """
    if range is not None and (len(range) != 2 or range[1] < range[0]):
        raise ValueError(f"range must be (low, high). Received: range={range}")
    if isinstance(bins, int) and bins < 1:
        raise ValueError(f"bins must be positive. Received: bins={bins}")
    return jnp.histogram(as_array(x), bins=bins, range=range)


@op("numpy")
def bincount(x: Tensor, weights: Tensor = None, minlength: int = 0, sparse: bool = False) -> Array:
    """How often each of 0, 1, 2 ... occurs (not inside `jit`, unless `minlength` says enough).

    Args:
        x: non-negative integers, (n,) or (batch, n), of which each row is counted by itself.
        weights: shape of `x`; added up instead of ones.
        minlength: smallest size of the result.
        sparse: only False is supported.
    """
    if sparse:
        raise ValueError("only dense results are supported. Received: sparse=True")
    x = as_array(x).astype("int32")
    length = max(int(jnp.max(x, initial=-1)) + 1, minlength)
    weights = jnp.ones(x.shape, "int32") if weights is None else as_array(weights)
    if x.ndim == 1:
        return jnp.bincount(x, weights, length=length)
    pairs = zip(x, weights, strict=True)
    return jnp.stack([jnp.bincount(row, weight, length=length) for row, weight in pairs])


@op("numpy")
def correlate(x1: Tensor, x2: Tensor, mode: str = "valid") -> Array:
    """Cross-correlation of two vectors; `mode` is "valid", "same" or "full"."""
    return jnp.correlate(*float_pair(x1, x2), mode=mode)


@op("numpy")
def diff(a: Tensor, n: int = 1, axis: int = -1) -> Array:
    """Differences of neighbours along `axis`, taken `n` times."""
    return jnp.diff(as_array(a), n=n, axis=axis)


@op("numpy")
def trapezoid(y: Tensor, x: Tensor = None, dx: Any = 1.0, axis: int = -1) -> Array:
    """Integral along `axis` by the trapezoidal rule.

    Args:
        y: values.
        x: where they were taken; default: `dx` apart.
        dx: distance of neighbours.
        axis: what to integrate along.
    """
    if x is None:
        return jnp.trapezoid(as_float(y), dx=dx, axis=axis)
    y, x = same_floats(y, x)
    return jnp.trapezoid(y, x, axis=axis)
