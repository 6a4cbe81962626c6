"""Means of hinge losses."""

from __future__ import annotations

from typing import Any

from cornu.losses.classification import categorical_hinge, hinge, squared_hinge
from cornu.metrics.reduction import MeanMetricWrapper


class Hinge(MeanMetricWrapper):
    """Mean of `max(1 - y_true * y_pred, 0)`, with targets -1 or 1 (or 0 or 1).

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(hinge, name=name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of `max(1 - y_true * y_pred, 0)**2`, with targets -1 or 1 (or 0 or 1).

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "squared_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(squared_hinge, name=name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Mean of `max(1 + best wrong score - right score, 0)`.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_hinge",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_hinge, name=name, dtype=dtype)
