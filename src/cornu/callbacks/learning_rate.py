"""Callbacks that set the learning rate: LearningRateScheduler, ReduceLROnPlateau."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cornu.callbacks.callback import Callback, Logs
from cornu.callbacks.console import say
from cornu.callbacks.monitor import Monitor
from cornu.errors import short, unexpected_keywords, warn


def read_rate(model: Any, owner: str) -> float:
    """The learning rate of the model's optimizer.

    Raises:
        ValueError: if there is no optimizer with a learning rate.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None or not hasattr(optimizer, "learning_rate"):
        raise ValueError(
            f"{owner}: the model has no optimizer with a learning rate; compile it first"
        )
    return float(np.asarray(optimizer.learning_rate))


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of every epoch.

    Args:
        schedule: function `(epoch, learning_rate) -> new learning rate`, epoch from 0; a function
            of the epoch alone will do.
        verbose: 1 prints each rate.

    Raises:
        TypeError: if `schedule` is not callable.
        ValueError: in training, if `schedule` gives no finite, non-negative number.

    Example:
        >>> halve = LearningRateScheduler(lambda epoch, lr: lr * 0.5)
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0) -> None:
        super().__init__()
        if not callable(schedule):
            raise TypeError(f"schedule must be a function (epoch, lr). Received: {short(schedule)}")
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Set the rate of this epoch."""
        rate = read_rate(self.model, "LearningRateScheduler")
        arguments = (epoch, rate) if _takes_rate(self.schedule) else (epoch,)
        rate = _checked(self.schedule(*arguments))
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: LearningRateScheduler setting learning rate to {rate}.")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Log the rate."""
        if logs is not None:
            logs["learning_rate"] = read_rate(self.model, "LearningRateScheduler")


def _takes_rate(schedule: Callable[..., Any]) -> bool:
    try:
        inspect.signature(schedule).bind(0, 0.1)
    except TypeError:
        return False
    except ValueError:  # built-in functions without a signature
        return True
    return True


def _checked(rate: Any) -> float:
    if getattr(rate, "shape", ()) == () and not isinstance(rate, str | bool | None):
        try:
            number = float(rate)
        except (TypeError, ValueError):
            number = math.nan
        if math.isfinite(number) and number >= 0:
            return number
    raise ValueError(
        "schedule of LearningRateScheduler must return a finite, non-negative number. "
        f"Received: {short(rate)}"
    )


class ReduceLROnPlateau(Monitor):
    """Lowers the learning rate when a value has stopped improving.

    Args:
        monitor: name of the value in the logs.
        factor: the new rate is the old one times this; less than 1.
        patience: epochs without improvement after which the rate is lowered.
        verbose: 1 prints each change.
        mode: "min", "max", or "auto" to tell by the metric.
        min_delta: least change that counts as an improvement.
        cooldown: epochs after a change in which nothing is counted.
        min_lr: lower bound of the rate.

    Raises:
        ValueError: if `factor` is 1 or more.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        if "epsilon" in kwargs:
            warn("ReduceLROnPlateau: `epsilon` is called `min_delta`")
            min_delta = kwargs.pop("epsilon")
        if kwargs:
            raise unexpected_keywords("ReduceLROnPlateau", kwargs, _PLATEAU_ARGUMENTS)
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1:
            raise ValueError(f"factor must be less than 1. Received: factor={factor}")
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self._reset()

    def _reset(self) -> None:
        self.best = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget what an earlier `fit` saw."""
        self._reset()

    def in_cooldown(self) -> bool:
        """Whether a change is too recent to count epochs."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Log the rate; lower it when there was no improvement for too long."""
        value = self.get_monitor_value(logs)
        rate = read_rate(self.model, "ReduceLROnPlateau")
        if logs is not None:
            logs["learning_rate"] = rate
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.is_better(value, self.best):
            self.best = value
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                self._lower(rate, epoch)

    def _lower(self, rate: float, epoch: int) -> None:
        rate = max(rate * self.factor, self.min_lr)
        self.model.optimizer.learning_rate = rate
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing learning rate to {rate}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0


_PLATEAU_ARGUMENTS = tuple(inspect.signature(ReduceLROnPlateau.__init__).parameters)[1:-1]
