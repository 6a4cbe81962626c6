"""Linear algebra: factorizations, inverses, norms and solutions of matrices."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from cornu.ops.declare import axes, op
from cornu.ops.promotion import as_float, same_floats
from cornu.types import Array, Tensor


def _matrices(x: Tensor, square: bool = False) -> Array:
    x = as_float(x)
    if x.ndim < 2:
        raise ValueError(f"matrices of shape (..., M, N) were expected. Received shape {x.shape}")
    if square and x.shape[-1] != x.shape[-2]:
        raise ValueError(f"square matrices (..., M, M) were expected. Received shape {x.shape}")
    return x


@op("linalg")
def cholesky(x: Tensor, upper: bool = False) -> Array:
    """The triangular L with `L @ L.T == x`, for x positive definite; with `upper` its transpose."""
    lower = jnp.linalg.cholesky(_matrices(x, square=True))
    return jnp.swapaxes(lower, -1, -2).conj() if upper else lower


@op("linalg")
def cholesky_inverse(x: Tensor, upper: bool = False) -> Array:
    """Inverse of the matrix whose Cholesky factor is `x`."""
    factor = _matrices(x, square=True)
    unit = jnp.broadcast_to(jnp.eye(factor.shape[-1], dtype=factor.dtype), factor.shape)
    inverse = jax.scipy.linalg.solve_triangular(factor, unit, lower=not upper)
    turned = jnp.swapaxes(inverse, -1, -2)
    return inverse @ turned if upper else turned @ inverse


@op("linalg")
def det(x: Tensor) -> Array:
    """Determinant of (..., M, M)."""
    return jnp.linalg.det(_matrices(x, square=True))


@op("linalg")
def slogdet(x: Tensor) -> tuple[Array, Array]:
    """Sign and logarithm of the absolute value of the determinant of (..., M, M)."""
    return tuple(jnp.linalg.slogdet(_matrices(x, square=True)))  # type: ignore[return-value]


@op("linalg")
def eig(x: Tensor) -> tuple[Array, Array]:
    """Eigenvalues and right eigenvectors (as columns) of (..., M, M)."""
    return tuple(jnp.linalg.eig(_matrices(x, square=True)))  # type: ignore[return-value]


@op("linalg")
def eigh(x: Tensor) -> tuple[Array, Array]:
    """Ascending eigenvalues and eigenvectors (as columns) of a Hermitian (..., M, M)."""
    return tuple(jnp.linalg.eigh(_matrices(x, square=True)))  # type: ignore[return-value]


@op("linalg")
def inv(x: Tensor) -> Array:
    """Inverse of (..., M, M)."""
    return jnp.linalg.inv(_matrices(x, square=True))


@op("linalg")
def pinv(x: Tensor, rcond: float | None = None) -> Array:
    """Moore-Penrose inverse of (..., M, N).

    Args:
        x: matrices.
        rcond: singular values below this part of the largest count as 0.
    """
    return jnp.linalg.pinv(_matrices(x), rtol=rcond)


@op("linalg")
def lu_factor(x: Tensor) -> tuple[Array, Array]:
    """L and U in one matrix, and the rows that were exchanged (pivots)."""
    return jax.scipy.linalg.lu_factor(_matrices(x))


@op("linalg")
def qr(x: Tensor, mode: str = "reduced") -> tuple[Array, Array]:
    """Orthogonal Q and upper triangular R with `Q @ R == x`.

    Args:
        x: (..., M, N).
        mode: "reduced" (Q has min(M, N) columns) or "complete" (M columns).

    Raises:
        ValueError: for another mode.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(f"mode must be 'reduced' or 'complete'. Received: mode={mode!r}")
    return tuple(jnp.linalg.qr(_matrices(x), mode=mode))  # type: ignore[return-value]


@op("linalg")
def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition `U * s @ Vh == x`.

    Args:
        x: (..., M, N).
        full_matrices: whether U and Vh are square.
        compute_uv: whether they are wanted at all.

    Returns:
        (U, s, Vh), or s alone.
    """
    found = jnp.linalg.svd(_matrices(x), full_matrices=full_matrices, compute_uv=compute_uv)
    return tuple(found) if compute_uv else found


@op("linalg")
def solve(a: Tensor, b: Tensor) -> Array:
    """The x with `a @ x == b`; `a` is (..., M, M), `b` (..., M) or (..., M, N)."""
    a, b = same_floats(a, b)
    a = _matrices(a, square=True)
    if b.ndim == a.ndim - 1:
        return jnp.squeeze(jnp.linalg.solve(a, b[..., None]), -1)
    return jnp.linalg.solve(a, b)


@op("linalg")
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Array:
    """The x with `a @ x == b` for a triangular `a`; entries on its other side are not read."""
    a, b = same_floats(a, b)
    a = _matrices(a, square=True)
    if b.ndim == a.ndim - 1:
        return jnp.squeeze(jax.scipy.linalg.solve_triangular(a, b[..., None], lower=lower), -1)
    return jax.scipy.linalg.solve_triangular(a, b, lower=lower)


@op("linalg")
def lstsq(a: Tensor, b: Tensor, rcond: float | None = None) -> Array:
    """The x that makes `|a @ x - b|` smallest.

    Args:
        a: (M, N).
        b: (M,) or (M, K).
        rcond: singular values below this part of the largest count as 0.
    """
    a, b = same_floats(a, b)
    return jnp.linalg.lstsq(_matrices(a), b, rcond=rcond)[0]


@op("linalg")
def matrix_rank(x: Tensor, tol: float | None = None) -> Array:
    """Number of singular values above `tol` (default: rounding of the largest), as int32."""
    x = _matrices(x)
    values = jnp.linalg.svd(x, compute_uv=False)
    if tol is None:
        size = max(x.shape[-2:])
        limit = jnp.max(values, axis=-1, keepdims=True) * size * jnp.finfo(values.dtype).eps
    else:
        limit = jnp.asarray(tol, values.dtype)
    return jnp.sum(values > limit, axis=-1, dtype="int32")


@op("linalg")
def norm(x: Tensor, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Array:
    """Norm of vectors (one axis) or matrices (two).

    Args:
        x: any shape.
        ord: order: a number, "fro", "nuc"; default: root of the sum of squares.
        axis: an axis for vectors, two for matrices; None: all of `x`.
        keepdims: keeps the axes with size 1.
    """
    return jnp.linalg.norm(as_float(x), ord=ord, axis=axes(axis), keepdims=keepdims)
