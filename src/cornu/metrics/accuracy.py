"""Accuracies: how often predictions are right."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from cornu.core import dtypes
from cornu.losses.pairing import elementwise, labels, one_hot
from cornu.metrics.reduction import MeanMetricWrapper
from cornu.ops.promotion import as_array
from cornu.settings import settings


def accuracy(y_true: Any, y_pred: Any) -> Array:
    """1 where prediction and target are equal.

    Args:
        y_true: targets, any shape.
        y_pred: predictions, the same shape.

    Returns:
        Array of the same shape.
    """
    targets, predictions = elementwise(as_array(y_true), as_array(y_pred))
    return _as_floatx(targets == predictions)


def binary_accuracy(y_true: Any, y_pred: Any, threshold: float | None = 0.5) -> Array:
    """1 where the prediction is on the target's side of the threshold.

    Args:
        y_true: 0 or 1, any shape.
        y_pred: predictions, the same shape.
        threshold: what is above it counts as 1; None is 0.5.

    Returns:
        Array of the same shape.
    """
    targets, predictions = elementwise(as_array(y_true), as_array(y_pred))
    above = predictions > (0.5 if threshold is None else threshold)
    return _as_floatx(targets == above.astype(targets.dtype))


def categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """1 where the highest prediction is at the place of the highest target.

    Args:
        y_true: one-hot rows, `(N, ..., C)`.
        y_pred: scores, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    targets, predictions = one_hot(as_array(y_true), as_array(y_pred))
    return _as_floatx(jnp.argmax(targets, axis=-1) == jnp.argmax(predictions, axis=-1))


def sparse_categorical_accuracy(y_true: Any, y_pred: Any) -> Array:
    """1 where the highest prediction is that of the target's class.

    Args:
        y_true: class numbers, `(N, ...)` or `(N, ..., 1)`.
        y_pred: scores, `(N, ..., C)`.

    Returns:
        Array of shape `(N, ...)`.
    """
    targets, predictions = labels(as_array(y_true), as_array(y_pred))
    return _as_floatx(targets == jnp.argmax(predictions, axis=-1))


def top_k_categorical_accuracy(y_true: Any, y_pred: Any, k: int = 5) -> Array:
    """1 where the prediction of the target's class is among the `k` highest; ties count.

    Args:
        y_true: one-hot rows, `(N, ..., C)`.
        y_pred: scores, the same shape.
        k: how many.

    Returns:
        Array of shape `(N, ...)`.
    """
    targets, predictions = one_hot(as_array(y_true), as_array(y_pred))
    return _in_top_k(jnp.argmax(targets, axis=-1), predictions, k)


def sparse_top_k_categorical_accuracy(
    y_true: Any, y_pred: Any, k: int = 5, from_sorted_ids: bool = False
) -> Array:
    """1 where the prediction of the target's class is among the `k` highest; ties count.

    Args:
        y_true: class numbers, `(N, ...)` or `(N, ..., 1)`.
        y_pred: scores, `(N, ..., C)`; or class numbers, the best first.
        k: how many.
        from_sorted_ids: whether `y_pred` are class numbers.

    Returns:
        Array of the shape of `y_true`.
    """
    shape = as_array(y_true).shape
    targets, predictions = labels(as_array(y_true), as_array(y_pred))
    if from_sorted_ids:
        found = _as_floatx(jnp.any(targets[..., None] == predictions[..., :k], axis=-1))
    else:
        found = _in_top_k(targets, predictions, k)
    return found.reshape(shape)


def _in_top_k(targets: Array, predictions: Array, k: int) -> Array:
    # Counting what is higher needs no sort; labels out of range hit nothing and are never right.
    numbers = targets.astype("int32")
    hits = jax.nn.one_hot(numbers, predictions.shape[-1], dtype=bool)
    own = jnp.sum(jnp.where(hits, predictions, 0), axis=-1, keepdims=True)
    higher = jnp.sum(predictions > own, axis=-1)
    return _as_floatx((higher < k) & hits.any(axis=-1) & ~jnp.isnan(own[..., 0]))


def _as_floatx(x: Array) -> Array:
    return x.astype(dtypes.held(settings.floatx))


class Accuracy(MeanMetricWrapper):
    """How often predictions equal targets.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "up"

    def __init__(self, name: str | None = "accuracy", dtype: Any = None) -> None:
        super().__init__(accuracy, name=name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """How often predictions are on the target's side of a threshold.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        threshold: what is above it counts as 1.
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: Any = None,
        threshold: float | None = 0.5,
    ) -> None:
        super().__init__(binary_accuracy, name=name, dtype=dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(MeanMetricWrapper):
    """How often the highest prediction is at the place of the 1 in one-hot targets.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "up"

    def __init__(self, name: str | None = "categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """How often the highest prediction is that of the target's class number.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "up"

    def __init__(self, name: str | None = "sparse_categorical_accuracy", dtype: Any = None) -> None:
        super().__init__(sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class is among the `k` highest predictions, for one-hot targets.

    Args:
        k: how many.
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "up"

    def __init__(
        self, k: int = 5, name: str | None = "top_k_categorical_accuracy", dtype: Any = None
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name=name, dtype=dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the right class is among the `k` highest predictions, for class numbers.

    Args:
        k: how many.
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        from_sorted_ids: whether predictions are class numbers, the best first.
    """

    config_quiet = ("from_sorted_ids",)
    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: Any = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(
            sparse_top_k_categorical_accuracy,
            name=name,
            dtype=dtype,
            k=k,
            from_sorted_ids=from_sorted_ids,
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids
