"""Picking elements by position or condition, and writing to positions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from cornu.core.variable import Variable
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, pair, several
from cornu.types import Array, Shape, Tensor


@op("numpy")
def get_item(x: Tensor, key: Any) -> Array:
    """`x[key]`, with the keys of NumPy; square brackets of symbolic tensors call it, too."""
    return as_array(x)[_key(key)]


def _key(key: Any) -> Any:
    if isinstance(key, tuple):
        return tuple(_key(part) for part in key)
    if isinstance(key, Variable):
        return key.value
    return jnp.asarray(key) if isinstance(key, list) else key


@op("numpy")
def take(x: Tensor, indices: Tensor, axis: int | None = None) -> Array:
    """The slices at `indices` along `axis`.

    Args:
        x: any shape.
        indices: integers, any shape, which takes the place of `axis`; negative ones count from the
            end. Out of range gives NaN (floats) or the lowest number.
        axis: None flattens `x` first.
    """
    return jnp.take(as_array(x), as_array(indices), axis=axis)


@op("numpy")
def take_along_axis(x: Tensor, indices: Tensor, axis: int | None = None) -> Array:
    """For each position, the element of `x` that `indices` names along `axis`.

    Args:
        x: any shape.
        indices: integers that broadcast with `x` but along `axis`.
        axis: None flattens `x` first.
    """
    return jnp.take_along_axis(as_array(x), as_array(indices), axis=axis)


@op("numpy")
def where(condition: Tensor, x1: Tensor = None, x2: Tensor = None) -> Any:
    """`x1` where the condition holds, else `x2`; all three broadcast.

    With the condition alone: the indices at which it holds, one array an axis (not inside `jit`).

    Raises:
        ValueError: if only one of `x1` and `x2` is given.
    """
    condition = as_array(condition).astype(bool)
    if x1 is None and x2 is None:
        return jnp.where(condition)
    if x1 is None or x2 is None:
        raise ValueError("`x1` and `x2` must be given together, or neither")
    return jnp.where(condition, *pair(x1, x2))


@op("numpy")
def nonzero(x: Tensor) -> tuple[Array, ...]:
    """Indices of the elements that are not 0, one array an axis (not inside `jit`)."""
    return jnp.nonzero(as_array(x))


@op("numpy")
def select(condlist: Tensor, choicelist: Tensor, default: Any = 0) -> Array:
    """For each position the choice whose condition is the first to hold.

    Args:
        condlist: list of boolean tensors.
        choicelist: as many tensors to choose from.
        default: taken where no condition holds.
    """
    conditions = [as_array(condition).astype(bool) for condition in condlist]
    *choices, default = several([*choicelist, default])
    return jnp.select(conditions, choices, default)


@op("numpy")
def unravel_index(indices: Tensor, shape: Shape) -> tuple[Array, ...]:
    """Indices into the flattened tensor, as indices into one of `shape`; one array an axis."""
    return jnp.unravel_index(as_array(indices), tuple(shape))


@op("core")
def slice(inputs: Tensor, start_indices: Tensor, shape: Shape) -> Array:
    """The block of `shape` that starts at `start_indices`.

    Args:
        inputs: any shape.
        start_indices: one index for each axis; may be computed.
        shape: size of the block along each axis.
    """
    return lax.dynamic_slice(as_array(inputs), _starts(start_indices), tuple(shape))


@op("core")
def slice_update(inputs: Tensor, start_indices: Tensor, updates: Tensor) -> Array:
    """`inputs` with the block at `start_indices` replaced by `updates`."""
    inputs = as_array(inputs)
    updates = as_array(updates).astype(inputs.dtype)
    return lax.dynamic_update_slice(inputs, updates, _starts(start_indices))


def _starts(start_indices: Any) -> list[Any]:
    return [as_array(index) for index in start_indices]


@op("core")
def scatter(indices: Tensor, values: Tensor, shape: Shape) -> Array:
    """Zeros of `shape` to which `values` are added at `indices`.

    Args:
        indices: integers of shape (..., K), K <= number of axes.
        values: (..., *shape[K:]); where an index occurs twice, values add up.
        shape: shape of the result.
    """
    values = as_array(values)
    return jnp.zeros(tuple(shape), values.dtype).at[_positions(indices)].add(values)


@op("core")
def scatter_update(
    inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None
) -> Array:
    """`inputs` changed at `indices`.

    Args:
        inputs: any shape.
        indices: integers of shape (N, K), K <= number of axes.
        updates: (N, *inputs.shape[K:]).
        reduction: how an update meets what is there: None (replaces it), "add", "max", "min",
            "mul".

    Raises:
        ValueError: for another `reduction`.
    """
    inputs = as_array(inputs)
    if reduction not in _UPDATES:
        raise ValueError(f"reduction must be one of {list(_UPDATES)}. Received: {reduction!r}")
    place = inputs.at[_positions(indices)]
    return getattr(place, _UPDATES[reduction])(as_array(updates).astype(inputs.dtype))


_UPDATES = {None: "set", "add": "add", "max": "max", "min": "min", "mul": "multiply"}


def _positions(indices: Tensor) -> tuple[Array, ...]:
    return tuple(jnp.moveaxis(as_array(indices), -1, 0))


@op("numpy")
def diagonal(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal of two axes, as the last axis.

    Args:
        x: two axes or more.
        offset: how far above the main diagonal.
        axis1: rows.
        axis2: columns.
    """
    return jnp.diagonal(as_array(x), offset=offset, axis1=axis1, axis2=axis2)


@op("numpy")
def diag(x: Tensor, k: int = 0) -> Array:
    """The k-th diagonal of a matrix, or the matrix with a vector on its k-th diagonal."""
    return jnp.diag(as_array(x), k=k)


@op("numpy")
def diagflat(x: Tensor, k: int = 0) -> Array:
    """The matrix with the flattened `x` on its k-th diagonal."""
    return jnp.diagflat(as_array(x), k=k)


@op("numpy")
def tril(x: Tensor, k: int = 0) -> Array:
    """0 above the k-th diagonal of the last two axes."""
    return jnp.tril(as_array(x), k=k)


@op("numpy")
def triu(x: Tensor, k: int = 0) -> Array:
    """0 below the k-th diagonal of the last two axes."""
    return jnp.triu(as_array(x), k=k)
