"""F-scores: precision and recall in one number."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core import dtypes
from cornu.core.variable import Variable
from cornu.errors import did_you_mean
from cornu.losses.weighting import align
from cornu.metrics.metric import Metric
from cornu.metrics.reduction import divide_no_nan
from cornu.metrics.regression import column_count
from cornu.ops.promotion import as_array

_AVERAGES = (None, "micro", "macro", "weighted")
_COUNTS = ("true_positives", "false_positives", "false_negatives", "intermediate_weights")


class FBetaScore(Metric):
    """`(1 + beta**2) precision recall / (beta**2 precision + recall)`, for each class.

    Args:
        average: None for one number a class; "micro" (counts of all classes together), "macro"
            (mean of the classes) or "weighted" (by the number of targets of each class).
        beta: how much more recall counts than precision.
        threshold: what is above it counts as positive; None: the highest of a row.
        name: key in logs.
        dtype: dtype of the counts; default `floatx()`.

    Raises:
        ValueError: for an unknown average, or if `beta` or `threshold` is not a positive float.
    """

    _direction = "up"

    true_positives: Variable
    false_positives: Variable
    false_negatives: Variable
    intermediate_weights: Variable

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ValueError(
                f"average must be one of {list(_AVERAGES)}. Received: {average!r}"
                f"{did_you_mean(str(average), [a for a in _AVERAGES if a])}"
            )
        _check_positive_float("beta", beta)
        if threshold is not None:
            _check_positive_float("threshold", threshold)
            if threshold > 1:
                raise ValueError(f"threshold must be at most 1. Received: {threshold}")
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def build(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Make the variables, one number for each class.

        Raises:
            ValueError: if targets and predictions are not both `(N, C)`.
        """
        del sample_weight
        if self._built:
            return
        classes = column_count(self, y_true, y_pred)
        shape = () if self.average == "micro" else (classes,)
        for name in _COUNTS:
            setattr(self, name, self.add_variable(shape, "zeros", name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: 0 or 1, `(N, C)`.
            y_pred: scores, the same shape.
            sample_weight: None, a number, or weights `(N,)` or `(N, C)`.
        """
        self.build(y_true, y_pred)
        dtype = dtypes.held(self.dtype)
        targets = as_array(y_true).astype(dtype)
        chosen = self._chosen(as_array(y_pred)).astype(dtype)
        weights = (
            jnp.ones((), dtype) if sample_weight is None else as_array(sample_weight).astype(dtype)
        )
        weights = align(weights, targets.shape)
        axis = None if self.average == "micro" else 0
        batch = (
            chosen * targets,
            chosen * (1 - targets),
            (1 - chosen) * targets,
            jnp.broadcast_to(targets, targets.shape),
        )
        for name, value in zip(_COUNTS, batch, strict=True):
            variable = getattr(self, name)
            variable.assign(variable.value + jnp.sum(value * weights, axis=axis))

    def _chosen(self, predictions: Array) -> Array:
        if self.threshold is not None:
            return predictions > self.threshold
        highest = jnp.max(predictions, axis=-1, keepdims=True)
        return (predictions >= highest) & (jnp.abs(predictions) > 1e-12)

    def result(self) -> Array:
        """The score, or one for each class; 0 where nothing was seen."""
        if not self._built:
            return jnp.zeros((), dtypes.held(self.dtype))
        hits = self.true_positives.value
        precision = divide_no_nan(hits, hits + self.false_positives.value)
        recall = divide_no_nan(hits, hits + self.false_negatives.value)
        square = self.beta**2
        scores = divide_no_nan((1 + square) * precision * recall, square * precision + recall)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return jnp.sum(scores * divide_no_nan(weights, jnp.sum(weights)))
        return jnp.mean(scores) if self.average is not None else scores


def _check_positive_float(name: str, value: Any) -> None:
    if not isinstance(value, float) or value <= 0:
        raise ValueError(f"{name} must be a positive float. Received: {name}={value!r}")


class F1Score(FBetaScore):
    """The harmonic mean of precision and recall, for each class.

    Args:
        average: None for one number a class; "micro" (counts of all classes together), "macro"
            (mean of the classes) or "weighted" (by the number of targets of each class).
        threshold: what is above it counts as positive; None: the highest of a row.
        name: key in logs.
        dtype: dtype of the counts; default `floatx()`.

    Raises:
        ValueError: for an unknown average, or if `threshold` is not a positive float.
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)
