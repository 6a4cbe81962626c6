"""Counts of the confusion matrix at thresholds, and precision and recall from them."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu.losses.pairing import elementwise
from cornu.losses.weighting import align
from cornu.metrics.metric import Metric
from cornu.metrics.reduction import divide_no_nan
from cornu.ops.promotion import as_array

_FEW = 4  # up to so many thresholds, comparing with each costs less
_NEVER = -1e10  # a prediction that no threshold in [0, 1] lets through


class Counts(NamedTuple):
    """Weighted counts at each threshold: `(T,)`, or `(T, labels)`."""

    true_positives: Array
    false_positives: Array
    true_negatives: Array
    false_negatives: Array


def count(
    y_true: Any,
    y_pred: Any,
    thresholds: Any,
    *,
    sample_weight: Any = None,
    label_weights: Any = None,
    per_label: bool = False,
    top_k: int | None = None,
    class_id: int | None = None,
) -> Counts:
    """Counts at all thresholds at once.

    Few thresholds are compared with all predictions. For many, each prediction is sorted into the
    bin between two thresholds, and what is above a threshold is a cumulative sum over bins: at
    500,000 predictions and 200 thresholds 5 ms where comparing takes 300, if 0.2 s more to compile.

    Args:
        y_true: targets; what is not 0 is positive.
        y_pred: predictions, the same shape; above a threshold they are positive.
        thresholds: T numbers in any order.
        sample_weight: None or weights of the leading dimensions.
        label_weights: None or weights of the last dimension.
        per_label: keep the last dimension, `(N, C)`, apart.
        top_k: only the `k` highest along the last axis may be positive.
        class_id: only this place of the last axis counts.

    Raises:
        ValueError: if shapes do not belong together.
    """
    targets, predictions = elementwise(as_array(y_true), as_array(y_pred))
    predictions = predictions.astype("float32")
    if top_k is not None:
        predictions = _only_top_k(predictions, top_k)
    if class_id is not None:
        targets, predictions = targets[..., class_id], predictions[..., class_id]
    weights = jnp.ones((), "float32")
    if sample_weight is not None:
        weights = align(as_array(sample_weight).astype("float32"), predictions.shape)
    if label_weights is not None:
        weights = weights * jnp.asarray(label_weights, "float32")
    weights = jnp.broadcast_to(weights, predictions.shape)
    positive = jnp.broadcast_to(targets.astype(bool), predictions.shape)
    both = jnp.stack([weights * positive, weights * ~positive])
    limits = np.asarray(thresholds, "float32")
    if len(limits) <= _FEW and not per_label:
        return _by_comparing(both, predictions, limits)
    return _by_bins(both, predictions, limits, predictions.shape[-1] if per_label else 1)


def _by_comparing(both: Array, predictions: Array, thresholds: np.ndarray) -> Counts:
    is_above = predictions.reshape(1, -1) > thresholds[:, None]
    both = both.reshape(2, 1, -1)
    above = jnp.sum(jnp.where(is_above, both, 0), axis=-1)
    below = jnp.sum(jnp.where(is_above, 0, both), axis=-1)
    return Counts(above[0], above[1], below[1], below[0])


def _by_bins(both: Array, predictions: Array, thresholds: np.ndarray, labels: int) -> Counts:
    order = np.argsort(thresholds, kind="stable")
    flat = predictions.reshape(-1)
    bins = jnp.searchsorted(jnp.asarray(thresholds[order]), flat, side="left")
    bins = jnp.where(jnp.isnan(flat), 0, bins)
    rows = len(thresholds) + 1
    places = bins * labels + jnp.arange(bins.size) % labels
    empty = jnp.zeros((2, rows * labels), "float32")
    histogram = empty.at[:, places].add(both.reshape(2, -1))
    histogram = histogram.reshape(2, rows, labels)
    above = jnp.flip(jnp.cumsum(jnp.flip(histogram[:, 1:], 1), axis=1), 1)
    below = jnp.cumsum(histogram[:, :-1], axis=1)
    back = np.argsort(order, kind="stable")
    above, below = above[:, back], below[:, back]
    if labels == 1:
        above, below = above[..., 0], below[..., 0]
    return Counts(above[0], above[1], below[1], below[0])


def _only_top_k(predictions: Array, k: int) -> Array:
    _, places = jax.lax.top_k(predictions, k)
    kept = jax.nn.one_hot(places, predictions.shape[-1], dtype=bool).any(axis=-2)
    return jnp.where(kept, predictions, _NEVER)


def standardize_thresholds(thresholds: Any, default: float) -> list[float]:
    """A list of numbers in [0, 1] from a number, a list or None.

    Raises:
        ValueError: if one is not in [0, 1], or there are none.
    """
    if thresholds is None:
        return [default]
    found = list(thresholds) if isinstance(thresholds, list | tuple | np.ndarray) else [thresholds]
    if not found or any(t is None or not 0 <= t <= 1 for t in found):
        raise ValueError(f"thresholds must be numbers in [0, 1]. Received: {thresholds!r}")
    return found


class _AtThresholds(Metric):
    """Metrics that keep the `thresholds` of their config as they were given."""

    init_thresholds: Any
    thresholds: list[float]

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        given = self.init_thresholds
        config["thresholds"] = list(given) if isinstance(given, tuple | np.ndarray) else given
        return config


def _one_or_all(values: Array) -> Array:
    return values[0] if values.shape == (1,) else values


class _ConditionCount(_AtThresholds):
    condition: ClassVar[str]

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = standardize_thresholds(thresholds, default=0.5)
        self.accumulator = self.add_variable((len(self.thresholds),), "zeros", name="accumulator")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: targets; what is not 0 is positive.
            y_pred: predictions in [0, 1], the same shape.
            sample_weight: None, a number, or weights of the leading dimensions.
        """
        counts = count(y_true, y_pred, self.thresholds, sample_weight=sample_weight)
        self.accumulator.assign(self.accumulator.value + getattr(counts, self.condition))

    def result(self) -> Array:
        """The count; several for several thresholds."""
        return _one_or_all(self.accumulator.value)


