"""Means of cross-entropies and divergences."""

from __future__ import annotations

from typing import Any

from cornu.losses.classification import (
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    sparse_categorical_crossentropy,
)
from cornu.losses.regression import poisson
from cornu.metrics.reduction import MeanMetricWrapper


class KLDivergence(MeanMetricWrapper):
    """Mean Kullback-Leibler divergence from predicted to true distributions.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "kl_divergence",
        dtype: Any = None,
    ) -> None:
        super().__init__(kl_divergence, name=name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """Mean of `y_pred - y_true * log(y_pred)`.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "poisson",
        dtype: Any = None,
    ) -> None:
        super().__init__(poisson, name=name, dtype=dtype)


class BinaryCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of independent yes/no outputs.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]; share of each target that goes to all classes alike.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
    ) -> None:
        super().__init__(
            binary_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of one choice among classes, for one-hot targets.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        from_logits: whether predictions are logits.
        label_smoothing: in [0, 1]; share of each target that goes to all classes alike.
        axis: where the classes are.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Mean cross-entropy of one choice among classes, for class numbers.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
        from_logits: whether predictions are logits.
        ignore_class: targets of this number cost 0.
        axis: where the classes are.
    """

    _direction = "down"

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            sparse_categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
