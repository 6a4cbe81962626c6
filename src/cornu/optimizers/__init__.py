"""Optimizers, and how to get one from a name or a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cornu.errors import explain_missing_names
from cornu.optimizers import legacy as legacy
from cornu.optimizers import schedules as schedules
from cornu.optimizers.adadelta import Adadelta as Adadelta
from cornu.optimizers.adafactor import Adafactor as Adafactor
from cornu.optimizers.adagrad import Adagrad as Adagrad
from cornu.optimizers.adam import Adam as Adam
from cornu.optimizers.adam import Adamax as Adamax
from cornu.optimizers.adam import AdamW as AdamW
from cornu.optimizers.adam import Lamb as Lamb
from cornu.optimizers.adam import Nadam as Nadam
from cornu.optimizers.ftrl import Ftrl as Ftrl
from cornu.optimizers.lion import Lion as Lion
from cornu.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from cornu.optimizers.multi import MultiOptimizer as MultiOptimizer
from cornu.optimizers.multi import OptimizerMap as OptimizerMap
from cornu.optimizers.muon import Muon as Muon
from cornu.optimizers.optimizer import Optimizer as Optimizer
from cornu.optimizers.rmsprop import RMSprop as RMSprop
from cornu.optimizers.schedule_free import ScheduleFreeAdamW as ScheduleFreeAdamW
from cornu.optimizers.sgd import SGD as SGD
from cornu.serialization.family import Family

_MEMBERS = (
    Optimizer,
    SGD,
    RMSprop,
    Adagrad,
    Adam,
    AdamW,
    Adamax,
    Nadam,
    Lamb,
    Adadelta,
    Ftrl,
    Lion,
    Adafactor,
    Muon,
    ScheduleFreeAdamW,
    LossScaleOptimizer,
    MultiOptimizer,
)
FAMILY = Family(
    "optimizer",
    "keras.optimizers",
    (*_MEMBERS, OptimizerMap),
    aliases={member.__name__.lower(): member for member in _MEMBERS},
)


def get(identifier: Any) -> Any:
    """The optimizer meant by a name (in any case), a config, a class or an object; None is None.

    Raises:
        UnknownNameError: if a name is not known.
        TypeError: if it is nothing of the above.
    """
    found = FAMILY.get(_folded(identifier))
    if found is None or isinstance(found, Optimizer):
        return found
    raise TypeError(
        "an optimizer must be a name, a config or an Optimizer. "
        f"Received: {type(identifier).__name__}"
    )


def serialize(optimizer: Optimizer) -> Any:
    """The JSON-ready form of an optimizer."""
    return FAMILY.serialize(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer behind such a form."""
    return FAMILY.deserialize(_folded(config), custom_objects)


def _folded(identifier: Any) -> Any:
    """The identifier with its name in lower case, where only the case keeps it from being found."""
    if isinstance(identifier, dict) and isinstance(identifier.get("class_name"), str):
        return {**identifier, "class_name": _folded(identifier["class_name"])}
    if isinstance(identifier, str) and identifier not in FAMILY.names:
        folded = identifier.lower()
        return folded if folded in FAMILY.names else identifier
    return identifier


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
