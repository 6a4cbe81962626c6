"""The product of a dense layer, rows by a kernel, in forms that are fast on CPU and GPU.

JAX differentiates `rows @ kernel` to a product of which it then takes the transpose; XLA's CPU
compiler pushes that transpose into whatever made the operands: 11.8 against 3.7 ms for the kernel
gradient of 2048 rows, 128 by 512. Here the sum over rows is written in the order of the kernel.

On GPUs, products in half precision are fast only where each row of a matrix begins at a multiple of
16 bytes, so a vocabulary of 50,257 words is filled up with columns of zeros.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from cornu.core import multilinear
from cornu.ops.promotion import pair
from cornu.types import Array, Tensor

# GPT-2's step of 16 x 1,024 tokens on an H100: 38.6 ms, against 44.0 without.
_ALIGNED = 64  # columns
_FEWEST_ALIGNED = 1024  # of smaller matrices little is gained


def rows_by_kernel(inputs: Tensor, kernel: Tensor) -> Array:
    """`inputs @ kernel` for inputs (..., K) and a kernel (K, N)."""
    inputs, kernel = pair(inputs, kernel)
    if inputs.dtype == jnp.int8:
        return jnp.matmul(inputs, kernel, preferred_element_type="int32")
    return _product.bind(inputs, kernel)


def _multiply(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    return jnp.matmul(rows, kernel)


def _multiply_back(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    return lax.dot_general(rows, kernel, (((rows.ndim - 1,), (1,)), ((), ())))


def _sum_of_outer(left: jax.Array, right: jax.Array) -> jax.Array:
    over = tuple(range(left.ndim - 1))
    return lax.dot_general(left, right, ((over, over), ((), ())))


def _sum_of_outer_apart(left: jax.Array, right: jax.Array) -> jax.Array:
    # What makes the operands must not be told to write them transposed.
    left, right = lax.optimization_barrier((left, right))
    left, right = (x.reshape(-1, x.shape[-1]) for x in (left, right))
    if not left.shape[1] > right.shape[1] <= len(left):
        return _sum_of_outer(left, right)
    # The wider factor goes last: 0.08 against 0.85 ms for 1024 rows, 512 by 10. Its result is
    # small, or there are many rows, so that turning it over costs little.
    return lax.optimization_barrier(_sum_of_outer(right, left)).T


# -- for GPUs --------------------------------------------------------------------------------------


def _multiply_aligned(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    return _multiply(rows, _fill_up(kernel))[..., : kernel.shape[1]]


def _multiply_back_aligned(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    return _multiply_back(_fill_up(rows), _fill_up(kernel))


def _sum_of_outer_aligned(left: jax.Array, right: jax.Array) -> jax.Array:
    return _sum_of_outer(left, _fill_up(right))[:, : right.shape[-1]]


def _fill_up(array: jax.Array) -> jax.Array:
    """With zeros after the last axis, up to a multiple that suits products in half precision."""
    size = array.shape[-1]
    missing = -size % _ALIGNED
    if array.dtype.itemsize != 2 or size < _FEWEST_ALIGNED or not missing:
        return array
    return jnp.pad(array, (*[(0, 0)] * (array.ndim - 1), (0, missing)))


_product = multilinear.primitive("rows_by_kernel", _multiply, on_gpu=_multiply_aligned)
_back = multilinear.primitive(
    "rows_by_transposed_kernel", _multiply_back, on_gpu=_multiply_back_aligned
)
_outer = multilinear.primitive(
    "sum_of_outer_products", _sum_of_outer, _sum_of_outer_apart, _sum_of_outer_aligned
)
multilinear.join(_product, _back, _outer)
