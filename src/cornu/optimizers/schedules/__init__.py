"""Learning-rate schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cornu.errors import explain_missing_names
from cornu.optimizers.schedules.schedule import CosineDecay as CosineDecay
from cornu.optimizers.schedules.schedule import CosineDecayRestarts as CosineDecayRestarts
from cornu.optimizers.schedules.schedule import ExponentialDecay as ExponentialDecay
from cornu.optimizers.schedules.schedule import InverseTimeDecay as InverseTimeDecay
from cornu.optimizers.schedules.schedule import LearningRateSchedule as LearningRateSchedule
from cornu.optimizers.schedules.schedule import PiecewiseConstantDecay as PiecewiseConstantDecay
from cornu.optimizers.schedules.schedule import PolynomialDecay as PolynomialDecay
from cornu.serialization.family import Family

FAMILY = Family(
    "learning rate schedule",
    "keras.optimizers.schedules",
    [
        ExponentialDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
        InverseTimeDecay,
        CosineDecay,
        CosineDecayRestarts,
    ],
)


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """The JSON-ready form of a schedule."""
    return FAMILY.serialize(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule behind such a form."""
    return FAMILY.deserialize(config, custom_objects)


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
