"""Order: extrema's positions, sorting, searching, distinct values."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor


@op("numpy")
def argmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Array:
    """Position of the largest element, the first of equals, as int32.

    Args:
        x: any shape.
        axis: None counts positions in the flattened tensor.
        keepdims: keeps the axis with size 1.
    """
    return jnp.argmax(as_array(x), axis=axis, keepdims=keepdims).astype("int32")


@op("numpy")
def argmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Array:
    """Position of the smallest element, the first of equals, as int32.

    Args:
        x: any shape.
        axis: None counts positions in the flattened tensor.
        keepdims: keeps the axis with size 1.
    """
    return jnp.argmin(as_array(x), axis=axis, keepdims=keepdims).astype("int32")


@op("numpy")
def nanargmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Array:
    """Position of the largest element that is not NaN; -1 where all are."""
    return jnp.nanargmax(as_array(x), axis=axis, keepdims=keepdims).astype("int32")


@op("numpy")
def nanargmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Array:
    """Position of the smallest element that is not NaN; -1 where all are."""
    return jnp.nanargmin(as_array(x), axis=axis, keepdims=keepdims).astype("int32")


@op("numpy")
def sort(x: Tensor, axis: int | None = -1) -> Array:
    """In ascending order along `axis`."""
    return jnp.sort(as_array(x), axis=axis)


@op("numpy")
def argsort(x: Tensor, axis: int | None = -1) -> Array:
    """Positions that sort `x` along `axis` (None: flattened), as int32."""
    x = as_array(x)
    return jnp.argsort(x.ravel() if axis is None else x, axis=-1 if axis is None else axis)


@op("numpy")
def argpartition(x: Tensor, kth: int, axis: int = -1) -> Array:
    """Positions such that the first `kth` are of the smallest elements, in any order."""
    return jnp.argpartition(as_array(x), kth, axis=axis).astype("int32")


@op("math")
def top_k(x: Tensor, k: int, sorted: bool = True) -> tuple[Array, Array]:
    """The k largest elements along the last axis.

    Args:
        x: (..., n).
        k: how many.
        sorted: accepted; the result is always in descending order.

    Returns:
        (values, positions as int32), each (..., k).
    """
    del sorted
    values, positions = lax.top_k(as_array(x), k)
    return values, positions


@op("math")
def in_top_k(targets: Tensor, predictions: Tensor, k: int) -> Array:
    """Whether each row's target is among its k largest predictions; equals count as among.

    Args:
        targets: class indices, (batch,).
        predictions: (batch, classes).
        k: how many.
    """
    predictions = as_array(predictions)
    targets = as_array(targets).astype("int32")[..., None]
    wanted = jnp.take_along_axis(predictions, targets, axis=-1)
    return jnp.any(wanted >= lax.top_k(predictions, k)[0], axis=-1)


@op("numpy")
def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str = "left") -> Array:
    """Where `values` would have to stand for the sequence to stay in order.

    Args:
        sorted_sequence: ascending, (n,).
        values: any shape.
        side: "left" (before equals) or "right" (after them).

    Raises:
        ValueError: if the sequence has more than one axis.
    """
    sequence = as_array(sorted_sequence)
    if sequence.ndim != 1:
        raise ValueError(f"sorted_sequence must have one axis. Received shape {sequence.shape}")
    return jnp.searchsorted(sequence, as_array(values), side=side).astype("int32")


@op("numpy")
def digitize(x: Tensor, bins: Tensor) -> Array:
    """For each element the number of the bin it falls in: `bins[i-1] <= x < bins[i]`."""
    return jnp.digitize(as_array(x), as_array(bins)).astype("int32")


@op("numpy")
def unique(
    x: Tensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The distinct values of `x`.

    Args:
        x: any shape.
        sorted: accepted; the result is always in ascending order.
        return_index: also gives the first position of each value.
        return_inverse: also gives, for each element, the number of its value.
        return_counts: also gives how often each occurs.
        axis: compares whole slices along it; None flattens.
        size: number of values in the result, needed inside `jit`; fewer are filled up.
        fill_value: what fills up; default: the smallest value.

    Returns:
        The values, or a tuple with what else was asked for.
    """
    del sorted
    return jnp.unique(
        as_array(x),
        return_index=return_index,
        return_inverse=return_inverse,
        return_counts=return_counts,
        axis=axis,
        size=size,
        fill_value=fill_value,
    )
