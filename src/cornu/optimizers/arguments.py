"""Arguments that all optimizers share: what they may be, and their older names."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jax
import jax.core
import numpy as np

from cornu.core.variable import Variable
from cornu.errors import short, unexpected_keywords
from cornu.optimizers.schedules.schedule import LearningRateSchedule

RENAMED = {"lr": "learning_rate"}
ADDED = ("decay",)  # the rate of update t is `learning_rate / (1 + decay * t)`
IGNORED = frozenset({"jit_compile", "is_legacy_optimizer"})  # stand in configs that TF-Keras wrote


def read_legacy(owner: Any, keywords: Mapping[str, Any], given: Iterable[str]) -> dict[str, Any]:
    """The older spellings among `keywords`, under today's names.

    Args:
        owner: the optimizer, for messages and for the names it does take.
        keywords: the keyword arguments that no parameter took.
        given: names of all keywords as the user wrote them.

    Raises:
        UnexpectedKeywordError: for any other keyword.
    """
    strange = [name for name in keywords if name not in {*RENAMED, *ADDED, *IGNORED}]
    if strange:
        raise unexpected_keywords(
            type(owner).__name__, strange, [*_parameters(type(owner)), *ADDED]
        )
    found: dict[str, Any] = {}
    for name, value in keywords.items():
        current = RENAMED.get(name, name)
        if current != name and current in given:
            raise TypeError(f"{type(owner).__name__} got both `{name}` and `{current}`: give one")
        if name not in IGNORED:
            found[current] = value
    return found


def _parameters(cls: type) -> list[str]:
    names: dict[str, None] = {}
    for owner in cls.__mro__:
        init = owner.__dict__.get("__init__")
        if init is not None and owner is not object:
            names.update(dict.fromkeys(list(inspect.signature(init).parameters)[1:]))
    return [name for name in names if name not in ("args", "kwargs")]


def read_learning_rate(value: Any) -> float | LearningRateSchedule | Callable[[], Any] | jax.Array:
    """A learning rate as a float, a schedule, a function without arguments, or a traced scalar.

    Raises:
        ValueError: if it is none of these, or is negative or NaN.
    """
    if isinstance(value, LearningRateSchedule | jax.core.Tracer):
        return value
    if isinstance(value, type) and issubclass(value, LearningRateSchedule):
        raise ValueError(
            f"`learning_rate` is the class {value.__name__}; give an object: {value.__name__}(...)"
        )
    if isinstance(value, Variable):
        value = value.value
    number = _number(value)
    if number is None:
        if callable(value) and not hasattr(value, "get_config"):
            return value
        raise ValueError(
            "`learning_rate` must be a number, a LearningRateSchedule or a function without "
            f"arguments. Received: learning_rate={short(value)}"
        )
    if math.isnan(number) or number < 0:
        raise ValueError(f"`learning_rate` must not be negative or NaN. Received: {number}")
    return number


def _number(value: Any) -> float | None:
    if isinstance(value, bool | str | bytes) or value is None:
        return None
    if isinstance(value, int | float | np.number):
        return float(value)
    if isinstance(value, np.ndarray | jax.Array) and value.shape == ():
        return float(value)
    return None


def check_shared(optimizer: Any) -> None:
    """Check the arguments that every optimizer has.

    Raises:
        ValueError: if one cannot be, or two exclude each other.
    """
    clips = {
        name: getattr(optimizer, name) for name in ("clipnorm", "clipvalue", "global_clipnorm")
    }
    given = {name: value for name, value in clips.items() if value is not None}
    if len(given) > 1:
        raise ValueError(f"only one of {', '.join(clips)} may be given. Received: {given}")
    for name, value in given.items():
        if not value > 0:
            raise ValueError(f"`{name}` must be greater than 0. Received: {name}={value}")
    if not 0 <= optimizer.ema_momentum <= 1:
        raise ValueError(
            f"`ema_momentum` must be in [0, 1]. Received: ema_momentum={optimizer.ema_momentum}"
        )
    _check_count("ema_overwrite_frequency", optimizer.ema_overwrite_frequency, 1)
    _check_count("gradient_accumulation_steps", optimizer.gradient_accumulation_steps, 2)
    if optimizer.decay < 0:
        raise ValueError(f"`decay` must not be negative. Received: decay={optimizer.decay}")


def _check_count(name: str, value: Any, least: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(
            f"`{name}` must be None or an integer >= {least}. Received: {name}={value}"
        )
