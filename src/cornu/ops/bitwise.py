"""Operations on the bits of integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import jax.numpy as jnp

from cornu.ops.declare import op, unary
from cornu.ops.promotion import pair
from cornu.types import Array, Tensor


class Bits(Protocol):
    """An op of the bits of two integers."""

    def __call__(self, x: Tensor, y: Tensor) -> Array:
        """Apply it."""
        ...


def _bits(name: str, function: Callable[..., Any], doc: str) -> Bits:
    def call(x: Tensor, y: Tensor) -> Array:
        return function(*pair(x, y))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    return op("numpy")(call)


bitwise_and = _bits("bitwise_and", jnp.bitwise_and, "Bits that are set in both.")
bitwise_or = _bits("bitwise_or", jnp.bitwise_or, "Bits that are set in either.")
bitwise_xor = _bits("bitwise_xor", jnp.bitwise_xor, "Bits that are set in exactly one.")
bitwise_left_shift = _bits("bitwise_left_shift", jnp.left_shift, "`x << y`.")
bitwise_right_shift = _bits("bitwise_right_shift", jnp.right_shift, "`x >> y`.")
left_shift = _bits("left_shift", jnp.left_shift, "`x << y`; same as `bitwise_left_shift`.")
right_shift = _bits("right_shift", jnp.right_shift, "`x >> y`; same as `bitwise_right_shift`.")
bitwise_invert = unary("bitwise_invert", jnp.invert, "All bits flipped.")
bitwise_not = unary("bitwise_not", jnp.invert, "All bits flipped; same as `bitwise_invert`.")
