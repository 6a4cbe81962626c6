"""Losses of numbers: squared, absolute and relative errors, and counts."""

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
def mean_squared_error(y_true: Tensor, y_pred: Tensor) -> Array:
    """Squared error, averaged over the last axis.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    return _mean_last(jnp.square(y_true - y_pred))


@loss_function(elementwise)
def mean_absolute_error(y_true: Tensor, y_pred: Tensor) -> Array:
    """Absolute error, averaged over the last axis.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    return _mean_last(jnp.abs(y_true - y_pred))


@loss_function(elementwise)
def mean_absolute_percentage_error(y_true: Tensor, y_pred: Tensor) -> Array:
    """Absolute error in percent of the target, averaged over the last axis.

    Targets closer to 0 than `epsilon()` count as that.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    return 100 * _mean_last(
        jnp.abs((y_true - y_pred) / jnp.maximum(jnp.abs(y_true), settings.epsilon))
    )


@loss_function(elementwise)
def mean_squared_logarithmic_error(y_true: Tensor, y_pred: Tensor) -> Array:
    """Squared difference of `log(1 + x)`, averaged over the last axis; negative values count as 0.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    first = jnp.log(jnp.maximum(y_pred, settings.epsilon) + 1)
    second = jnp.log(jnp.maximum(y_true, settings.epsilon) + 1)
    return _mean_last(jnp.square(first - second))


@loss_function(elementwise)
def log_cosh(y_true: Tensor, y_pred: Tensor) -> Array:
    """`log(cosh(y_pred - y_true))`, averaged over the last axis.

    Half the squared error near 0 and the absolute error minus `log(2)` far from it.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    error = y_pred - y_true
    return _mean_last(jnp.logaddexp(error, -error) - jnp.log(2.0).astype(error.dtype))


@loss_function(elementwise)
def huber(y_true: Tensor, y_pred: Tensor, delta: float = 1.0) -> Array:
    """Squared error up to `delta`, linear beyond (Huber, 1964), averaged over the last axis.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.
        delta: the error at which one form passes into the other.

    Returns:
        Array of shape `(N, ...)`.
    """
    error = jnp.abs(y_true - y_pred)
    near = jnp.minimum(error, delta)  # the square of a large error would overflow
    return _mean_last(0.5 * jnp.square(near) + delta * (error - near))


@loss_function(elementwise)
def poisson(y_true: Tensor, y_pred: Tensor) -> Array:
    """`y_pred - y_true * log(y_pred)`, averaged over the last axis.

    Args:
        y_true: counts, `(N, ..., D)`.
        y_pred: predicted rates, not negative, the same shape.

    Returns:
        Array of shape `(N, ...)`.
    """
    return _mean_last(y_pred - y_true * jnp.log(y_pred + settings.epsilon))


def _mean_last(values: Array) -> Array:
    return jnp.mean(values, axis=-1) if values.ndim else values


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared errors: `mean((y_true - y_pred)**2)`.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_squared_error, reduction=reduction, name=name, dtype=dtype)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute errors: `mean(|y_true - y_pred|)`.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(mean_absolute_error, reduction=reduction, name=name, dtype=dtype)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute errors in percent of the targets.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_absolute_percentage_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            mean_absolute_percentage_error, reduction=reduction, name=name, dtype=dtype
        )


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared differences of `log(1 + x)`.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "mean_squared_logarithmic_error",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            mean_squared_logarithmic_error, reduction=reduction, name=name, dtype=dtype
        )


class LogCosh(LossFunctionWrapper):
    """Mean of `log(cosh(y_pred - y_true))`.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "log_cosh",
        dtype: Any = None,
    ) -> None:
        super().__init__(log_cosh, reduction=reduction, name=name, dtype=dtype)


class Poisson(LossFunctionWrapper):
    """Negative log-likelihood of a Poisson rate, without its constant.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, reduction=reduction, name=name, dtype=dtype)


class Huber(LossFunctionWrapper):
    """Squared error up to `delta`, linear beyond (Huber, 1964).

    Args:
        delta: the error at which one form passes into the other.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    config_quiet = ("dtype", "delta")

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: Any = None,
    ) -> None:
        super().__init__(huber, reduction=reduction, name=name, dtype=dtype, delta=delta)
        self.delta = delta
