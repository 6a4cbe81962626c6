"""History: what `fit` returns."""

from __future__ import annotations

from typing import Any

from cornu.callbacks.callback import Callback, Logs, dispensable
from cornu.callbacks.logs import LazyLogs, find, missing, plain

_MOST_UNREAD = 100  # epochs; their values are kept on the device until then


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
        self.epoch: list[int] = []
        self._read: dict[str, list[Any]] = Series()
        self._unread: list[Logs] = []  # logs of epochs whose values may still be on their way

    @property
    def history(self) -> dict[str, list[Any]]:
        """Name of a log -> its values, one an epoch."""
        for logs in self._unread:
            for name, value in logs.items():
                self._read.setdefault(name, []).append(plain(value))
        self._unread.clear()
        return self._read

    @history.setter
    def history(self, value: dict[str, list[Any]]) -> None:
        self._unread.clear()
        self._read = value

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the list of epochs anew."""
        self.epoch = []

    @dispensable
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Add the logs of this epoch."""
        self.epoch.append(epoch)
        # Another callback may add to the same dict later; `dict.items` reads nothing.
        self._unread.append(LazyLogs(dict.items(logs) if isinstance(logs, dict) else logs or {}))
        if len(self._unread) > _MOST_UNREAD:
            _ = self.history
        if self.model is not None:
            self.model.history = self
