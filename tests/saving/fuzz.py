"""Feeds mutated files to the readers: they raise a FileError or give a description, nothing else.

    python fuzz.py SOURCE KIND SECONDS SEED      without a tool: random mutations of good files
    python fuzz.py SOURCE KIND CORPUS [OPTION]   guided by coverage, where `atheris` is installed

KIND is `keras`, `weights`, `json` or `legacy`. The readers are imported without JAX.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import random
import sys
import time
import types
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

GOOD_CONFIG = json.dumps(
    {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "m", "layers": [{"class_name": "Dense", "config": {"units": 2}}]},
        "registered_name": None,
    }
).encode()


def stand_in(source: str) -> None:
    """Let `cornu.saving.<module>` be imported without running `cornu` itself."""
    for name, path in (("cornu", source), ("cornu.saving", os.path.join(source, "saving"))):
        module = types.ModuleType(name)
        module.__path__ = [path]
        sys.modules[name] = module


def reader(name: str) -> Any:
    return importlib.import_module(f"cornu.saving.{name}")


def weights_file(compressed: bool = False) -> bytes:
    content = io.BytesIO()
    more = {"compression": "gzip", "shuffle": True} if compressed else {}
    with h5py.File(content, "w") as file:
        for i in range(3):
            group = file.create_group(f"layers/dense_{i}/vars")
            group.attrs["name"] = f"dense_{i}"
            group.create_dataset("0", data=np.arange(12, dtype="f4").reshape(3, 4), **more)
            group["1"] = np.arange(4, dtype="f4")
    return content.getvalue()


def legacy_file() -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file.attrs["model_config"] = GOOD_CONFIG
        group = file.create_group("model_weights/dense")
        file["model_weights"].attrs["layer_names"] = [b"dense"]
        group.attrs["weight_names"] = [b"dense/kernel:0"]
        group["dense/kernel:0"] = np.ones((3, 2), "f4")
    return content.getvalue()


def keras_file() -> bytes:
    content = io.BytesIO()
    texts = {"config.json": GOOD_CONFIG, "metadata.json": b"{}"}
    reader("container").write(content, texts, lambda member: member.write(weights_file()), {})
    return content.getvalue()


def read_hdf5(content: bytes) -> None:
    hdf5 = reader("hdf5")
    with hdf5.Reader(io.BytesIO(content), "it") as found:
        for array in found.root.all_arrays():
            assert array.nbytes <= hdf5.MAX_INFLATION * len(content)
            array.read()


def read_keras(content: bytes) -> None:
    container = reader("container")
    box = container.Container(io.BytesIO(content))
    reader("plain_json").parse(box.read(container.CONFIG), "config")
    with box.open(container.WEIGHTS) as stored:
        read_hdf5(stored.read())


KINDS: dict[str, tuple[Callable[[], list[bytes]], Callable[[bytes], None]]] = {
    "json": (lambda: [GOOD_CONFIG], lambda c: reader("plain_json").parse(c, "it")),
    "keras": (lambda: [keras_file()], read_keras),
    "legacy": (lambda: [legacy_file()], read_hdf5),
    "weights": (lambda: [weights_file(), weights_file(compressed=True)], read_hdf5),
}


def try_one(kind: str, content: bytes) -> bool:
    """Whether the content could be read; any error but a FileError is raised."""
    file_error = reader("damage").FileError
    try:
        KINDS[kind][1](content)
    except file_error as error:
        assert len(str(error)) < 300, error
        return False
    return True


def mutated(content: bytes, numbers: random.Random) -> bytes:
    """A few bytes flipped, set to extremes, cut out, doubled or moved."""
    found = bytearray(content)
    for _ in range(numbers.choice((1, 1, 2, 4, 16))):
        place, size = numbers.randrange(len(found)), numbers.choice((1, 2, 4, 8))
        kind = numbers.randrange(5)
        if kind == 0:
            found[place] ^= 1 << numbers.randrange(8)
        elif kind == 1:
            found[place : place + size] = numbers.choice((b"\x00", b"\xff", b"\x7f")) * size
        elif kind == 2 and len(found) > 64:
            del found[place : place + size]
        elif kind == 3:
            found[place:place] = found[place : place + size * 8]
        else:
            other = numbers.randrange(len(found))
            found[place : place + size] = found[other : other + size]
    return bytes(found)


def run_blindly(kind: str, seconds: float, seed: int) -> None:
    numbers, end = random.Random(seed), time.monotonic() + seconds
    corpus = KINDS[kind][0]()
    tries = read = 0
    while time.monotonic() < end:
        tries += 1
        content = mutated(numbers.choice(corpus), numbers)
        if len(sys.argv) > 5:  # keep what was tried last, should the process die
            with open(sys.argv[5], "wb") as file:
                file.write(content)
        read += try_one(kind, content)
    print(json.dumps({"kind": kind, "tries": tries, "read": read}))


def run_guided(kind: str, options: list[str]) -> None:
    atheris = importlib.import_module("atheris")
    folder = options[0]
    os.makedirs(folder, exist_ok=True)
    for i, content in enumerate(KINDS[kind][0]()):
        with open(os.path.join(folder, f"good_{i}"), "wb") as file:
            file.write(content)
    with atheris.instrument_imports():
        for name in ("hdf5", "container", "plain_json", "trailer"):
            reader(name)
    atheris.Setup([sys.argv[0], *options], lambda content: try_one(kind, content) and None)
    atheris.Fuzz()


if __name__ == "__main__":
    stand_in(sys.argv[1])
    if sys.argv[3].replace(".", "").isdigit():
        run_blindly(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
    else:
        run_guided(sys.argv[2], sys.argv[3:])
