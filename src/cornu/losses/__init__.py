"""Losses: functions of targets and predictions, and the classes that weigh and reduce them."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

from cornu.errors import explain_missing_names
from cornu.losses.classification import BinaryCrossentropy as BinaryCrossentropy
from cornu.losses.classification import CategoricalCrossentropy as CategoricalCrossentropy
from cornu.losses.classification import (
    CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy,
)
from cornu.losses.classification import CategoricalHinge as CategoricalHinge
from cornu.losses.classification import Hinge as Hinge
from cornu.losses.classification import KLDivergence as KLDivergence
from cornu.losses.classification import (
    SparseCategoricalCrossentropy as SparseCategoricalCrossentropy,
)
from cornu.losses.classification import SquaredHinge as SquaredHinge
from cornu.losses.classification import binary_crossentropy as binary_crossentropy
from cornu.losses.classification import categorical_crossentropy as categorical_crossentropy
from cornu.losses.classification import (
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
)
from cornu.losses.classification import categorical_hinge as categorical_hinge
from cornu.losses.classification import hinge as hinge
from cornu.losses.classification import kl_divergence as kl_divergence
from cornu.losses.classification import (
    sparse_categorical_crossentropy as sparse_categorical_crossentropy,
)
from cornu.losses.classification import squared_hinge as squared_hinge
from cornu.losses.ctc import CTC as CTC
from cornu.losses.ctc import ctc as ctc
from cornu.losses.focal import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from cornu.losses.focal import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from cornu.losses.focal import binary_focal_crossentropy as binary_focal_crossentropy
from cornu.losses.focal import categorical_focal_crossentropy as categorical_focal_crossentropy
from cornu.losses.loss import Loss as Loss
from cornu.losses.loss import LossFunctionWrapper as LossFunctionWrapper
from cornu.losses.loss import function_record
from cornu.losses.regression import Huber as Huber
from cornu.losses.regression import LogCosh as LogCosh
from cornu.losses.regression import MeanAbsoluteError as MeanAbsoluteError
from cornu.losses.regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from cornu.losses.regression import MeanSquaredError as MeanSquaredError
from cornu.losses.regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from cornu.losses.regression import Poisson as Poisson
from cornu.losses.regression import huber as huber
from cornu.losses.regression import log_cosh as log_cosh
from cornu.losses.regression import mean_absolute_error as mean_absolute_error
from cornu.losses.regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from cornu.losses.regression import mean_squared_error as mean_squared_error
from cornu.losses.regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from cornu.losses.regression import poisson as poisson
from cornu.losses.segmentation import Dice as Dice
from cornu.losses.segmentation import Tversky as Tversky
from cornu.losses.segmentation import dice as dice
from cornu.losses.segmentation import tversky as tversky
from cornu.losses.similarity import Circle as Circle
from cornu.losses.similarity import CosineSimilarity as CosineSimilarity
from cornu.losses.similarity import circle as circle
from cornu.losses.similarity import cosine_similarity as cosine_similarity
from cornu.serialization import registry
from cornu.serialization.family import Family

_FUNCTIONS = (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
    categorical_hinge,
    circle,
    cosine_similarity,
    ctc,
    dice,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
    tversky,
)
_CLASSES = (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CTC,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    CategoricalHinge,
    Circle,
    CosineSimilarity,
    Dice,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
)

# Short and former names. `cosine_proximity` had the sign that `cosine_similarity` has as a loss.
FUNCTION_ALIASES = {
    "MSE": mean_squared_error,
    "mse": mean_squared_error,
    "MAE": mean_absolute_error,
    "mae": mean_absolute_error,
    "MAPE": mean_absolute_percentage_error,
    "mape": mean_absolute_percentage_error,
    "MSLE": mean_squared_logarithmic_error,
    "msle": mean_squared_logarithmic_error,
    "KLD": kl_divergence,
    "kld": kl_divergence,
    "kullback_leibler_divergence": kl_divergence,
    "BCE": binary_crossentropy,
    "bce": binary_crossentropy,
    "logcosh": log_cosh,
    "huber_loss": huber,
    "cosine": cosine_similarity,
    "cosine_proximity": cosine_similarity,
}

family = Family("loss", "keras.losses", (*_CLASSES, *_FUNCTIONS), FUNCTION_ALIASES)
registry.register_own("keras.losses", (Loss,))
registry.register_own("keras.src.losses.losses", (LossFunctionWrapper,))


def get(identifier: Any) -> Any:
    """The loss meant by a name, a config, a class, an object or a function; None stays None.

    Raises:
        ValueError: if a name is not known.
    """
    return family.get(identifier)


def serialize(loss: Any) -> Any:
    """A JSON-ready form of a loss or loss function."""
    return function_record(loss) if isinstance(loss, types.FunctionType) else family.serialize(loss)


def deserialize(name: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The loss behind such a form, or of a name."""
    return family.deserialize(name, custom_objects)


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