class FalsePositives(_ConditionCount):
    """How many negatives were predicted positive.

    Args:
        thresholds: what is above it counts as positive; a number, several, or None for 0.5.
        name: key in logs.
        dtype: dtype of the count; default `floatx()`.
    """

    condition = "false_positives"


class FalseNegatives(_ConditionCount):
    """How many positives were predicted negative.

    Args:
        thresholds: what is above it counts as positive; a number, several, or None for 0.5.
        name: key in logs.
        dtype: dtype of the count; default `floatx()`.
    """

    condition = "false_negatives"


class TrueNegatives(_ConditionCount):
    """How many negatives were predicted negative.

    Args:
        thresholds: what is above it counts as positive; a number, several, or None for 0.5.
        name: key in logs.
        dtype: dtype of the count; default `floatx()`.
    """

    condition = "true_negatives"


class TruePositives(_ConditionCount):
    """How many positives were predicted positive.

    Args:
        thresholds: what is above it counts as positive; a number, several, or None for 0.5.
        name: key in logs.
        dtype: dtype of the count; default `floatx()`.
    """

    condition = "true_positives"


class _Share(_AtThresholds):
    """True positives as a share of them and what `other` counts."""

    other: ClassVar[str]
    _direction = "up"

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = standardize_thresholds(
            thresholds, default=0.5 if top_k is None else _NEVER
        )
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, "zeros", name="true_positives")
        self.others = self.add_variable(shape, "zeros", name=self.other)
        setattr(self, self.other, self.others)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: targets; what is not 0 is positive.
            y_pred: predictions in [0, 1], the same shape.
            sample_weight: None, a number, or weights of the leading dimensions.
        """
        counts = count(
            y_true,
            y_pred,
            self.thresholds,
            sample_weight=sample_weight,
            top_k=self.top_k,
            class_id=self.class_id,
        )
        self.true_positives.assign(self.true_positives.value + counts.true_positives)
        self.others.assign(self.others.value + getattr(counts, self.other))

    def result(self) -> Array:
        """The share; several for several thresholds."""
        hits = self.true_positives.value
        return _one_or_all(divide_no_nan(hits, hits + self.others.value))


class Precision(_Share):
    """How many of the predicted positives are true.

    Args:
        thresholds: what is above it counts as positive; a number, several, or None for 0.5.
        top_k: only the `k` highest along the last axis count as positive.
        class_id: only this class counts.
        name: key in logs.
        dtype: dtype of the counts; default `floatx()`.

    Raises:
        ValueError: if a threshold is not in [0, 1].
    """

    other = "false_positives"


class Recall(_Share):
    """How many of the positives are found.

    Args:
        thresholds: what is above it counts as positive; a number, several, or None for 0.5.
        top_k: only the `k` highest along the last axis count as positive.
        class_id: only this class counts.
        name: key in logs.
        dtype: dtype of the counts; default `floatx()`.

    Raises:
        ValueError: if a threshold is not in [0, 1].
    """

    other = "false_negatives"
