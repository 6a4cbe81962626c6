"""A file is the old one or the new one, whole, wherever its writing is stopped or fails."""

from __future__ import annotations

import errno
import json
import os
import pathlib
import stat
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import cornu
from cornu.saving import atomic
from house import tree

WRITER = pathlib.Path(__file__).with_name("writer.py")


def run(*arguments: Any) -> dict[str, Any]:
    command = [sys.executable, str(WRITER), str(tree.SOURCE / "cornu"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["pieces", "weights", "archive"])
def test_every_call_may_be_the_last(kind: str, tmp_path: pathlib.Path) -> None:
    found = run(tmp_path, kind)
    assert found["wrong"] == []
    assert found["calls"] > 8
    assert found["old"] > 4 * (found["calls"] - 5)
    assert found["new"] > 0
    assert not found["jax"]
    # A killed process leaves its unfinished file; one that fails takes it away.
    assert found["left"] <= found["calls"] + 8


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    tmp_path.chmod(0o500)
    with pytest.raises(atomic.WriteError, match="cannot be written to"), atomic.replacing(path):
        pass
    assert path.read_bytes() == b"old"


def test_a_missing_folder(tmp_path: pathlib.Path) -> None:
    with (
        pytest.raises(atomic.WriteError, match="does not exist"),
        atomic.replacing(tmp_path / "no" / "model.keras"),
    ):
        pass


def test_a_full_disk_says_so(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(b"old")
    with (
        pytest.raises(atomic.WriteError, match=r"no space left.*unchanged"),
        atomic.replacing(path),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["model.keras"]


def test_an_error_of_the_caller_stays_itself(tmp_path: pathlib.Path) -> None:
    with pytest.raises(KeyError), atomic.replacing(tmp_path / "model.keras"):
        raise KeyError("mine")
    assert os.listdir(tmp_path) == []


def test_links_and_permissions_stay(tmp_path: pathlib.Path) -> None:
    real = tmp_path / "store" / "real.keras"
    real.parent.mkdir()
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.keras"
    link.symlink_to(real)
    with atomic.replacing(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    fresh = tmp_path / "fresh"
    with atomic.replacing(fresh) as file:
        file.write(b"new")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(fresh.stat().st_mode) == 0o666 & ~mask


TWO = """
import sys
sys.argv = ["writer", *sys.argv[1:]]
sys.path.insert(0, sys.argv[4])
import writer
writer.stand_in(sys.argv[1])
from cornu.saving import atomic, hdf5
import numpy as np
mark, path = float(sys.argv[2]), sys.argv[3]
for _ in range(int(sys.argv[5])):
    with atomic.replacing(path) as file:
        hdf5.write(file, [("a", np.full(50, mark, "float32"), "float32")], {})
    with open(path, "rb") as file, hdf5.Reader(file, "it") as reader:
        assert len(set(reader.root.arrays["a"].read())) == 1 and reader.trailer
"""


def test_two_writers_of_one_path(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "shared.weights.h5"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(tree.SOURCE / "cornu"), mark, str(path),
             str(WRITER.parent), "300"]
        )
        for mark in ("1", "2")
    ]  # fmt: skip
    assert [child.wait() for child in children] == [0, 0]
    assert os.listdir(tmp_path) == [path.name]


def test_saving_in_a_callback_sees_one_step(tmp_path: pathlib.Path) -> None:
    """Weights, optimizer state and step counter of a file belong to the same step."""
    x, y = np.ones((24, 3), "float32"), np.ones((24, 1), "float32")
    model = cornu.Sequential([cornu.Input((3,)), cornu.layers.Dense(1)])
    model.compile("adam", "mse")
    path = str(tmp_path / "step{batch}.keras")
    saver = cornu.callbacks.ModelCheckpoint(path, save_freq=1)
    model.fit(x, y, batch_size=8, epochs=1, callbacks=[saver], verbose=0, shuffle=False)
    for step in (1, 2):
        again = cornu.models.load_model(path.format(batch=step))
        assert int(again.optimizer.iterations) == step
        again.train_on_batch(x[:8], y[:8])
        after = cornu.models.load_model(path.format(batch=step + 1))
        for a, b in zip(again.get_weights(), after.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6)
