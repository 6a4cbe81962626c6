"""Products that sum over axes: matmul, einsum, dot and their kin."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cornu.ops.declare import binary, op
from cornu.ops.product import rows_by_kernel
from cornu.ops.promotion import as_array, float_pair, pair
from cornu.types import Array, Tensor

inner = binary("inner", jnp.inner, "Sum of products over the last axes.")
outer = binary("outer", jnp.outer, "All products of an element of `x1` and one of `x2`, flattened.")
kron = binary("kron", jnp.kron, "Kronecker product.")
vdot = binary("vdot", jnp.vdot, "Sum of products of the flattened tensors, `x1` conjugated.")


@op("numpy")
def matmul(x1: Tensor, x2: Tensor) -> Array:
    """Matrix product over the last two axes; leading axes broadcast.

    Args:
        x1: (..., M, K) or (K,).
        x2: (..., K, N) or (K,).

    Returns:
        (..., M, N), without the axis that a vector lacks; int32 for two int8 tensors.
    """
    x1, x2 = pair(x1, x2)
    if x1.ndim > 1 and x2.ndim == 2 and x1.dtype == x2.dtype:
        return rows_by_kernel(x1, x2)
    wide = "int32" if x1.dtype == x2.dtype == jnp.int8 else None
    return jnp.matmul(x1, x2, preferred_element_type=wide)


@op("numpy")
def dot(x1: Tensor, x2: Tensor) -> Array:
    """Sum of products over the last axis of `x1` and the second to last of `x2`."""
    x1, x2 = pair(x1, x2)
    return jnp.dot(x1, x2)


@op("numpy")
def tensordot(x1: Tensor, x2: Tensor, axes: Any = 2) -> Array:
    """Sum of products over chosen axes.

    Args:
        x1: any shape.
        x2: any shape.
        axes: N (the last N of `x1` with the first N of `x2`), or a pair of lists of axes.
    """
    x1, x2 = pair(x1, x2)
    return jnp.tensordot(x1, x2, axes=axes)


@op("numpy")
def einsum(subscripts: str, *operands: Tensor, **kwargs: Any) -> Array:
    """Einstein's summation, e.g. `einsum("bij,bjk->bik", x, y)`.

    Args:
        subscripts: names of the axes of each operand, and of the result after "->".
        *operands: tensors.
        **kwargs: `optimize`, as in NumPy.
    """
    arrays = [as_array(operand) for operand in operands]
    wide = "int32" if arrays and all(a.dtype == jnp.int8 for a in arrays) else None
    return jnp.einsum(subscripts, *arrays, preferred_element_type=wide, **kwargs)


@op("numpy")
def cross(
    x1: Tensor,
    x2: Tensor,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Array:
    """Cross product of vectors of 3 (or 2) elements.

    Args:
        x1: vectors along `axisa`.
        x2: vectors along `axisb`.
        axisa: axis of the vectors in `x1`.
        axisb: axis of the vectors in `x2`.
        axisc: axis of the vectors in the result.
        axis: all three at once.
    """
    x1, x2 = pair(x1, x2)
    return jnp.cross(x1, x2, axisa=axisa, axisb=axisb, axisc=axisc, axis=axis)


@op("numpy")
def trace(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """Sum of a diagonal.

    Args:
        x: two axes or more.
        offset: how far above the main diagonal.
        axis1: rows.
        axis2: columns.
    """
    x = as_array(x)
    x = x.astype("int32") if x.dtype == jnp.bool_ else x
    return jnp.trace(x, offset=offset, axis1=axis1, axis2=axis2)


@op("math")
def cdist(x: Tensor, y: Tensor) -> Array:
    """Euclidean distance of each row of `x` (..., M, D) to each row of `y` (..., N, D)."""
    x, y = float_pair(x, y)
    squares = jnp.sum(jnp.square(x[..., :, None, :] - y[..., None, :, :]), axis=-1)
    away = squares > 0
    return jnp.where(away, jnp.sqrt(jnp.where(away, squares, 1)), 0)  # a finite gradient at 0
