"""Areas under curves, and points on them: AUC, precision at recall and the like."""

from __future__ import annotations

from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu.core import dtypes
from cornu.core.variable import Variable
from cornu.errors import did_you_mean
from cornu.losses.pairing import elementwise
from cornu.metrics.confusion import Counts, count
from cornu.metrics.metric import Metric
from cornu.metrics.reduction import divide_no_nan
from cornu.ops.promotion import as_array
from cornu.settings import settings

CURVES = ("ROC", "PR", "PRGAIN")
SUMMATIONS = ("interpolation", "majoring", "minoring")


class _CurveCounts(Metric):
    """Holds the four counts at each threshold."""

    _direction = "up"

    true_positives: Variable
    false_positives: Variable
    true_negatives: Variable
    false_negatives: Variable

    def _make_counts(self, shape: tuple[int, ...]) -> None:
        for name in Counts._fields:
            # Counts are kept in floatx whatever the metric's dtype: bfloat16 cannot count to 257.
            variable = self.add_variable(shape, "zeros", dtype=settings.floatx, name=name)
            setattr(self, name, variable)

    def _add(self, counts: Counts) -> None:
        for name, value in counts._asdict().items():
            variable = getattr(self, name)
            variable.assign(variable.value + value)

    def _totals(self) -> Counts:
        values = (getattr(self, name).value.astype("float32") for name in Counts._fields)
        return Counts(*values)


