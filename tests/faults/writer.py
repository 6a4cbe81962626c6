"""Writes a file again and again, stopped or failing at each call that changes the disk.

    python writer.py SOURCE FOLDER KIND

KIND is the file written. Each try is a process of its own, forked from this one, which has imported
the writer's own modules only and no JAX. Prints as JSON how many tries there were and what went
wrong: a path that holds neither the old file nor the new one, a process that said nothing.
"""

from __future__ import annotations

import builtins
import errno
import importlib
import io
import json
import os
import signal
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

CALLS = ("open", "write", "fsync", "fchmod", "replace", "unlink", "rename")


class Shim:
    """Counts the calls that change the disk, and strikes at one of them."""

    def __init__(self, action: str, at: int) -> None:
        self.action, self.at, self.count = action, at, 0

    def strike(self) -> None:
        self.count += 1
        if self.count != self.at:
            return
        if self.action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        number = getattr(errno, self.action)
        raise OSError(number, os.strerror(number))

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def struck(*args: Any, **kwargs: Any) -> Any:
            self.strike()
            return call(*args, **kwargs)

        return struck


class Unbuffered(io.FileIO):
    """A file whose every write goes to the system at once, and through the shim."""

    shim: Shim

    def write(self, data: Any) -> int:
        self.shim.strike()
        return super().write(data)


def install(shim: Shim) -> None:
    for name in CALLS:
        if name not in ("write", "open"):
            setattr(os, name, shim.before(getattr(os, name)))
    os.open = shim.before(os.open)
    Unbuffered.shim = shim
    original = builtins.open

    def opened(file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        return (
            Unbuffered(file, mode)
            if "b" in mode and "+" in mode
            else original(file, mode, *args, **kwargs)
        )

    builtins.open = opened


def stand_in(source: str) -> None:
    """Let `cornu.saving.<module>` be imported without running `cornu` itself."""
    for name, path in (("cornu", source), ("cornu.saving", os.path.join(source, "saving"))):
        module = types.ModuleType(name)
        module.__path__ = [path]
        sys.modules[name] = module


def modules(*names: str) -> list[Any]:
    """Modules of `cornu.saving`, which can be found after `stand_in` only."""
    return [importlib.import_module(f"cornu.saving.{name}") for name in names]


def content(kind: str) -> Callable[[Any], None]:
    """What is written: text in pieces, a weights file, or a whole archive."""
    container, hdf5 = modules("container", "hdf5")

    arrays = [(f"layers/dense/vars/{i}", np.full((5, 3), i, "float32"), "float32") for i in (0, 1)]
    attributes = {"layers/dense/vars": {"name": "new"}}

    def pieces(file: Any) -> None:
        for i in range(5):
            file.write(b"new %d" % i * 50)

    def weights(file: Any) -> None:
        hdf5.write(file, arrays, attributes)

    def archive(file: Any) -> None:
        texts = {container.CONFIG: b"{}", container.METADATA: b"{}"}
        container.write(file, texts, weights, {})

    return {"pieces": pieces, "weights": weights, "archive": archive}[kind]


ACTIONS = ("kill", "ENOSPC", "EIO", "EROFS")
OLD = b"the old file" * 40


def attempt(write: Callable[[Any], None], path: str, action: str, at: int, report: str) -> int:
    """One write in a process of its own: its wait status; what it says stands in `report`."""
    child = os.fork()
    if child:
        return os.waitpid(child, 0)[1]
    status = 1
    try:
        (atomic,) = modules("atomic")
        said = open(report, "w")  # noqa: SIM115
        shim = Shim(action, at)
        install(shim)
        try:
            with atomic.replacing(path) as file:
                write(file)
            said.write(f"calls {shim.count}")
            status = 0
        except OSError as error:
            said.write(f"{type(error).__name__}: {error}")
        said.flush()
    finally:
        os._exit(status)


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def main(source: str, folder: str, kind: str) -> None:
    stand_in(source)
    write = content(kind)
    path, report = os.path.join(folder, "model"), os.path.join(folder, "report")
    attempt(write, path, "none", 0, report)
    calls, new = int(read(report).split()[1]), read(path)
    wrong: list[str] = []
    ends = {OLD: 0, new: 0}
    for action in ACTIONS:
        for at in range(1, calls + 1):
            with open(path, "wb") as file:
                file.write(OLD)
            with open(report, "wb"):
                pass
            status = attempt(write, path, action, at, report)
            found, said = read(path), read(report).decode()
            place = f"{kind}, {action} at call {at} of {calls}: {said[:200]}"
            if found not in ends:
                wrong.append(f"neither old nor new after {place}")
                continue
            ends[found] += 1
            if action == "kill":
                continue
            words = "unchanged" if found == OLD else "in place" if status else "calls"
            if words not in said or (found == OLD and not status):
                wrong.append(f"said the wrong thing: {place}")
    left = [name for name in os.listdir(folder) if name not in ("model", "report")]
    print(json.dumps({"calls": calls, "old": ends[OLD], "new": ends[new], "wrong": wrong,
                      "left": len(left), "jax": "jax" in sys.modules}))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:4])
