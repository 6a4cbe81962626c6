"""The product of a dense layer, rows by a kernel, whose gradients are fast on CPU.

JAX differentiates `rows @ kernel` to a product of which it then takes the transpose; XLA's CPU
compiler pushes that transpose into whatever made the operands: 11.8 against 3.7 ms for the kernel
gradient of 2048 rows, 128 by 512. Here the sum over rows is written in the order of the kernel.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from cornu.core import multilinear
from cornu.ops.promotion import pair
from cornu.types import Array, Tensor


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


_product = multilinear.primitive("rows_by_kernel", _multiply)
_back = multilinear.primitive("rows_by_transposed_kernel", _multiply_back)
_outer = multilinear.primitive("sum_of_outer_products", _sum_of_outer, on_cpu=_sum_of_outer_apart)
multilinear.join(_product, _back, _outer)
