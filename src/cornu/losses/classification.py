"""Losses of classes: the cross-entropies, divergence, hinges."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from cornu.core.masks import set_mask
from cornu.errors import warn
from cornu.losses.function import loss_function
from cornu.losses.loss import LossFunctionWrapper
from cornu.losses.pairing import elementwise, labels, one_hot
from cornu.ops import likelihood
from cornu.settings import settings
from cornu.types import Tensor


@loss_function(elementwise)
def binary_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Cross-entropy of independent yes/no outputs, averaged over `axis`.

    Args:
        y_true: targets in [0, 1], `(N, ..., D)`.
        y_pred: probabilities (clipped to `[epsilon, 1 - epsilon]`), or logits; the same shape.
        from_logits: whether `y_pred` are logits (before the sigmoid).
        label_smoothing: in [0, 1]; moves targets this far towards 0.5.
        axis: averaged over.

    Returns:
        Array of shape `(N, ...)`.
    """
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + 0.5 * label_smoothing
    values = likelihood.binary_crossentropy(y_true, y_pred, from_logits)
    return jnp.mean(values, axis=axis) if values.ndim else values


@loss_function(one_hot)
def categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Cross-entropy of one choice among classes, for targets given as distributions.

    Args:
        y_true: one-hot rows or distributions, `(N, ..., C)`.
        y_pred: probabilities (scaled to sum 1, then clipped), or logits; the same shape.
        from_logits: whether `y_pred` are logits (before the softmax).
        label_smoothing: in [0, 1]; moves this share of each target to all classes alike.
        axis: where the classes are.

    Returns:
        Array of shape `(N, ...)`.
    """
    if y_pred.ndim and y_pred.shape[axis] == 1:
        warn(
            f"categorical_crossentropy over one class (predictions {y_pred.shape}) is always 0; "
            "for yes/no targets use Dense(1, activation='sigmoid') with binary_crossentropy."
        )
    if label_smoothing:
        y_true = y_true * (1 - label_smoothing) + label_smoothing / y_true.shape[axis]
    return likelihood.categorical_crossentropy(y_true, y_pred, from_logits, axis)


@loss_function(labels, cast_targets=False)
def sparse_categorical_crossentropy(
    y_true: Tensor,
    y_pred: Tensor,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Array:
    """Cross-entropy of one choice among classes, for targets given as class numbers.

    Args:
        y_true: class numbers, `(N, ...)` or `(N, ..., 1)`.
        y_pred: probabilities (scaled to sum 1, then clipped), or logits, `(N, ..., C)`.
        from_logits: whether `y_pred` are logits (before the softmax).
        ignore_class: targets of this number cost 0 and do not count in a mean.
        axis: where the classes are.

    Returns:
        Array of shape `(N, ...)`.
    """
    values = likelihood.sparse_categorical_crossentropy(y_true, y_pred, from_logits, axis)
    if ignore_class is None:
        return values
    valid = y_true != ignore_class
    values = jnp.where(valid, values, jnp.zeros_like(values))
    set_mask(values, valid)
    return values


@loss_function(elementwise)
def kl_divergence(y_true: Tensor, y_pred: Tensor) -> Array:
    """Kullback-Leibler divergence `sum(y_true * log(y_true / y_pred))` over the last axis.

    Args:
        y_true: distributions, `(N, ..., C)`.
        y_pred: distributions, the same shape; both are clipped to `[epsilon, 1]`.

    Returns:
        Array of shape `(N, ...)`.
    """
    y_true = jnp.clip(y_true, settings.epsilon, 1)
    y_pred = jnp.clip(y_pred, settings.epsilon, 1)
    return jnp.sum(y_true * jnp.log(y_true / y_pred), axis=-1)


@loss_function(elementwise)
def hinge(y_true: Tensor, y_pred: Tensor) -> Array:
    """`max(1 - y_true * y_pred, 0)`, averaged over the last axis.

    Args:
        y_true: -1 or 1, or all of them 0 or 1, `(N, ..., D)`.
        y_pred: scores, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    return jnp.mean(jnp.maximum(1 - _signs(y_true) * y_pred, 0), axis=-1)


