"""ModelCheckpoint."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from cornu.callbacks.callback import Logs, Mode, dispensable
from cornu.callbacks.console import say
from cornu.callbacks.logs import find, missing, plain
from cornu.callbacks.monitor import Monitor
from cornu.errors import did_you_mean


class ModelCheckpoint(Monitor):
    """Saves the model, or its weights, while it is trained.

    A value that is not finite is never the best, so a model that has diverged does not replace a
    good file.

    Args:
        filepath: path of the file, ending in `.keras` or `.h5`, or in `.weights.h5` with
            `save_weights_only`. May hold `{epoch}` and names of logs, e.g.
            `"{epoch:02d}-{val_loss:.2f}.keras"`; folders are made.
        monitor: name of the value in the logs by which the best is chosen.
        verbose: 1 prints what is done.
        save_best_only: whether to save only when `monitor` improved.
        save_weights_only: whether to save the weights alone.
        mode: "min", "max", or "auto" to tell by the metric.
        save_freq: "epoch", or a number of batches.
        initial_value_threshold: value that the first save must beat.

    Raises:
        ValueError: for a file name of another kind, or an impossible `save_freq`.
    """

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode, baseline=initial_value_threshold)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        check_frequency(save_freq)
        _check_ending(self.filepath, save_weights_only)
        self._epoch = 0
        self._last_batch = -1
        self._batches_since_save = 0

    def wants_batches(self, mode: Mode) -> bool:
        """Only for saving in mid-epoch is every batch needed."""
        return super().wants_batches(mode) or (mode == "train" and self.save_freq != "epoch")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch for file names."""
        self._epoch = epoch
        self._last_batch = -1

    @dispensable
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Save when enough batches have passed."""
        super().on_train_batch_end(batch, logs)
        if self.save_freq == "epoch":
            return
        self._batches_since_save += batch - self._last_batch
        self._last_batch = batch
        if self._batches_since_save >= int(self.save_freq):
            self._batches_since_save = 0
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save, where saving goes by epochs."""
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        logs = logs if logs is not None else {}
        reason = self._reason(epoch, logs)
        if reason is None:
            return
        path = self._path(epoch, batch, logs)
        self._report(epoch, f"{reason}saving model to {path}")
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        self._report(epoch, f"finished saving model to {path}")

    def _reason(self, epoch: int, logs: Mapping[str, Any]) -> str | None:
        """How the message about saving begins; None if there is nothing to save."""
        if not self.save_best_only:
            return ""
        value = self.get_monitor_value(logs)
        if value is None:
            return None
        if getattr(value, "shape", ()) != ():
            self._warn_once(f"'{self.monitor}' is no single number", "; every model is saved")
            return ""
        if not np.isfinite(value):
            self._warn_once(
                f"'{self.monitor}' is {value}", "; such a model is never saved as the best"
            )
        if not self.is_better(value, self.best):
            best = "None" if self.best is None else f"{self.best:.5f}"
            self._report(epoch, f"{self.monitor} did not improve from {best}")
            return None
        old = "None" if self.best is None else f"{self.best:.5f}"
        self.best = value
        return f"{self.monitor} improved from {old} to {value:.5f}, "

    def _report(self, epoch: int, text: str) -> None:
        if self.verbose > 0:
            say(f"\nEpoch {epoch + 1}: {text}")

    def _path(self, epoch: int, batch: int | None, logs: Mapping[str, Any]) -> str:
        fields = _Fields(logs, epoch=epoch + 1, **({} if batch is None else {"batch": batch + 1}))
        try:
            path = self.filepath.format_map(fields)
        except KeyError as error:
            raise KeyError(
                f"filepath '{self.filepath}' of ModelCheckpoint: {error.args[0]}"
            ) from None
        if os.path.isdir(path):
            raise IsADirectoryError(f"filepath of ModelCheckpoint is a folder: {path}")
        return path


class _Fields(dict[str, Any]):
    """What may stand in braces in a file name."""

    def __init__(self, logs: Mapping[str, Any], **fields: int) -> None:
        super().__init__(logs, **fields)

    def __getitem__(self, name: str) -> Any:
        other = find(self, name)
        if other is None:
            raise KeyError(missing(name, self))
        return plain(super().__getitem__(other))


def check_frequency(save_freq: Any) -> None:
    """Refuse a `save_freq` that is neither "epoch" nor a positive number of batches."""
    if save_freq == "epoch":
        return
    if isinstance(save_freq, bool) or not isinstance(save_freq, int | np.integer) or save_freq < 1:
        hint = did_you_mean(save_freq, ["epoch"]) if isinstance(save_freq, str) else ""
        raise ValueError(
            "save_freq must be 'epoch' or a positive number of batches. "
            f"Received: save_freq={save_freq!r}{hint}"
        )


def _check_ending(path: str, weights_only: bool) -> None:
    endings = (".weights.h5",) if weights_only else (".keras", ".h5")
    if not path.endswith(endings):
        wanted = " or ".join(f"'{ending}'" for ending in endings)
        when = " with save_weights_only=True" if weights_only else ""
        raise ValueError(
            f"filepath of ModelCheckpoint must end in {wanted}{when}. Received: '{path}'"
        )
