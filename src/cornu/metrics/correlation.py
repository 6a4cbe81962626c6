"""Correlation of targets and predictions."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.losses.pairing import elementwise
from cornu.metrics.reduction import MeanMetricWrapper, divide_no_nan
from cornu.ops.promotion import as_array, as_float


def pearson_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Array:
    """Covariance over the product of standard deviations; 0 where one of these is 0.

    Args:
        y_true: targets, any shape.
        y_pred: predictions, the same shape.
        axis: an axis or several along which to correlate.

    Returns:
        Array without `axis`.
    """
    targets, predictions, axes = _centered(y_true, y_pred, axis)
    covariance = jnp.mean(targets * predictions, axis=axes)
    spread = jnp.sqrt(
        jnp.mean(jnp.square(targets), axis=axes) * jnp.mean(jnp.square(predictions), axis=axes)
    )
    return divide_no_nan(covariance, spread)


def concordance_correlation(y_true: Any, y_pred: Any, axis: Any = -1) -> Array:
    """Agreement with the line `y_pred = y_true` (Lin, 1989); 0 where all values are one number.

    Args:
        y_true: targets, any shape.
        y_pred: predictions, the same shape.
        axis: an axis or several along which to correlate.

    Returns:
        Array without `axis`.
    """
    targets, predictions, axes = _centered(y_true, y_pred, axis)
    covariance = jnp.mean(targets * predictions, axis=axes)
    variances = jnp.mean(jnp.square(targets), axis=axes) + jnp.mean(
        jnp.square(predictions), axis=axes
    )
    raw_true, raw_pred = _pair(y_true, y_pred)
    shift = jnp.mean(raw_true, axis=axes) - jnp.mean(raw_pred, axis=axes)
    return divide_no_nan(2 * covariance, variances + jnp.square(shift))


def _pair(y_true: Any, y_pred: Any) -> tuple[Array, Array]:
    targets, predictions = elementwise(as_array(y_true), as_float(as_array(y_pred)))
    return targets.astype(predictions.dtype), predictions


def _centered(y_true: Any, y_pred: Any, axis: Any) -> tuple[Array, Array, Any]:
    axes = tuple(axis) if isinstance(axis, list | tuple) else axis
    targets, predictions = _pair(y_true, y_pred)
    return (
        targets - jnp.mean(targets, axis=axes, keepdims=True),
        predictions - jnp.mean(predictions, axis=axes, keepdims=True),
        axes,
    )


class PearsonCorrelation(MeanMetricWrapper):
    """Mean of Pearson's correlation along an axis.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        axis: an axis or several along which to correlate.
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "pearson_correlation",
        dtype: Any = None,
        axis: Any = -1,
    ) -> None:
        super().__init__(pearson_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(MeanMetricWrapper):
    """Mean of the concordance correlation along an axis (Lin, 1989).

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        axis: an axis or several along which to correlate.
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "concordance_correlation",
        dtype: Any = None,
        axis: Any = -1,
    ) -> None:
        super().__init__(concordance_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis
