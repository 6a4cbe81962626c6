"""EarlyStopping."""

from __future__ import annotations

from typing import Any

from cornu.callbacks.callback import Logs
from cornu.callbacks.console import say
from cornu.callbacks.monitor import Monitor


class EarlyStopping(Monitor):
    """Stops training when a value has stopped improving.

    A value that is not finite never counts as an improvement.

    Args:
        monitor: name of the value in the logs.
        min_delta: least change that counts as an improvement; its sign does not matter.
        patience: epochs without improvement after which training stops.
        verbose: 1 prints when training stops and which epoch's weights come back.
        mode: "min", "max", or "auto" to tell by the metric.
        baseline: value that must be beaten for the patience to start anew.
        restore_best_weights: whether the model gets back the weights of its best epoch, whether or
            not that beat the baseline.
        start_from_epoch: first epoch (from 0) that counts.

    Raises:
        ValueError: if `patience` is negative, or at the first epoch's end if nothing tells which
            direction of `monitor` is better.

    Example:
        >>> stop = EarlyStopping(monitor="val_accuracy", patience=3, restore_best_weights=True)
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        if patience < 0:
            raise ValueError(f"patience must not be negative. Received: patience={patience}")
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._reset()

    def _reset(self) -> None:
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Forget what an earlier `fit` saw."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Note an improvement, or stop when there was none for too long."""
        value = self.get_monitor_value(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        self.wait += 1
        if self.is_better(value, self.best):
            self.best = value
            self.best_epoch = epoch
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            if self.baseline is None or self.is_better(value, self.baseline):
                self.wait = 0
            return
        if self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Give the best weights back."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose > 0:
                best = self.best_epoch + 1
                say(f"Restoring model weights from the end of the best epoch: {best}.")
            self.model.set_weights(self.best_weights)
