"""BackupAndRestore: an interrupted `fit` goes on as if nothing had happened."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import numpy as np
import pytest

import cornu
from cornu.callbacks import BackupAndRestore, Callback, LambdaCallback

X = np.random.default_rng(0).normal(size=(24, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def make() -> Any:
    cornu.utils.set_random_seed(3)
    model = cornu.Sequential([cornu.Input((3,)), cornu.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


class Stop(Callback):
    """Breaks off the run in an epoch, after a batch of it."""

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__()
        self.at, self.epoch = (epoch, batch), 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if (self.epoch, batch) == self.at:
            raise RuntimeError("power cut")


@pytest.mark.parametrize("save_freq", ["epoch", 2])
def test_a_run_goes_on_where_it_was(save_freq: Any, tmp_path: pathlib.Path) -> None:
    whole = make()
    whole.fit(X, Y, batch_size=8, epochs=4, verbose=0)
    folder = tmp_path / "backup"
    broken = make()
    backup = BackupAndRestore(folder, save_freq=save_freq, delete_checkpoint=False)
    with pytest.raises(RuntimeError, match="power cut"):
        broken.fit(X, Y, batch_size=8, epochs=4, verbose=0, callbacks=[backup, Stop(2, 1)])
    assert len(os.listdir(folder)) == 1
    again, epochs = make(), []
    note = LambdaCallback(on_epoch_begin=lambda epoch, logs: epochs.append(epoch))
    backup = BackupAndRestore(folder, save_freq=save_freq)
    again.fit(X, Y, batch_size=8, epochs=4, verbose=0, callbacks=[backup, note])
    assert epochs == [2, 3]
    assert int(again.optimizer.iterations) == 12
    for a, b in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert not folder.exists()


def test_a_damaged_backup_gives_way_to_the_one_before(tmp_path: pathlib.Path) -> None:
    model = make()
    backup = BackupAndRestore(tmp_path, double_checkpoint=True, delete_checkpoint=False)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[backup])
    first, second = sorted(os.listdir(tmp_path))
    content = bytearray((tmp_path / second).read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / second).write_bytes(bytes(content))
    again = make()
    with pytest.warns(UserWarning, match="is not used: .*damaged"):
        again.fit(X, Y, epochs=2, verbose=0, callbacks=[BackupAndRestore(tmp_path)])
    assert int(again.optimizer.iterations) == 2
    assert first not in os.listdir(tmp_path) if tmp_path.exists() else True


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="must be the path of a folder"):
        BackupAndRestore("")
    with pytest.raises(ValueError, match="positive number of batches"):
        BackupAndRestore("x", save_freq=0)
