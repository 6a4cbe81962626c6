"""Focal losses: cross-entropies that look away from what is already right (Lin et al., 2017)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from cornu.losses.function import loss_function
from cornu.losses.loss import LossFunctionWrapper
from cornu.losses.pairing import elementwise, one_hot
from cornu.ops import likelihood
from cornu.settings import settings
from cornu.types import Tensor


@loss_function(elementwise)
def binary_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """`(1 - p_t)**gamma` times the binary cross-entropy, averaged over `axis`.

    Args:
        y_true: targets in [0, 1], `(N, ..., D)`.
        y_pred: probabilities or logits, the same shape.
        apply_class_balancing: whether `alpha` weighs targets 1, and `1 - alpha` targets 0.
        alpha: that weight.
        gamma: how fast easy samples fade; 0 is plain cross-entropy.
        from_logits: whether `y_pred` are logits.
        label_smoothing: in [0, 1]; moves targets this far towards 0.5.
        axis: averaged over.

    Returns:
        Array of shape `(N, ...)`.
    """
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    p = jax.nn.sigmoid(y_pred) if from_logits else y_pred
    p_right = y_true * p + (1 - y_true) * (1 - p)
    values = _faded(p_right, gamma) * likelihood.binary_crossentropy(y_true, p)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1 - y_true) * (1 - alpha))
    return jnp.mean(values, axis=axis)


@loss_function(one_hot)
def categorical_focal_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """`alpha * (1 - p)**gamma` times the categorical cross-entropy.

    Args:
        y_true: one-hot rows, `(N, ..., C)`.
        y_pred: probabilities or logits, the same shape.
        alpha: weight, a number or one for each class.
        gamma: how fast easy samples fade; 0 is plain cross-entropy.
        from_logits: whether `y_pred` are logits.
        label_smoothing: in [0, 1]; moves this share of each target to all classes alike.
        axis: where the classes are.

    Returns:
        Array of shape `(N, ...)`.
    """
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[axis]
    p = _probabilities(jax.nn.softmax(y_pred, axis=axis) if from_logits else y_pred, axis)
    weight = jnp.asarray(alpha, p.dtype) * _faded(p, gamma)
    return jnp.sum(-weight * y_true * jnp.log(p), axis=axis)


def _probabilities(y_pred: Array, axis: int) -> Array:
    """`y_pred` scaled to sum 1 along `axis` and kept off 0 and 1 by `epsilon()`.

    Dividing by the total, a constant, and then by what remains of it keeps the gradient finite
    where the total is so small that its square is 0.
    """
    total = jnp.sum(y_pred, axis=axis, keepdims=True)
    tiny = jnp.finfo(y_pred.dtype).tiny
    divisor = jnp.where(jnp.abs(total) < tiny, jnp.where(total == 0, 1, tiny), total)
    shares = y_pred / jax.lax.stop_gradient(divisor)
    rest = jnp.sum(shares, axis=axis, keepdims=True)
    scaled = shares / jnp.where(rest == 0, 1, rest)
    return jnp.clip(scaled, settings.epsilon, 1 - settings.epsilon)


def _faded(p: Array, gamma: float) -> Array:
    # At 1 - p = 0 the slope of a power below 1 is infinite; 1 - p stays off it by epsilon.
    return jnp.power(jnp.maximum(1 - p, settings.epsilon), gamma)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """Binary cross-entropy that fades with `(1 - p_t)**gamma` (Lin et al., 2017).

    Args:
        apply_class_balancing: whether `alpha` weighs targets 1, and `1 - alpha` targets 0.
        alpha: that weight.
        gamma: how fast easy samples fade; 0 is plain cross-entropy.
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]; moves targets this far towards 0.5.
        axis: averaged over.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """Categorical cross-entropy that fades with `(1 - p)**gamma` (Lin et al., 2017).

    Args:
        alpha: weight, a number or one for each class.
        gamma: how fast easy samples fade; 0 is plain cross-entropy.
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]; moves this share of each target to all classes alike.
        axis: where the classes are.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis
