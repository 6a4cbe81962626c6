"""BackupAndRestore."""

from __future__ import annotations

import contextlib
import os
import re

from cornu.callbacks.callback import Callback, Logs, Mode, dispensable
from cornu.callbacks.checkpoint import check_frequency
from cornu.errors import warn

_NAME = re.compile(r"epoch_(\d{6})_batch_(\d{6})\.weights\.h5")


class BackupAndRestore(Callback):
    """Keeps a backup of the state of training, from which an interrupted `fit` goes on.

    The weights, the optimizer's state and the place in the run go into one file, which its name
    dates, so that a crash leaves the old backup or the new one. The next `fit` with the same folder
    starts from it. Batches come in the same order if `set_random_seed` was called alike.

    Args:
        backup_dir: folder of the backups; is made, and belongs to one run at a time.
        save_freq: "epoch", or a number of batches.
        double_checkpoint: whether to keep the backup before the last one, too.
        delete_checkpoint: whether to remove the backups when `fit` has ended well.

    Raises:
        ValueError: for an empty `backup_dir` or an impossible `save_freq`.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("backup_dir of BackupAndRestore must be the path of a folder")
        check_frequency(save_freq)
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._epoch = 0
        self._since = 0

    def wants_batches(self, mode: Mode) -> bool:
        """Only for backups in mid-epoch is every batch needed."""
        return mode == "train" and self.save_freq != "epoch"

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Go on from the newest backup that can be read, if there is one."""
        for name in reversed(self._backups()):
            path = os.path.join(self.backup_dir, name)
            try:
                self.model.load_weights(path)
            except ValueError as error:
                warn(f"backup {name} is not used: {str(error)[:200]}")
                continue
            found = _NAME.fullmatch(name)
            assert found is not None
            self.model.resume_at = (int(found[1]), int(found[2]))
            return

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the epoch."""
        self._epoch = epoch
        self._since = 0

    @dispensable
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Back up when enough batches have passed."""
        if self.save_freq == "epoch":
            return
        self._since += 1
        if self._since >= int(self.save_freq):
            self._since = 0
            self._save(self._epoch, batch + 1)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Back up, where that goes by epochs."""
        if self.save_freq == "epoch":
            self._save(epoch + 1, 0)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Remove the backups: the run is complete."""
        if not self.delete_checkpoint:
            return
        for name in self._backups():
            os.remove(os.path.join(self.backup_dir, name))
        with contextlib.suppress(OSError):  # other files are none of ours
            os.rmdir(self.backup_dir)

    def _save(self, epoch: int, batch: int) -> None:
        os.makedirs(self.backup_dir, exist_ok=True)
        name = f"epoch_{epoch:06d}_batch_{batch:06d}.weights.h5"
        self.model.save_weights(os.path.join(self.backup_dir, name), overwrite=True)
        older = [other for other in self._backups() if other < name]
        for other in older[:-1] if self.double_checkpoint else older:
            os.remove(os.path.join(self.backup_dir, other))

    def _backups(self) -> list[str]:
        """Names of the backups, oldest first."""
        if not os.path.isdir(self.backup_dir):
            return []
        return sorted(name for name in os.listdir(self.backup_dir) if _NAME.fullmatch(name))
