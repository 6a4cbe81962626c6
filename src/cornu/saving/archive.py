"""`.keras` files: config, metadata and values of a model in one zip container."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from cornu.saving import (
    assets,
    atomic,
    atomic_folder,
    container,
    folder,
    hdf5,
    legacy_config,
    plain_json,
    revive,
    weights,
)
from cornu.saving.damage import DamagedError, listed, shown
from cornu.serialization import codec

Box = container.Container | folder.Folder
KERAS_VERSION = "3.15.1"  # whose format is written


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model to a `.keras` file, atomically."""
    texts = _texts(model)  # before anything is made on the disk: a config may not be writable
    with atomic.replacing(path) as file, assets.collected(model) as files:
        container.write(file, texts, lambda member: weights.write(model, member), files)


def save_folder(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a model to a folder of its own, atomically.

    Raises:
        FileExistsError: if there is a folder that holds other things.
    """
    if os.path.isdir(path) and (found := folder.others(os.fspath(path))):
        raise FileExistsError(
            f"{os.fspath(path)} is a folder that holds other things than a model, and is not "
            f"replaced: {listed(found)}"
        )
    config = _config(model)
    with atomic_folder.replacing(path) as made, assets.collected(model) as files:
        folder.write(made, config, metadata(), lambda file: weights.write(model, file), files)


def write(model: Any, file: BinaryIO) -> None:
    """Write a model into an empty file, or into memory."""
    texts = _texts(model)
    with assets.collected(model) as files:
        container.write(file, texts, lambda member: weights.write(model, member), files)


def _texts(model: Any) -> dict[str, bytes]:
    return {container.METADATA: json.dumps(metadata()).encode(), **_config(model)}


def _config(model: Any) -> dict[str, bytes]:
    return {container.CONFIG: json.dumps(codec.serialize(model)).encode()}


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
    """The model of a `.keras` file, or of a folder with its members.

    Raises:
        FileError: if it is damaged, not safe to read, or does not fit together.
    """
    with opened(path) as box:
        return _model(box, shown(os.path.basename(os.path.abspath(path))), compile)


def read(file: BinaryIO, what: str, *, compile: bool = True) -> Any:
    """The model of an open `.keras` file, called `what` in messages."""
    return _model(container.Container(file), what, compile)


@contextlib.contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Box]:
    """The members of a `.keras` file or of a model's folder, by their names."""
    if os.path.isdir(path):
        yield folder.Folder(os.fspath(path))
        return
    with open(path, "rb") as file:
        yield container.Container(cast(Any, file))


def _model(box: Box, what: str, compile: bool) -> Any:
    config = plain_json.parse(box.read(container.CONFIG), container.CONFIG)
    with box.open(container.WEIGHTS) as stored, hdf5.Reader(stored, container.WEIGHTS) as reader:
        _check_together(box, reader, what)
        model = _revived(config, box, compile)
        weights.load(model, reader.root, what=what)
    assets.load(model, box, what)
    return model


def _revived(config: Any, box: Box, compile: bool) -> Any:
    """The model of a config; Keras 2.12 to 2.15 wrote theirs into the same kind of file."""
    about: Any = {}
    if container.METADATA in box:
        about = plain_json.parse(box.read(container.METADATA), container.METADATA)
    version = about.get("keras_version") if isinstance(about, dict) else None
    if not isinstance(version, str) or not version.startswith("2."):
        return revive.model(config, compile=compile)
    found = revive.old_model(config)
    training = legacy_config.compile_config(config.get("compile_config"))
    if compile and training is not None:
        revive.compile_old(found, training)
    return found


def _check_together(box: Box, reader: hdf5.Reader, what: str) -> None:
    """Refuse weights of another save than the rest of a folder."""
    expected = box.weights_digest if isinstance(box, folder.Folder) else None
    if expected and reader.trailer is not None and reader.trailer["sha256"] != expected:
        raise DamagedError(f"{container.WEIGHTS} is not the one that {what} was saved with")
