"""Means of errors of numbers, their root, and the share of variance explained."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu.core import dtypes
from cornu.core.variable import Variable
from cornu.errors import did_you_mean
from cornu.losses import similarity
from cornu.losses.pairing import elementwise
from cornu.losses.regression import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from cornu.losses.weighting import align
from cornu.metrics.metric import Metric
from cornu.metrics.reduction import Mean, MeanMetricWrapper, divide_no_nan
from cornu.ops.promotion import as_array


def cosine_similarity(y_true: Any, y_pred: Any, axis: Any = -1) -> Array:
    """The cosine of the angle between targets and predictions: 1 where they agree.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.
        axis: along which the vectors lie.

    Returns:
        Array of shape `(N, ...)`.
    """
    return -similarity.cosine_similarity(y_true, y_pred, axis=axis)


class MeanSquaredError(MeanMetricWrapper):
    """Mean of squared errors.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, name=name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of absolute errors.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, name=name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of absolute errors in percent of the targets.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_percentage_error, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of squared differences of `log(1 + x)`.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_logarithmic_error, name=name, dtype=dtype)


class LogCoshError(MeanMetricWrapper):
    """Mean of `log(cosh(y_pred - y_true))`.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "logcosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, name=name, dtype=dtype)


class CosineSimilarity(MeanMetricWrapper):
    """Mean cosine of the angle between targets and predictions.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        axis: along which the vectors lie.
    """

    config_quiet = ("axis",)
    _direction = "up"

    def __init__(
        self,
        name: str | None = "cosine_similarity",
        dtype: Any = None,
        axis: Any = -1,
    ) -> None:
        super().__init__(cosine_similarity, name=name, dtype=dtype, axis=axis)
        self.axis = axis


class RootMeanSquaredError(Mean):
    """Root of the mean of squared errors.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(self, name: str | None = "root_mean_squared_error", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: targets, any shape.
            y_pred: predictions, the same shape.
            sample_weight: None, a number, or weights of the leading dimensions.
        """
        dtype = dtypes.held(self.dtype)
        targets, predictions = elementwise(as_array(y_true), as_array(y_pred))
        error = predictions.astype(dtype) - targets.astype(dtype)
        super().update_state(jnp.square(error), sample_weight)

    def result(self) -> Array:
        """The root of the mean; 0 where nothing was seen."""
        return jnp.sqrt(super().result())


_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


class R2Score(Metric):
    """Share of the targets' variance that predictions explain: 1 is all of it.

    Args:
        class_aggregation: how outputs become one number: "uniform_average",
            "variance_weighted_average", or None for one number an output.
        num_regressors: number of inputs, for the adjusted score; 0 does not adjust.
        name: key in logs.
        dtype: dtype of the sums; default `floatx()`.

    Raises:
        ValueError: for an unknown aggregation or a negative number of regressors.
    """

    _direction = "up"

    squared_sum: Variable
    sum: Variable
    residual: Variable
    count: Variable

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if class_aggregation not in _AGGREGATIONS:
            raise ValueError(
                f"class_aggregation must be one of {list(_AGGREGATIONS)}. "
                f"Received: {class_aggregation!r}"
                f"{did_you_mean(str(class_aggregation), [a for a in _AGGREGATIONS if a])}"
            )
        if num_regressors < 0:
            raise ValueError(f"num_regressors must not be negative. Received: {num_regressors}")
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def build(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Make the variables, one number for each column.

        Raises:
            ValueError: if targets and predictions are not both `(N, D)`.
        """
        del sample_weight
        if self._built:
            return
        columns = column_count(self, y_true, y_pred)
        for name in ("squared_sum", "sum", "residual", "count"):
            setattr(self, name, self.add_variable((columns,), "zeros", name=name))
        self._built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: targets, `(N, D)`.
            y_pred: predictions, the same shape.
            sample_weight: None, a number, or weights `(N,)` or `(N, D)`.
        """
        self.build(y_true, y_pred)
        dtype = dtypes.held(self.dtype)
        targets, predictions = as_array(y_true).astype(dtype), as_array(y_pred).astype(dtype)
        weights = (
            jnp.ones((), dtype) if sample_weight is None else as_array(sample_weight).astype(dtype)
        )
        weights = jnp.broadcast_to(align(weights, targets.shape), targets.shape)
        weighted = weights * targets
        self.sum.assign(self.sum.value + jnp.sum(weighted, axis=0))
        self.squared_sum.assign(self.squared_sum.value + jnp.sum(targets * weighted, axis=0))
        error = jnp.sum(weights * jnp.square(targets - predictions), axis=0)
        self.residual.assign(self.residual.value + error)
        self.count.assign(self.count.value + jnp.sum(weights, axis=0))
        self.num_samples.assign(self.num_samples.value + targets.size)

    def result(self) -> Array:
        """The score; 0 where nothing was seen, and where constant targets were missed."""
        if not self._built:
            return jnp.zeros((), dtypes.held(self.dtype))
        residual = self.residual.value
        mean = divide_no_nan(self.sum.value, self.count.value)
        total = self.squared_sum.value - self.sum.value * mean
        # Constant targets have no variance to explain: 1 where they were met, else 0.
        constant = jnp.where((residual == 0) & (self.count.value > 0), 1, 0)
        scores = jnp.where(total == 0, constant, 1 - divide_no_nan(residual, total))
        return self._adjusted(self._aggregated(scores, total))

    def _aggregated(self, scores: Array, total: Array) -> Array:
        if self.class_aggregation == "uniform_average":
            return jnp.mean(scores)
        if self.class_aggregation == "variance_weighted_average":
            return divide_no_nan(jnp.sum(total * scores), jnp.sum(total))
        return scores

    def _adjusted(self, score: Array) -> Array:
        if not self.num_regressors:
            return score
        samples = self.num_samples.value
        freedom = samples - self.num_regressors - 1
        adjusted = 1 - (1 - score) * (samples - 1) / jnp.where(freedom > 0, freedom, 1)
        return jnp.where(freedom > 0, adjusted, score)


def column_count(metric: Metric, y_true: Any, y_pred: Any) -> int:
    """D of targets and predictions `(N, D)`.

    Raises:
        ValueError: if they are not that.
    """
    shapes = [tuple(x.shape) if hasattr(x, "shape") else np.shape(x) for x in (y_true, y_pred)]
    if any(len(shape) != 2 for shape in shapes) or shapes[0][1] != shapes[1][1]:
        raise ValueError(
            f"{type(metric).__name__} needs targets and predictions (samples, outputs). Received: "
            f"targets {shapes[0]}, predictions {shapes[1]}."
        )
    return shapes[1][1]
