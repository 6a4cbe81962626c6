"""Metrics: numbers gathered over batches, and the functions behind them."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cornu.errors import explain_missing_names
from cornu.losses.classification import binary_crossentropy as binary_crossentropy
from cornu.losses.classification import categorical_crossentropy as categorical_crossentropy
from cornu.losses.classification import categorical_hinge as categorical_hinge
from cornu.losses.classification import hinge as hinge
from cornu.losses.classification import kl_divergence as kl_divergence
from cornu.losses.classification import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from cornu.losses.classification import squared_hinge as squared_hinge
from cornu.losses.focal import binary_focal_crossentropy as binary_focal_crossentropy
from cornu.losses.focal import categorical_focal_crossentropy as categorical_focal_crossentropy
from cornu.losses.loss import function_record
from cornu.losses.regression import huber as huber
from cornu.losses.regression import log_cosh as log_cosh
from cornu.losses.regression import mean_absolute_error as mean_absolute_error
from cornu.losses.regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from cornu.losses.regression import mean_squared_error as mean_squared_error
from cornu.losses.regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from cornu.losses.regression import poisson as poisson
from cornu.metrics.accuracy import Accuracy as Accuracy
from cornu.metrics.accuracy import BinaryAccuracy as BinaryAccuracy
from cornu.metrics.accuracy import CategoricalAccuracy as CategoricalAccuracy
from cornu.metrics.accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from cornu.metrics.accuracy import SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy
from cornu.metrics.accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from cornu.metrics.accuracy import binary_accuracy as binary_accuracy
from cornu.metrics.accuracy import categorical_accuracy as categorical_accuracy
from cornu.metrics.accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from cornu.metrics.accuracy import (
    sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy,
)
from cornu.metrics.accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from cornu.metrics.confusion import FalseNegatives as FalseNegatives
from cornu.metrics.confusion import FalsePositives as FalsePositives
from cornu.metrics.confusion import Precision as Precision
from cornu.metrics.confusion import Recall as Recall
from cornu.metrics.confusion import TrueNegatives as TrueNegatives
from cornu.metrics.confusion import TruePositives as TruePositives
from cornu.metrics.correlation import ConcordanceCorrelation as ConcordanceCorrelation
from cornu.metrics.correlation import PearsonCorrelation as PearsonCorrelation
from cornu.metrics.correlation import concordance_correlation as concordance_correlation
from cornu.metrics.correlation import pearson_correlation as pearson_correlation
from cornu.metrics.curves import AUC as AUC
from cornu.metrics.curves import PrecisionAtRecall as PrecisionAtRecall
from cornu.metrics.curves import RecallAtPrecision as RecallAtPrecision
from cornu.metrics.curves import SensitivityAtSpecificity as SensitivityAtSpecificity
from cornu.metrics.curves import SpecificityAtSensitivity as SpecificityAtSensitivity
from cornu.metrics.f_score import F1Score as F1Score
from cornu.metrics.f_score import FBetaScore as FBetaScore
from cornu.metrics.hinges import CategoricalHinge as CategoricalHinge
from cornu.metrics.hinges import Hinge as Hinge
from cornu.metrics.hinges import SquaredHinge as SquaredHinge
from cornu.metrics.iou import BinaryIoU as BinaryIoU
from cornu.metrics.iou import IoU as IoU
from cornu.metrics.iou import MeanIoU as MeanIoU
from cornu.metrics.iou import OneHotIoU as OneHotIoU
from cornu.metrics.iou import OneHotMeanIoU as OneHotMeanIoU
from cornu.metrics.metric import Metric as Metric
from cornu.metrics.probabilistic import BinaryCrossentropy as BinaryCrossentropy
from cornu.metrics.probabilistic import CategoricalCrossentropy as CategoricalCrossentropy
from cornu.metrics.probabilistic import KLDivergence as KLDivergence
from cornu.metrics.probabilistic import Poisson as Poisson
from cornu.metrics.probabilistic import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from cornu.metrics.reduction import FunctionMeans as FunctionMeans
from cornu.metrics.reduction import Mean as Mean
from cornu.metrics.reduction import MeanMetricWrapper as MeanMetricWrapper
from cornu.metrics.reduction import Sum as Sum
from cornu.metrics.regression import CosineSimilarity as CosineSimilarity
from cornu.metrics.regression import LogCoshError as LogCoshError
from cornu.metrics.regression import MeanAbsoluteError as MeanAbsoluteError
from cornu.metrics.regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from cornu.metrics.regression import MeanSquaredError as MeanSquaredError
from cornu.metrics.regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from cornu.metrics.regression import R2Score as R2Score
from cornu.metrics.regression import RootMeanSquaredError as RootMeanSquaredError
from cornu.serialization import registry
from cornu.serialization.family import Family

_CLASSES = (
    AUC,
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    BinaryIoU,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    ConcordanceCorrelation,
    CosineSimilarity,
    F1Score,
    FBetaScore,
    FalseNegatives,
    FalsePositives,
    Hinge,
    IoU,
    KLDivergence,
    LogCoshError,
    Mean,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanIoU,
    MeanMetricWrapper,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    OneHotIoU,
    OneHotMeanIoU,
    PearsonCorrelation,
    Poisson,
    Precision,
    PrecisionAtRecall,
    R2Score,
    Recall,
    RecallAtPrecision,
    RootMeanSquaredError,
    SensitivityAtSpecificity,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SpecificityAtSensitivity,
    SquaredHinge,
    Sum,
    TopKCategoricalAccuracy,
    TrueNegatives,
    TruePositives,
)
_FUNCTIONS = (
    binary_accuracy,
    categorical_accuracy,
    concordance_correlation,
    pearson_correlation,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)

# Short and former names of classes; names of functions that no class goes by give the function.
_ALIASES = {
    "MSE": MeanSquaredError,
    "mse": MeanSquaredError,
    "MAE": MeanAbsoluteError,
    "mae": MeanAbsoluteError,
    "MAPE": MeanAbsolutePercentageError,
    "mape": MeanAbsolutePercentageError,
    "MSLE": MeanSquaredLogarithmicError,
    "msle": MeanSquaredLogarithmicError,
    "BCE": BinaryCrossentropy,
    "bce": BinaryCrossentropy,
    "KLD": KLDivergence,
    "kld": KLDivergence,
    "kullback_leibler_divergence": KLDivergence,
    "logcosh": LogCoshError,
    "cosine": CosineSimilarity,
    "cosine_proximity": CosineSimilarity,
    "huber": huber,
    "log_cosh": log_cosh,
    "binary_focal_crossentropy": binary_focal_crossentropy,
    "categorical_focal_crossentropy": categorical_focal_crossentropy,
}

family = Family("metric", "keras.metrics", _CLASSES, _ALIASES)
registry.register_own("keras.metrics", (Metric, *_FUNCTIONS))


def get(identifier: Any) -> Any:
    """The metric meant by a name, a config, a class, an object or a function; None stays None.

    Raises:
        ValueError: if a name is not known.
    """
    return family.get(identifier)


def serialize(metric: Any) -> Any:
    """A JSON-ready form of a metric or metric function."""
    return (
        function_record(metric)
        if isinstance(metric, types.FunctionType)
        else family.serialize(metric)
    )


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The metric behind such a form, or of a name."""
    return family.deserialize(config, custom_objects)


def from_function(
    fn: Callable[..., Any], y_true: Any = None, y_pred: Any = None, name: str | None = None
) -> Metric:
    """The metric of a user's function; its variables are made at once where shapes are given.

    Args:
        fn: `fn(y_true, y_pred)`, one tensor or a dict of name -> tensor.
        y_true: targets, real or abstract, or None.
        y_pred: predictions, likewise.
        name: key in logs; default: the function's name.
    """
    metric = FunctionMeans(fn, name=name)
    if y_true is not None and y_pred is not None:
        metric.build(y_true, y_pred)
    return metric


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
