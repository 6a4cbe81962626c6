"""Shapes, and moving, joining and picking elements."""

from __future__ import annotations

import builtins
import math
from typing import Any

from cornu import ops
from cornu.core.symbolic import KerasTensor


def shape(x: Any) -> tuple[int | None, ...]:
    """Sizes of `x`; None where a symbolic tensor does not know one."""
    return int_shape(x)


def int_shape(x: Any) -> tuple[int | None, ...]:
    """Sizes of `x`, as a tuple; None where a symbolic tensor does not know one."""
    return tuple(x.shape) if hasattr(x, "shape") else tuple(ops.shape(x))


def known_sizes(x: Any, first: int = 0, end: int | None = None) -> tuple[int, ...]:
    """Sizes of `x`, or of its axes from `first` to before `end`.

    Raises:
        ValueError: if one is unknown.
    """
    sizes = int_shape(x)[first:end]
    known = tuple(size for size in sizes if size is not None)
    if len(known) < len(sizes):
        raise ValueError(f"sizes must be known here. Received: {sizes} of {int_shape(x)}")
    return known


def ndim(x: Any) -> int:
    """Number of dimensions."""
    return len(int_shape(x))


def dtype(x: Any) -> str:
    """Name of the dtype."""
    return str(x.dtype)


def count_params(x: Any) -> int:
    """Number of elements."""
    return math.prod(size or 0 for size in int_shape(x))


def reshape(x: Any, shape: Any) -> Any:
    """`x` in another shape; one size may be -1 (or None)."""
    sizes = tuple(-1 if size is None else size for size in shape)
    return ops.reshape(x, sizes)


def permute_dimensions(x: Any, pattern: Any) -> Any:
    """Axes in the order of `pattern`, e.g. `(0, 2, 1)`."""
    return ops.transpose(x, tuple(pattern))


def transpose(x: Any) -> Any:
    """Axes in reverse order."""
    return ops.transpose(x)


def expand_dims(x: Any, axis: int = -1) -> Any:
    """One more axis of size 1."""
    return ops.expand_dims(x, axis)


def squeeze(x: Any, axis: int) -> Any:
    """Without the axis, whose size is 1."""
    return ops.squeeze(x, axis)


def flatten(x: Any) -> Any:
    """All elements in one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: Any) -> Any:
    """Shape (batch, everything else).

    Raises:
        ValueError: if the batch and another size are unknown.
    """
    batch, *sizes = int_shape(x)
    if None not in sizes:
        return ops.reshape(x, (batch or -1, math.prod(s for s in sizes if s is not None)))
    if batch is None:
        raise ValueError(f"batch_flatten needs all sizes but the batch's. Received: {int_shape(x)}")
    return ops.reshape(x, (batch, -1))


def repeat(x: Any, n: int) -> Any:
    """(batch, size) as (batch, n, size), each row n times."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x: Any, rep: int, axis: int) -> Any:
    """Each element `rep` times along `axis`."""
    return ops.repeat(x, rep, axis=axis)


def tile(x: Any, n: Any) -> Any:
    """The whole `n` times: one int, or one per axis."""
    return ops.tile(x, n if isinstance(n, int) else tuple(n))


def concatenate(tensors: Any, axis: int = -1) -> Any:
    """Tensors joined along `axis`."""
    return ops.concatenate(list(tensors), axis=axis)


def stack(x: Any, axis: int = 0) -> Any:
    """Tensors side by side on a new axis."""
    return ops.stack(list(x), axis=axis)


def reverse(x: Any, axes: Any) -> Any:
    """Backwards along `axes`, one int or several."""
    return ops.flip(x, axes if isinstance(axes, int) else tuple(axes))


def slice(x: Any, start: Any, size: Any) -> Any:
    """From `start`, `size` elements along each axis; a size of -1 goes to the end."""
    pairs = zip(start, size, strict=True)
    index = tuple(builtins.slice(s, None if n == -1 else s + n) for s, n in pairs)
    return x[index] if isinstance(x, KerasTensor) else ops.convert_to_tensor(x)[index]


def gather(reference: Any, indices: Any) -> Any:
    """Rows of `reference` at integer `indices`."""
    return ops.take(reference, ops.cast(indices, "int32"), axis=0)


def one_hot(indices: Any, num_classes: int) -> Any:
    """Integers as vectors that are 1 in one place; shape (..., num_classes)."""
    return ops.one_hot(indices, num_classes)
