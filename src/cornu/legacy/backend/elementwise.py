"""Arithmetic and comparisons, element by element."""

from __future__ import annotations

from typing import Any

from cornu import ops


def abs(x: Any) -> Any:
    """Absolute value."""
    return ops.abs(x)


def square(x: Any) -> Any:
    """`x * x`."""
    return ops.square(x)


def sqrt(x: Any) -> Any:
    """Square root; negative values count as 0, as they did in Keras 2."""
    return ops.sqrt(ops.maximum(x, 0.0))


def exp(x: Any) -> Any:
    """The constant e to the power of `x`."""
    return ops.exp(x)


def log(x: Any) -> Any:
    """Natural logarithm."""
    return ops.log(x)


def round(x: Any) -> Any:
    """Nearest integer, halves to the even one."""
    return ops.round(x)


def sign(x: Any) -> Any:
    """-1, 0 or 1."""
    return ops.sign(x)


def pow(x: Any, a: Any) -> Any:
    """`x` to the power of `a`."""
    return ops.power(x, a)


def sin(x: Any) -> Any:
    """Sine."""
    return ops.sin(x)


def cos(x: Any) -> Any:
    """Cosine."""
    return ops.cos(x)


def clip(x: Any, min_value: Any = None, max_value: Any = None) -> Any:
    """`x` limited to [min_value, max_value]; None leaves a side open."""
    if min_value is not None and isinstance(max_value, int | float) and max_value < min_value:
        max_value = min_value
    if max_value is not None:
        x = ops.minimum(x, max_value)
    return x if min_value is None else ops.maximum(x, min_value)


def maximum(x: Any, y: Any) -> Any:
    """The larger of `x` and `y`."""
    return ops.maximum(x, y)


def minimum(x: Any, y: Any) -> Any:
    """The smaller of `x` and `y`."""
    return ops.minimum(x, y)


def equal(x: Any, y: Any) -> Any:
    """Whether `x == y`."""
    return ops.equal(x, y)


def not_equal(x: Any, y: Any) -> Any:
    """Whether `x != y`."""
    return ops.not_equal(x, y)


def greater(x: Any, y: Any) -> Any:
    """Whether `x > y`."""
    return ops.greater(x, y)


def greater_equal(x: Any, y: Any) -> Any:
    """Whether `x >= y`."""
    return ops.greater_equal(x, y)


def less(x: Any, y: Any) -> Any:
    """Whether `x < y`."""
    return ops.less(x, y)


def less_equal(x: Any, y: Any) -> Any:
    """Whether `x <= y`."""
    return ops.less_equal(x, y)


def cast(x: Any, dtype: str) -> Any:
    """`x` as another dtype."""
    return ops.cast(x, dtype)


def identity(x: Any, name: str | None = None) -> Any:
    """`x` itself."""
    del name
    return x


def stop_gradient(variables: Any) -> Any:
    """The same values, constant to differentiation; a list gives a list."""
    if isinstance(variables, list | tuple):
        return [ops.stop_gradient(variable) for variable in variables]
    return ops.stop_gradient(variables)