@loss_function(elementwise)
def squared_hinge(y_true: Tensor, y_pred: Tensor) -> Array:
    """`max(1 - y_true * y_pred, 0)**2`, averaged over the last axis.

    Args:
        y_true: -1 or 1, or all of them 0 or 1, `(N, ..., D)`.
        y_pred: scores, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    return jnp.mean(jnp.square(jnp.maximum(1 - _signs(y_true) * y_pred, 0)), axis=-1)


@loss_function(one_hot)
def categorical_hinge(y_true: Tensor, y_pred: Tensor) -> Array:
    """`max(1 + best wrong score - right score, 0)` over the last axis.

    Args:
        y_true: one-hot rows, `(N, ..., C)`.
        y_pred: scores, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    right = jnp.sum(y_true * y_pred, axis=-1)
    wrong = jnp.max((1 - y_true) * y_pred, axis=-1)
    return jnp.maximum(wrong - right + 1, 0)


@loss_function(labels, cast_targets=False)
def categorical_generalized_cross_entropy(y_true: Tensor, y_pred: Tensor, q: float) -> Array:
    """`(1 - p**q) / q` with `p` the probability of the right class (Zhang and Sabuncu, 2018).

    Robust to wrong labels: between cross-entropy (`q` to 0) and absolute error (`q` to 1).

    Args:
        y_true: class numbers, `(N, ...)` or `(N, ..., 1)`.
        y_pred: probabilities, `(N, ..., C)`.
        q: in (0, 1).

    Returns:
        Array of shape `(N, ...)`.
    """
    hits = jax.nn.one_hot(y_true.astype("int32"), y_pred.shape[-1], dtype=y_pred.dtype)
    right = jnp.sum(hits * y_pred, axis=-1)
    # The slope of p**q at 0 is infinite; from here down it counts as flat.
    return (1 - jnp.power(jnp.maximum(right, 1e-30), q)) / q


def _signs(y_true: Array) -> Array:
    is_binary = jnp.all((y_true == 0) | (y_true == 1))
    return jnp.where(is_binary, 2 * y_true - 1, y_true)


# -- classes ---------------------------------------------------------------------------------------


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of independent yes/no outputs.

    Args:
        from_logits: whether predictions are logits (before the sigmoid).
        label_smoothing: in [0, 1]; moves targets this far towards 0.5.
        axis: averaged over.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one choice among classes, for one-hot targets.

    Args:
        from_logits: whether predictions are logits (before the softmax).
        label_smoothing: in [0, 1]; moves this share of each target to all classes alike.
        axis: where the classes are.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one choice among classes, for class numbers as targets.

    Args:
        from_logits: whether predictions are logits (before the softmax).
        ignore_class: targets of this number do not count.
        reduction: see `Loss`.
        axis: where the classes are.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    config_quiet = ("dtype", "axis")
    keeps_integer_targets = True  # a 16-bit float holds class numbers only up to 256 or 2048

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            reduction=reduction,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis

    def result_mask(self, y_true: Any, y_pred: Any) -> Any:
        """True where the target is not `ignore_class`."""
        if self.ignore_class is None:
            return None
        targets, _ = labels(y_true, y_pred, self.axis)
        return targets != self.ignore_class


class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence from predicted to true distributions.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, reduction=reduction, name=name, dtype=dtype)


class Hinge(LossFunctionWrapper):
    """Mean of `max(1 - y_true * y_pred, 0)`, with targets -1 or 1 (or 0 or 1).

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, reduction=reduction, name=name, dtype=dtype)


class SquaredHinge(LossFunctionWrapper):
    """Mean of `max(1 - y_true * y_pred, 0)**2`, with targets -1 or 1 (or 0 or 1).

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, reduction=reduction, name=name, dtype=dtype)


class CategoricalHinge(LossFunctionWrapper):
    """`max(1 + best wrong score - right score, 0)` for one-hot targets.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, reduction=reduction, name=name, dtype=dtype)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """`(1 - p**q) / q` with `p` the probability of the right class (Zhang and Sabuncu, 2018).

    Args:
        q: in (0, 1); larger is more robust to wrong labels and slower to learn.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.

    Raises:
        ValueError: if `q` is not in (0, 1).
    """

    keeps_integer_targets = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: Any = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"q must be in (0, 1). Received: q={q}")
        super().__init__(
            categorical_generalized_cross_entropy, reduction=reduction, name=name, dtype=dtype, q=q
        )
        self.q = q