class AUC(_CurveCounts):
    """Area under a curve of rates, approximated at fixed thresholds.

    Args:
        num_thresholds: how many, evenly spaced in [0, 1]; more is more exact.
        curve: "ROC" (true over false positive rate), "PR" (precision over recall) or "PRGAIN"
            (their gains; Flach and Kull, 2015).
        summation_method: "interpolation" (trapezoids; for PR the form of Davis and Goadrich, 2006),
            "minoring" or "majoring" (the lower or upper of two neighbours).
        name: key in logs.
        dtype: dtype of the computation; default `floatx()`.
        thresholds: own thresholds in place of even ones; 0 and 1 are added.
        multi_label: one curve for each column of `(N, C)`, then the mean of the areas.
        num_labels: number of columns, if variables are to be made at once.
        label_weights: weight of each column.
        from_logits: whether predictions are logits, to which the sigmoid is applied.

    Raises:
        ValueError: for an unknown curve or summation, or fewer than 2 thresholds.
    """

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: Any = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.curve = _known("curve", str(curve).upper(), CURVES)
        self.summation_method = _known("summation_method", summation_method, SUMMATIONS)
        if num_labels is not None and not multi_label:
            raise ValueError("num_labels is used only with multi_label=True")
        inner, self.num_thresholds = _inner_thresholds(num_thresholds, thresholds)
        self._own_thresholds = None if thresholds is None else inner
        epsilon = settings.epsilon
        self._thresholds = [-epsilon, *inner, 1 + epsilon]
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = None if label_weights is None else np.asarray(label_weights, "float32")
        self.from_logits = from_logits
        self._built = False
        if not multi_label:
            self._build_counts(())
        elif num_labels:
            self._build_counts((num_labels,))

    @property
    def thresholds(self) -> list[float]:
        """All thresholds, the outermost just outside [0, 1]."""
        return list(self._thresholds)

    def _build_counts(self, labels: tuple[int, ...]) -> None:
        weights = self.label_weights
        if labels and weights is not None and weights.shape != labels:
            raise ValueError(f"label_weights {weights.shape} do not fit {labels[0]} labels")
        self._make_counts((self.num_thresholds, *labels))
        self._built = True

    def build(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Make the variables of a multi-label metric from the number of columns.

        Raises:
            ValueError: if predictions are not `(N, C)`.
        """
        del y_true, sample_weight
        if self._built:
            return
        shape = tuple(y_pred.shape) if hasattr(y_pred, "shape") else np.shape(y_pred)
        if len(shape) != 2:
            raise ValueError(
                f"multi_label=True needs predictions (samples, labels). Received: {shape}"
            )
        self._build_counts((shape[1],))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: 0 or 1, any shape; `(N, C)` for `multi_label`.
            y_pred: predictions in [0, 1] (or logits), the same shape.
            sample_weight: None, a number, or weights of the leading dimensions.
        """
        self.build(y_true, y_pred)
        targets, predictions = elementwise(as_array(y_true), as_array(y_pred))
        if self.from_logits:
            predictions = jax.nn.sigmoid(predictions.astype("float32"))
        counts = count(
            targets,
            predictions,
            self._thresholds,
            sample_weight=sample_weight,
            label_weights=None if self.multi_label else self.label_weights,
            per_label=self.multi_label,
        )
        shape = self.true_positives.shape
        self._add(Counts(*(value.reshape(shape) for value in counts)))

    def result(self) -> Array:
        """The area; 0 where nothing was seen."""
        return self._area_of(self.curve, self.summation_method)

    def interpolate_pr_auc(self) -> Array:
        """Area under the precision-recall curve, interpolated (Davis and Goadrich, 2006)."""
        return self._area_of("PR", "interpolation")

    def _area_of(self, curve: str, summation_method: str) -> Array:
        dtype = dtypes.held(self.dtype)
        if not self._built:
            return jnp.zeros((), dtype)
        areas = _area(self._totals(), curve, summation_method)
        if not self.multi_label:
            return areas.astype(dtype)
        if self.label_weights is None:
            return jnp.mean(areas).astype(dtype)
        weights = jnp.asarray(self.label_weights)
        return divide_no_nan(jnp.sum(areas * weights), jnp.sum(weights)).astype(dtype)

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        config = super().get_config()
        del config["thresholds"]
        if self._own_thresholds is not None:
            config["thresholds"] = list(self._own_thresholds)
        if self.label_weights is not None:
            config["label_weights"] = self.label_weights.tolist()
        return config


def _known(argument: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(
            f"{argument} must be one of {list(known)}. Received: {value!r}"
            f"{did_you_mean(str(value), known)}"
        )
    return value


def _inner_thresholds(num_thresholds: int, thresholds: Any) -> tuple[list[float], int]:
    """The thresholds between the outermost two, and how many there are with these."""
    if thresholds is not None:
        inner = sorted(float(t) for t in thresholds)
        return inner, len(inner) + 2
    if num_thresholds <= 1:
        raise ValueError(f"num_thresholds must be an integer > 1. Received: {num_thresholds}")
    return [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)], num_thresholds


def _area(counts: Counts, curve: str, summation: str) -> Array:
    """Area of each column of counts `(T, ...)`, the thresholds ascending."""
    if curve == "PR" and summation == "interpolation":
        return _interpolated_precision_recall(counts)
    x, y = _POINTS[curve](counts)
    widths = x[:-1] - x[1:]
    heights = {
        "interpolation": (y[:-1] + y[1:]) / 2,
        "minoring": jnp.minimum(y[:-1], y[1:]),
        "majoring": jnp.maximum(y[:-1], y[1:]),
    }
    return jnp.sum(widths * heights[summation], axis=0)


def _roc(counts: Counts) -> tuple[Array, Array]:
    tp, fp, tn, fn = counts
    return divide_no_nan(fp, fp + tn), divide_no_nan(tp, tp + fn)


def _precision_recall(counts: Counts) -> tuple[Array, Array]:
    tp, fp, _, fn = counts
    return divide_no_nan(tp, tp + fn), divide_no_nan(tp, tp + fp)


def _precision_recall_gain(counts: Counts) -> tuple[Array, Array]:
    tp, fp, tn, fn = counts
    odds = divide_no_nan((tp + fn)[0], (fp + tn)[0])
    recall_gain = jnp.where(tp > 0, 1 - odds * divide_no_nan(fn, tp), 0)
    precision_gain = 1 - odds * divide_no_nan(fp, tp)  # 1 where nothing is called positive
    return jnp.maximum(recall_gain, 0), precision_gain


_POINTS = {"ROC": _roc, "PR": _precision_recall, "PRGAIN": _precision_recall_gain}


def _interpolated_precision_recall(counts: Counts) -> Array:
    # Between two points precision is not linear in recall, but true positives are linear in
    # positives: tp = intercept + slope * p. The integral of tp / p has a logarithm in it.
    tp, fp, _, fn = counts
    p = tp + fp
    hits = tp[:-1] - tp[1:]
    slope = divide_no_nan(hits, jnp.maximum(p[:-1] - p[1:], 0))
    intercept = tp[1:] - slope * p[1:]
    both = (p[:-1] > 0) & (p[1:] > 0)
    ratio = jnp.where(both, divide_no_nan(p[:-1], p[1:]), 1)
    area = slope * (hits + intercept * jnp.log(ratio))
    return jnp.sum(divide_no_nan(area, jnp.maximum(tp[1:] + fn[1:], 0)), axis=0)


class _BestAtConstraint(_CurveCounts):
    """The best of one rate over the thresholds at which another is high enough."""

    def __init__(
        self,
        value: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if num_thresholds <= 0:
            raise ValueError(f"num_thresholds must be an integer > 0. Received: {num_thresholds}")
        self.value = value
        self.class_id = class_id
        self.num_thresholds = num_thresholds
        self.thresholds = (
            [0.5] if num_thresholds == 1 else np.linspace(0, 1, num_thresholds).tolist()
        )
        self._make_counts((len(self.thresholds),))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: targets; what is not 0 is positive.
            y_pred: predictions in [0, 1], the same shape.
            sample_weight: None, a number, or weights of the leading dimensions.
        """
        counts = count(
            y_true, y_pred, self.thresholds, sample_weight=sample_weight, class_id=self.class_id
        )
        self._add(counts)

    constrained: ClassVar[str]
    wanted: ClassVar[str]

    def result(self) -> Array:
        """The best rate; 0 where the constraint is met nowhere."""
        counts = self._totals()
        met = _RATES[self.constrained](counts) >= self.value
        rate = jnp.where(met, _RATES[self.wanted](counts), 0)
        return jnp.max(rate).astype(dtypes.held(self.dtype))


_RATES = {
    "sensitivity": lambda c: divide_no_nan(c.true_positives, c.true_positives + c.false_negatives),
    "specificity": lambda c: divide_no_nan(c.true_negatives, c.true_negatives + c.false_positives),
    "precision": lambda c: divide_no_nan(c.true_positives, c.true_positives + c.false_positives),
}


def _rate(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1]. Received: {name}={value}")
    return value


class SensitivityAtSpecificity(_BestAtConstraint):
    """The best sensitivity over thresholds at which specificity is at least `specificity`.

    Args:
        specificity: the specificity wanted, in [0, 1].
        num_thresholds: how many thresholds to try, evenly spaced in [0, 1].
        class_id: only this class counts.
        name: key in logs.
        dtype: dtype of the result; default `floatx()`.

    Raises:
        ValueError: if `specificity` is not in [0, 1].
    """

    constrained = "specificity"
    wanted = "sensitivity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.specificity = _rate("specificity", specificity)
        super().__init__(
            specificity, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype
        )


class SpecificityAtSensitivity(_BestAtConstraint):
    """The best specificity over thresholds at which sensitivity is at least `sensitivity`.

    Args:
        sensitivity: the sensitivity wanted, in [0, 1].
        num_thresholds: how many thresholds to try, evenly spaced in [0, 1].
        class_id: only this class counts.
        name: key in logs.
        dtype: dtype of the result; default `floatx()`.

    Raises:
        ValueError: if `sensitivity` is not in [0, 1].
    """

    constrained = "sensitivity"
    wanted = "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.sensitivity = _rate("sensitivity", sensitivity)
        super().__init__(
            sensitivity, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype
        )


class PrecisionAtRecall(_BestAtConstraint):
    """The best precision over thresholds at which recall is at least `recall`.

    Args:
        recall: the recall wanted, in [0, 1].
        num_thresholds: how many thresholds to try, evenly spaced in [0, 1].
        class_id: only this class counts.
        name: key in logs.
        dtype: dtype of the result; default `floatx()`.

    Raises:
        ValueError: if `recall` is not in [0, 1].
    """

    constrained = "sensitivity"
    wanted = "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.recall = _rate("recall", recall)
        super().__init__(
            recall, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype
        )


class RecallAtPrecision(_BestAtConstraint):
    """The best recall over thresholds at which precision is at least `precision`.

    Args:
        precision: the precision wanted, in [0, 1].
        num_thresholds: how many thresholds to try, evenly spaced in [0, 1].
        class_id: only this class counts.
        name: key in logs.
        dtype: dtype of the result; default `floatx()`.

    Raises:
        ValueError: if `precision` is not in [0, 1].
    """

    constrained = "precision"
    wanted = "sensitivity"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        self.precision = _rate("precision", precision)
        super().__init__(
            precision, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype
        )
