"""`.keras` files: config, metadata and values of a model in one zip container."""

from __future__ import annotations

import datetime
import io
import json
import os
from typing import Any, BinaryIO, cast

from cornu.saving import atomic, container, hdf5, plain_json, revive, weights
from cornu.saving.damage import shown
from cornu.serialization import codec

KERAS_VERSION = "3.15.1"  # whose format is written


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model to a `.keras` file, atomically."""
    texts = _texts(model)  # before anything is made on the disk: a config may not be writable
    with atomic.replacing(path) as file, atomic.scratch(path) as values:
        weights.write(model, values)
        container.write(file, texts, values, {})


def write(model: Any, file: BinaryIO) -> None:
    """Write a model into an empty file, or into memory."""
    texts = _texts(model)
    with io.BytesIO() as values:
        weights.write(model, values)
        container.write(file, texts, values, {})


def _texts(model: Any) -> dict[str, bytes]:
    return {
        container.METADATA: json.dumps(metadata()).encode(),
        container.CONFIG: json.dumps(codec.serialize(model)).encode(),
    }


def metadata() -> dict[str, str]:
    """Who wrote a file, and when.

    The environment variable `SOURCE_DATE_EPOCH` (seconds since 1970, as in reproducible builds)
    stands in for the time: files of equal models are then equal.
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    utc = datetime.UTC
    when = datetime.datetime.fromtimestamp(int(fixed), utc) if fixed.isdecimal() else None
    date = (when or datetime.datetime.now()).strftime("%Y-%m-%d@%H:%M:%S")
    return {"keras_version": KERAS_VERSION, "date_saved": date, "writer": "cornu"}


def load(path: str | os.PathLike[str], *, compile: bool = True) -> Any:
    """The model of a `.keras` file.

    Raises:
        FileError: if the file is damaged, not safe to read, or does not fit together.
    """
    with open(path, "rb") as file:
        return read(cast(Any, file), shown(os.path.basename(os.fspath(path))), compile=compile)


def read(file: BinaryIO, what: str, *, compile: bool = True) -> Any:
    """The model of an open `.keras` file, called `what` in messages."""
    archive = container.Container(file)
    config = plain_json.parse(archive.read(container.CONFIG), container.CONFIG)
    with (
        archive.open(container.WEIGHTS) as stored,
        hdf5.Reader(stored, container.WEIGHTS) as reader,
    ):
        model = revive.model(config, compile=compile)
        weights.load(model, reader.root, what=what)
    return model
