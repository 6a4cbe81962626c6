"""Products that sum over axes."""

from __future__ import annotations

from typing import Any

from cornu import ops


def dot(x: Any, y: Any) -> Any:
    """Sum over the last axis of `x` and the last but one of `y` (the only one of a vector)."""
    return ops.dot(x, y)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """Per row of the batch, the product of `x` and `y` summed over one axis of each.

    Args:
        x: shape (batch, ...).
        y: shape (batch, ...).
        axes: the axis of `x` and the axis of `y` (one int for both); default: the last of `x`, and
            of `y` the last but one, or its last when `y` has two.

    Returns:
        Shape (batch, other axes of x, other axes of y); (batch, 1) where nothing is left.

    Raises:
        ValueError: if the batch axis is summed over, or there is none.
    """
    x_ndim, y_ndim = len(ops.shape(x)), len(ops.shape(y))
    if x_ndim < 2 or y_ndim < 2:
        raise ValueError(
            f"batch_dot needs a batch axis and one more on both sides. Received: x of {x_ndim} "
            f"dimension(s), y of {y_ndim}"
        )
    x_axis, y_axis = _pair(axes, x_ndim, y_ndim)
    if 0 in (x_axis, y_axis):
        raise ValueError(f"batch_dot cannot sum over the batch axis 0. Received: axes={axes}")
    x_letters = list("abcdefgh"[:x_ndim])
    y_letters = ["a", *"ijklmnop"[: y_ndim - 1]]
    x_letters[x_axis] = y_letters[y_axis] = "z"
    rest = [c for c in (*x_letters, *y_letters[1:]) if c != "z"]
    formula = f"{''.join(x_letters)},{''.join(y_letters)}->{''.join(rest)}"
    product = ops.einsum(formula, x, y)
    return ops.expand_dims(product, 1) if len(rest) == 1 else product


def _pair(axes: Any, x_ndim: int, y_ndim: int) -> tuple[int, int]:
    if axes is None:
        return x_ndim - 1, y_ndim - 1 if y_ndim == 2 else y_ndim - 2
    x_axis, y_axis = (axes, axes) if isinstance(axes, int) else axes
    return x_axis % x_ndim, y_axis % y_ndim
