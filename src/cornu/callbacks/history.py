"""History: what `fit` returns."""

from __future__ import annotations

from typing import Any

from cornu.callbacks.callback import Callback, Logs
from cornu.callbacks.logs import find, missing, plain


class Series(dict[str, list[Any]]):
    """Name of a log -> its values, one an epoch."""

    def __missing__(self, name: str) -> list[Any]:
        other = find(self, name)
        if other is None:
            raise KeyError(missing(name, self))
        return self[other]


class History(Callback):
    """Keeps the logs of every epoch; `fit` adds one by itself and returns it.

    Attributes:
        history: dict from a log's name to the list of its values, one an epoch, Python floats.
        epoch: the numbers of the epochs, from 0.
    """

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = Series()
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the list of epochs anew."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the logs of this epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(plain(value))
        if self.model is not None:
            self.model.history = self
