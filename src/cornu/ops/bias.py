"""A bias along the last axis, whose gradient is fast on CPU."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from cornu.core import multilinear
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor

# XLA's CPU compiler sums rows through an intermediate window reduction: 8 ms for 295k rows of 32,
# against 4.7 ms as a product with ones.
_FEWEST_ROWS = 32
# A product of many blocks of rows uses all cores: 1.0 ms, against 4.7 in one block.
_MANY_VALUES = 1 << 20
_MOST_BLOCKS = 64

Shape = tuple[int, ...]


def add_bias(inputs: Tensor, bias: Tensor) -> Array:
    """`inputs + bias` for a `bias` of shape (channels,) and inputs of shape (..., channels)."""
    inputs = as_array(inputs)
    return jnp.add(inputs, spread_over_rows(bias, inputs.shape))


def spread_over_rows(vector: Tensor, shape: Shape) -> Array:
    """`vector`, of shape (channels,), repeated to `shape`, (..., channels)."""
    return _spread.bind(as_array(vector), shape=tuple(shape))


def _broadcast(vector: jax.Array, *, shape: Shape) -> jax.Array:
    return jnp.broadcast_to(vector, shape)


def _sum(rows: jax.Array, *, shape: Shape) -> jax.Array:
    del shape  # of the rows; the transpose needs it
    return jnp.sum(rows, tuple(range(rows.ndim - 1)))


def _sum_by_product(rows: jax.Array, *, shape: Shape) -> jax.Array:
    flat = rows.reshape(-1, rows.shape[-1])
    if rows.dtype != jnp.float32 or len(flat) < _FEWEST_ROWS:
        return _sum(rows, shape=shape)
    blocks = math.gcd(len(flat), _MOST_BLOCKS) if flat.size >= _MANY_VALUES else 1
    parts = flat.reshape(blocks, -1, flat.shape[1])
    ones = jnp.ones((blocks, 1, parts.shape[1]), flat.dtype)
    if blocks == 1:
        return (ones[0] @ flat)[0]
    # A product again: XLA would sum in two steps, which take longer to compile.
    return (jnp.ones((1, blocks), flat.dtype) @ (ones @ parts)[:, 0])[0]


_spread = multilinear.primitive("spread_over_rows", _broadcast)
_row_sum = multilinear.primitive("sum_of_rows", _sum, on_cpu=_sum_by_product)
multilinear.differentiate(_spread, lambda change, shape: _row_sum.bind(change, shape=shape))
multilinear.differentiate(_row_sum, lambda change, shape: _spread.bind(change, shape=shape))
