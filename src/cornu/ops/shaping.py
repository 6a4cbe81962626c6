"""What changes the shape, order or extent of a tensor but computes no new numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from cornu.core.scope import current
from cornu.core.symbolic import KerasTensor
from cornu.ops.declare import axes, op
from cornu.ops.promotion import as_array
from cornu.types import Array, Axis, Shape, Tensor


@op("numpy")
def reshape(x: Tensor, newshape: Any) -> Array:
    """The same elements in another shape.

    Args:
        x: any shape.
        newshape: sizes; one may be -1 (or None) and is worked out.

    Raises:
        ValueError: if the number of elements differs.
    """
    x = as_array(x)
    sizes = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    sizes = tuple(-1 if size is None else size for size in sizes)
    known = [size for size in sizes if size != -1]
    if all(isinstance(size, int) for size in sizes) and not _fits(x.size, known, len(sizes)):
        raise ValueError(
            f"cannot reshape a tensor of shape {x.shape} ({x.size} elements) into {sizes}; "
            "one size may be -1"
        )
    return jnp.reshape(x, sizes)


def _fits(count: int, known: list[int], total: int) -> bool:
    product = math.prod(known)
    if len(known) == total:
        return product == count
    return len(known) == total - 1 and (count % product == 0 if product else count == 0)


@op("numpy")
def ravel(x: Tensor) -> Array:
    """All elements as one axis."""
    return jnp.ravel(as_array(x))


@op("numpy")
def squeeze(x: Tensor, axis: Axis = None) -> Array:
    """Without the axes of size 1.

    Args:
        x: any shape.
        axis: which ones; None means all of size 1.

    Raises:
        ValueError: if a named axis has another size.
    """
    return jnp.squeeze(as_array(x), axis=axes(axis))


@op("numpy")
def expand_dims(x: Tensor, axis: int | Sequence[int]) -> Array:
    """With new axes of size 1 at the positions `axis` of the result."""
    return jnp.expand_dims(as_array(x), axis if isinstance(axis, int) else tuple(axis))


@op("numpy")
def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Array:
    """Axes in another order: `axes`, by default reversed."""
    return jnp.transpose(as_array(x), axes)


@op("numpy")
def swapaxes(x: Tensor, axis1: int, axis2: int) -> Array:
    """With two axes exchanged."""
    return jnp.swapaxes(as_array(x), axis1, axis2)


@op("numpy")
def moveaxis(x: Tensor, source: Any, destination: Any) -> Array:
    """With the axes `source` moved to the positions `destination`."""
    return jnp.moveaxis(as_array(x), source, destination)


@op("numpy")
def broadcast_to(x: Tensor, shape: Shape) -> Array:
    """Repeated along axes of size 1 until it has `shape`."""
    return jnp.broadcast_to(as_array(x), tuple(shape))


@op("numpy")
def flip(x: Tensor, axis: Axis = None) -> Array:
    """In reverse order along `axis` (None: all axes)."""
    return jnp.flip(as_array(x), axis=axes(axis))


@op("numpy")
def fliplr(x: Tensor) -> Array:
    """In reverse order along axis 1."""
    return jnp.fliplr(as_array(x))


@op("numpy")
def flipud(x: Tensor) -> Array:
    """In reverse order along axis 0."""
    return jnp.flipud(as_array(x))


@op("numpy")
def roll(x: Tensor, shift: Any, axis: Any = None) -> Array:
    """Shifted along `axis`; what falls off the end comes in at the start.

    Args:
        x: any shape.
        shift: places, or a tuple of them.
        axis: axis or axes; None rolls the flattened tensor.
    """
    return jnp.roll(as_array(x), shift, axes(axis))


@op("numpy")
def rot90(array: Tensor, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    """Turned by 90 degrees `k` times, from the first towards the second of `axes`."""
    array = as_array(array)
    if array.ndim < 2:
        raise ValueError(f"rot90 needs at least 2 axes. Received an array of shape {array.shape}")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"axes must be two different axes. Received: axes={axes}")
    return jnp.rot90(array, k=k, axes=(axes[0], axes[1]))


@op("numpy")
def repeat(x: Tensor, repeats: Any, axis: int | None = None) -> Array:
    """Each element `repeats` times in a row.

    Args:
        x: any shape.
        repeats: a number, or one for each position along `axis`.
        axis: axis along which to repeat; None flattens first.
    """
    counts = np.asarray(repeats) if isinstance(repeats, list | tuple) else repeats
    return jnp.repeat(as_array(x), counts, axis)


@op("numpy")
def tile(x: Tensor, repeats: Any) -> Array:
    """The whole of `x` repeated, `repeats` times along each axis."""
    return jnp.tile(as_array(x), repeats)


@op("numpy")
def pad(x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Array:
    """With elements added before and after along each axis.

    Args:
        x: any shape.
        pad_width: ((before, after), ...) for each axis; (before, after) or one int for all.
        mode: "constant", "edge", "reflect", "symmetric", "wrap" and the others of NumPy.
        constant_values: what "constant" adds; default 0.

    Raises:
        ValueError: if `constant_values` is given with another mode.
    """
    if constant_values is None:
        return jnp.pad(as_array(x), pad_width, mode=mode)
    if mode != "constant":
        raise ValueError(f"constant_values goes with mode='constant' only. Received: mode={mode!r}")
    return jnp.pad(as_array(x), pad_width, mode=mode, constant_values=constant_values)


def shape(x: Tensor) -> tuple[Any, ...]:
    """The sizes of `x`; of a symbolic tensor, None where unknown."""
    if isinstance(x, KerasTensor) or hasattr(x, "shape"):
        return tuple(x.shape)
    return tuple(as_array(x).shape)


def ndim(x: Tensor) -> int:
    """Number of axes."""
    return len(shape(x))


@op("numpy")
def size(x: Tensor) -> Array:
    """Number of elements."""
    count = as_array(x).size
    scope = current()
    return jnp.asarray(count) if scope is not None and scope.abstract else count  # type: ignore[return-value]


@op("einops")
def rearrange(tensor: Tensor, pattern: str, **axes_lengths: int) -> Array:
    """Reorder, split and merge axes by a pattern such as `"b (h p) c -> b h (p c)"`.

    Args:
        tensor: any shape.
        pattern: names of the axes before and after "->"; parentheses group what is one axis.
        **axes_lengths: sizes of named axes that the shape does not tell.

    Raises:
        ValueError: if the pattern and the shape do not fit.

    Source: the notation of A. Rogozhnikov, "Einops", ICLR 2022.
    """
    tensor = as_array(tensor)
    left, arrow, right = pattern.partition("->")
    before, after = _groups(left), _groups(right)
    if not arrow or len(before) != tensor.ndim:
        raise ValueError(f"pattern {pattern!r} does not fit a tensor of shape {tensor.shape}")
    lengths: dict[str, int] = dict(axes_lengths)
    for names, extent in zip(before, tensor.shape, strict=True):
        unknown = [name for name in names if name not in lengths]
        rest = math.prod(lengths[name] for name in names if name in lengths)
        if len(unknown) > 1 or (rest and extent % rest):
            raise ValueError(f"pattern {pattern!r}: cannot split an axis of {extent} into {names}")
        for name in unknown:
            lengths[name] = extent // rest
    flat_before = [name for names in before for name in names]
    flat_after = [name for names in after for name in names]
    if sorted(flat_before) != sorted(flat_after):
        raise ValueError(f"pattern {pattern!r} names different axes on its two sides")
    split = jnp.reshape(tensor, [lengths[name] for name in flat_before])
    ordered = jnp.transpose(split, [flat_before.index(name) for name in flat_after])
    return jnp.reshape(ordered, [math.prod(lengths[name] for name in names) for names in after])


def _groups(side: str) -> list[list[str]]:
    """`"b (h p) 1"` -> [["b"], ["h", "p"], []]."""
    groups: list[list[str]] = []
    inside = False
    for token in side.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            groups.append([])
            inside = True
        elif token == ")":
            inside = False
        elif inside:
            groups[-1].append(token)
        else:
            groups.append([] if token == "1" else [token])
    return groups
