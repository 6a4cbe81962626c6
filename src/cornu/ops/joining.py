"""Putting tensors together and taking them apart."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cornu.ops.declare import op
from cornu.ops.promotion import as_array, pair, several
from cornu.types import Array, Tensor


@op("numpy")
def concatenate(xs: Tensor, axis: int = 0) -> Array:
    """One after the other along an axis they have.

    Args:
        xs: tensors with equal sizes but along `axis`.
        axis: where to join.
    """
    return jnp.concatenate(several(xs), axis=axis)


@op("numpy")
def stack(x: Tensor, axis: int = 0) -> Array:
    """Tensors of one shape along a new axis."""
    return jnp.stack(several(x), axis=axis)


@op("numpy")
def hstack(xs: Tensor) -> Array:
    """Joined along axis 1 (vectors: along axis 0)."""
    return jnp.hstack(several(xs))


@op("numpy")
def vstack(xs: Tensor) -> Array:
    """Joined along axis 0; vectors count as rows."""
    return jnp.vstack(several(xs))


@op("numpy")
def dstack(xs: Tensor) -> Array:
    """Joined along the third axis."""
    return jnp.dstack(several(xs))


@op("numpy")
def append(x1: Tensor, x2: Tensor, axis: int | None = None) -> Array:
    """`x2` after `x1` along `axis` (None: both flattened)."""
    x1, x2 = pair(x1, x2)
    return jnp.append(jnp.asarray(x1), jnp.asarray(x2), axis=axis)


@op("numpy")
def split(x: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Pieces along an axis.

    Args:
        x: any shape.
        indices_or_sections: number of equal pieces, or the indices at which to cut.
        axis: where to cut.

    Raises:
        ValueError: if the axis does not divide evenly.
    """
    return list(jnp.split(as_array(x), _cuts(indices_or_sections), axis=axis))


@op("numpy")
def array_split(x: Tensor, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """Pieces along an axis; they may differ in size by one."""
    return list(jnp.array_split(as_array(x), _cuts(indices_or_sections), axis=axis))


@op("numpy")
def hsplit(x: Tensor, indices_or_sections: Any) -> list[Array]:
    """Pieces along axis 1 (of a vector: axis 0)."""
    return list(jnp.hsplit(as_array(x), _cuts(indices_or_sections)))


@op("numpy")
def vsplit(x: Tensor, indices_or_sections: Any) -> list[Array]:
    """Pieces along axis 0."""
    return list(jnp.vsplit(as_array(x), _cuts(indices_or_sections)))


@op("numpy")
def dsplit(x: Tensor, indices_or_sections: Any) -> list[Array]:
    """Pieces along axis 2."""
    return list(jnp.dsplit(as_array(x), _cuts(indices_or_sections)))


def _cuts(indices_or_sections: Any) -> Any:
    cuts = indices_or_sections
    return list(cuts) if isinstance(cuts, tuple) else cuts


@op("core")
def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> list[Array]:
    """The slices along an axis, as a list.

    Args:
        x: any shape.
        num: how many there are, where the shape does not tell.
        axis: the axis that goes.
    """
    x = as_array(x)
    count = x.shape[axis]
    if num is not None and num != count:
        raise ValueError(f"num={num}, but axis {axis} of shape {x.shape} has {count} slices")
    return [jnp.squeeze(piece, axis) for piece in jnp.split(x, count, axis=axis)]


@op("numpy")
def meshgrid(*x: Tensor, indexing: str = "xy") -> list[Array]:
    """Coordinate grids from coordinate vectors.

    Args:
        *x: vectors.
        indexing: "xy" (the first two axes swapped) or "ij".

    Raises:
        ValueError: for another `indexing`.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"indexing must be 'xy' or 'ij'. Received: indexing={indexing!r}")
    return list(jnp.meshgrid(*several(x), indexing=indexing))
