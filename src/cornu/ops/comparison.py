"""Comparisons, logic and tests of single elements: what gives booleans."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from cornu.ops.declare import Binary, binary, op, unary
from cornu.ops.promotion import as_array, pair
from cornu.types import Array, Tensor

greater = binary("greater", jnp.greater, "`x1 > x2`.")
greater_equal = binary("greater_equal", jnp.greater_equal, "`x1 >= x2`.")
less = binary("less", jnp.less, "`x1 < x2`.")
less_equal = binary("less_equal", jnp.less_equal, "`x1 <= x2`.")
equal = binary("equal", jnp.equal, "`x1 == x2`.")
not_equal = binary("not_equal", jnp.not_equal, "`x1 != x2`.")


def _logical(name: str, function: Callable[..., Array], doc: str) -> Binary:
    def on_booleans(x1: Any, x2: Any) -> Array:
        return function(jnp.asarray(x1).astype(bool), jnp.asarray(x2).astype(bool))

    return binary(name, on_booleans, doc)


logical_and = _logical("logical_and", jnp.logical_and, "Both are true (not 0).")
logical_or = _logical("logical_or", jnp.logical_or, "At least one is true (not 0).")
logical_xor = _logical("logical_xor", jnp.logical_xor, "Exactly one is true (not 0).")
logical_not = unary("logical_not", lambda x: jnp.logical_not(x.astype(bool)), "Whether `x` is 0.")

isfinite = unary("isfinite", jnp.isfinite, "Neither infinite nor NaN.")
isinf = unary("isinf", jnp.isinf, "Whether it is an infinity.")
isnan = unary("isnan", jnp.isnan, "Whether it is NaN.")
isneginf = unary("isneginf", jnp.isneginf, "Whether it is minus infinity.")
isposinf = unary("isposinf", jnp.isposinf, "Whether it is plus infinity.")
isreal = unary("isreal", jnp.isreal, "Whether the imaginary part is 0.")
signbit = unary("signbit", jnp.signbit, "Whether the sign bit is set: negative, or -0.0.")


@op("numpy")
def isclose(
    x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """`|x1 - x2| <= atol + rtol * |x2|`, elementwise.

    Args:
        x1: any shape.
        x2: broadcasts with `x1`.
        rtol: tolerance relative to `x2`.
        atol: absolute tolerance.
        equal_nan: whether two NaN count as close.
    """
    return jnp.isclose(*pair(x1, x2), rtol=rtol, atol=atol, equal_nan=equal_nan)


@op("numpy")
def allclose(
    x1: Tensor, x2: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> Array:
    """Whether all elements are close; see `isclose`.

    Args:
        x1: any shape.
        x2: broadcasts with `x1`.
        rtol: tolerance relative to `x2`.
        atol: absolute tolerance.
        equal_nan: whether two NaN count as close.
    """
    return jnp.allclose(*pair(x1, x2), rtol=rtol, atol=atol, equal_nan=equal_nan)


@op("numpy")
def isin(x1: Tensor, x2: Tensor, assume_unique: bool = False, invert: bool = False) -> Array:
    """Which elements of `x1` occur in `x2`.

    Args:
        x1: any shape; the result has the same.
        x2: values looked for, any shape.
        assume_unique: promises that neither holds a value twice, for speed.
        invert: gives the opposite.
    """
    return jnp.isin(as_array(x1), as_array(x2), assume_unique=assume_unique, invert=invert)
