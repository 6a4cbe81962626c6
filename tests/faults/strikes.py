"""Saves models over older ones, struck at the calls to the system that change the disk.

    LD_PRELOAD=shim.so python strikes.py KIND FOLDER EVERY

KIND is what is saved (`KINDS`). Each try is a process of its own, forked from this one, in which
`shim.c` strikes at one call; EVERY 1 strikes at all of them, 5 at each fifth. Prints as JSON how
many tries there were, how they ended, and what went wrong.
"""

from __future__ import annotations

import collections
import ctypes
import errno
import hashlib
import json
import os
import pathlib
import re
import shutil
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import cornu

# What befalls the call: the number that `shim.c` has for it, and the error of a call that fails.
ACTIONS = {
    "kill": (1, 0),
    "half, then kill": (2, 0),
    "ENOSPC": (3, errno.ENOSPC),
    "EIO": (3, errno.EIO),
    "full from then on": (4, errno.ENOSPC),
    "gone from then on": (5, errno.EIO),
}
KILLS = ("kill", "half, then kill")
Snapshot = dict[str, str]


def digest(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def one_file(path: pathlib.Path) -> Snapshot:
    return {path.name: digest(path)}


def whole_folder(path: pathlib.Path) -> Snapshot:
    return {str(p.relative_to(path)): digest(p) for p in path.rglob("*") if p.is_file()}


def shards(path: pathlib.Path) -> Snapshot:
    """What the index leads to; the shards' own names don't count."""
    where = json.loads(path.read_text())["weight_map"]
    return {key: digest(path.parent / name) for key, (name,) in where.items()}


KINDS: dict[str, tuple[str, Callable[..., None], Callable[[pathlib.Path], Snapshot]]] = {
    "archive": ("m.keras", lambda model, path: model.save(path), one_file),
    "weights": ("m.weights.h5", lambda model, path: model.save_weights(path), one_file),
    "shards": (
        "m.weights.json",
        lambda model, path: model.save_weights(path, max_shard_size=1e-8),
        shards,
    ),
    "folder": ("m", lambda model, path: model.save(path, zipped=False), whole_folder),
    "legacy": ("m.h5", lambda model, path: model.save(path), one_file),
}


def model(value: float) -> Any:
    """A small model that was trained a step, all its weights set to one value."""
    made = cornu.Sequential(
        [cornu.Input((3,)), cornu.layers.Dense(4, name="a"), cornu.layers.Dense(2, name="b")],
        name="m",
    )
    made.compile(cornu.optimizers.SGD(momentum=0.9), "mse")
    made.train_on_batch(np.ones((4, 3), "float32"), np.ones((4, 2), "float32"))
    made.set_weights([np.full(w.shape, value, w.dtype) for w in made.get_weights()])
    for variable in made.optimizer.variables:
        np.asarray(variable.value)  # on the host before the process forks
    return made


class Striker:
    """Saves one kind of file over an old one, again and again."""

    def __init__(self, kind: str, folder: pathlib.Path) -> None:
        name, self.save, self.look = KINDS[kind]
        self.kind, self.folder = kind, folder / "place"
        self.path, self.report = self.folder / name, folder / "report"
        self.shim = ctypes.CDLL(None)
        self.new_model = model(2.0)
        self.kept = folder / "kept"
        self.kept.mkdir()
        self.save(model(1.0), self.kept / name)
        self.old = self.look(self.kept / name)
        self.reset()
        self.tried(0, 0, 0)
        self.calls, self.new = int(self.report.read_text()), self.look(self.path)
        self.wrong: list[str] = []
        self.ends: collections.Counter[str] = collections.Counter()
        assert self.new != self.old
        self.at_first = self.names()
        assert self.at_first == sorted(os.listdir(self.kept))

    def reset(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.kept, self.folder)
        self.report.write_text("")

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    def tried(self, number: int, at: int, error: int) -> int:
        """Save in a process of its own, struck at call `at` (0: at none); its wait status."""
        child = os.fork()
        if child:
            return os.waitpid(child, 0)[1]
        status = 3
        try:
            self.shim.shim_arm(number, at, error)
            try:
                self.save(self.new_model, self.path)
                said, status = str(self.shim.shim_disarm()), 0
            except Exception as problem:
                self.shim.shim_disarm()
                said, status = f"{type(problem).__name__}: {problem}", 1
            self.report.write_text(said)
        finally:
            os._exit(status)

    def strike(self, action: str, at: int) -> None:
        number, error = ACTIONS[action]
        self.reset()
        status = self.tried(number, at, error)
        said, place = self.report.read_text(), f"{self.kind}, {action} at call {at}/{self.calls}"
        try:
            found = self.look(self.path)
        except (OSError, ValueError) as problem:
            self.wrong.append(f"{place}: nothing whole is there: {problem!r}")
            return
        state = "old" if found == self.old else "new" if found == self.new else "neither"
        ending = "killed" if os.WIFSIGNALED(status) else "failed" if status else "saved"
        self.ends[f"{ending}, {state}"] += 1
        self.wrong += [f"{place}: {text}" for text in self.complaints(action, state, ending, said)]
        self.check_what_is_left(action, state, place)
        if self.tried(0, 0, 0) or self.look(self.path) != self.new:
            self.wrong.append(f"{place}: saving again failed: {self.report.read_text()[:200]}")

    def complaints(self, action: str, state: str, ending: str, said: str) -> list[str]:
        found = []
        if state == "neither":
            found.append("neither the old file nor the new one")
        if (ending == "killed") != (action in KILLS):
            found.append(f"{ending}, of all ends: {said[:200]}")
        if ending == "saved" and state != "new":
            found.append(f"said that it saved, but {state}")
        if ending == "failed":
            words = {"old": "unchanged", "new": "in place"}.get(state, "?")
            if not said.startswith(("WriteError", "UnconfirmedError")) or words not in said:
                found.append(f"{state}, but says {said[:300]}")
        return found

    def check_what_is_left(self, action: str, state: str, place: str) -> None:
        """Unfinished files have names of no model's; who only fails takes them away."""
        left = [name for name in self.names() if name not in self.at_first]
        if self.kind == "shards":  # whole ones may stay, under numbers of their own
            left = [name for name in left if not re.fullmatch(r"m_\d{5}\.weights\.h5", name)]
        visible = [name for name in left if not (name.startswith(".") and name.endswith(".new"))]
        # An old folder that cannot be removed stays, under the name that the new one had.
        tidy = action in ("ENOSPC", "EIO", "full from then on") and not (
            self.kind == "folder" and state == "new"
        )
        if visible or (left and tidy):
            self.wrong.append(f"{place}: leaves {left}")


def main(kind: str, folder: str, every: str) -> None:
    warnings.filterwarnings("ignore", message="os.fork", category=RuntimeWarning)
    striker = Striker(kind, pathlib.Path(folder))
    step = int(every)
    for i, action in enumerate(ACTIONS):
        for at in range(1 + i % step, striker.calls + 1, step):
            striker.strike(action, at)
    print(json.dumps({"calls": striker.calls, "ends": striker.ends, "wrong": striker.wrong}))


if __name__ == "__main__":
    os.environ["SOURCE_DATE_EPOCH"] = "0"  # two files of one model are then the same bytes
    main(*sys.argv[1:4])
