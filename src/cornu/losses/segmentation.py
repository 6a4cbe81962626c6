"""Losses of overlap: Dice and Tversky."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.losses.function import loss_function
from cornu.losses.loss import LossFunctionWrapper
from cornu.losses.pairing import elementwise
from cornu.settings import settings
from cornu.types import Tensor


@loss_function(elementwise)
def dice(y_true: Tensor, y_pred: Tensor, axis: Any = None) -> Array:
    """`1 - 2 |both| / (|true| + |predicted|)`.

    Args:
        y_true: targets in [0, 1], any shape.
        y_pred: probabilities, the same shape.
        axis: an axis or several over which regions extend; None: all, the batch included.

    Returns:
        Array without `axis`.
    """
    axes = _axes(axis)
    both = jnp.sum(y_true * y_pred, axis=axes)
    total = jnp.sum(y_true, axis=axes) + jnp.sum(y_pred, axis=axes)
    return 1 - 2 * both / (total + settings.epsilon)


@loss_function(elementwise)
def tversky(
    y_true: Tensor, y_pred: Tensor, alpha: float = 0.5, beta: float = 0.5, axis: Any = None
) -> Array:
    """Dice with separate weights for what is missed and what is too much (Salehi et al., 2017).

    Args:
        y_true: targets in [0, 1], any shape.
        y_pred: probabilities, the same shape.
        alpha: weight of what was not predicted but true.
        beta: weight of what was predicted but not true.
        axis: an axis or several over which regions extend; None: all, the batch included.

    Returns:
        Array without `axis`.
    """
    axes = _axes(axis)
    both = jnp.sum(y_true * y_pred, axis=axes)
    missed = jnp.sum(y_true * (1 - y_pred), axis=axes)
    extra = jnp.sum((1 - y_true) * y_pred, axis=axes)
    return 1 - both / (both + alpha * missed + beta * extra + settings.epsilon)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list | tuple) else axis


class Dice(LossFunctionWrapper):
    """`1 - 2 |both| / (|true| + |predicted|)`.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        axis: an axis or several over which regions extend; None: all, the batch included.
        dtype: float in which to compute; default `floatx()`.
    """

    rows_independent = False

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(dice, reduction=reduction, name=name, dtype=dtype, axis=axis)
        self.axis = axis


class Tversky(LossFunctionWrapper):
    """Dice with separate weights for what is missed and what is too much (Salehi et al., 2017).

    Args:
        alpha: weight of what was not predicted but true.
        beta: weight of what was predicted but not true.
        reduction: see `Loss`.
        name: shown in messages and configs.
        axis: an axis or several over which regions extend; None: all, the batch included.
        dtype: float in which to compute; default `floatx()`.
    """

    rows_independent = False

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            tversky, reduction=reduction, name=name, dtype=dtype, alpha=alpha, beta=beta, axis=axis
        )
        self.alpha = alpha
        self.beta = beta
        self.axis = axis
