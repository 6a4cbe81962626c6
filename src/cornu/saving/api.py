"""`save_model`, `load_model`, `save_weights`, `load_weights`, `model_from_json`.

Writing goes by the ending of the path, reading by what the file holds.
"""

from __future__ import annotations

import os
import sys
from typing import Any, cast

from cornu.errors import did_you_mean, short, unexpected_keywords
from cornu.saving import (
    archive,
    container,
    folder,
    hdf5,
    legacy_h5,
    plain_json,
    revive,
    sharded,
    weights,
)
from cornu.saving.atomic import replacing
from cornu.saving.damage import FileError, shown
from cornu.serialization import safety
from cornu.serialization.registry import CustomObjectScope

Path = str | os.PathLike[str]
_HDF5 = (".h5", ".hdf5")
_MAGIC = {b"PK\x03\x04": "zip", b"\x89HDF": "hdf5"}


def save_model(
    model: Any, filepath: Path, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Write a model to a file: what it is made of, its weights, how it was compiled.

    The file appears whole or not at all, and an older one stays until then.

    Args:
        model: the model.
        filepath: ending in `.keras`, or in `.h5` for the format of Keras 1 and 2.
        overwrite: whether a file that is there is replaced; else it is asked or an error.
        zipped: False writes a folder with the members of the `.keras` archive as files; its name
            must not end in `.keras` then.
        **kwargs: `include_optimizer` for `.h5`; `save_format`, which the ending says already.

    Raises:
        ValueError: for another ending.
        FileExistsError: if the file is there and is not to be replaced.
        WriteError: an OSError, if it cannot be written.
    """
    include_optimizer = kwargs.pop("include_optimizer", True)
    kwargs.pop("save_format", None)
    if kwargs:
        known = ("filepath", "overwrite", "zipped", "include_optimizer")
        raise unexpected_keywords("save_model", kwargs, known)
    path = os.fspath(filepath)
    if zipped is False:
        if path.endswith(".keras"):
            raise ValueError(
                f"with zipped=False the path is a folder's: it must not end in '.keras'. "
                f"Received: filepath={path!r}"
            )
        if _may_write(path, overwrite):
            archive.save_folder(model, path)
        return
    if not path.endswith((".keras", *_HDF5)):
        raise ValueError(
            f"the path of a model must end in '.keras' (or '.h5'). Received: filepath={path!r}"
        )
    if not _may_write(path, overwrite):
        return
    if path.endswith(".keras"):
        archive.save(model, path)
    else:
        legacy_h5.save_model(model, path, include_optimizer=include_optimizer)


def load_model(
    filepath: Path,
    custom_objects: dict[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Any:
    """The model of a file that `save_model`, or Keras since 1.2, wrote.

    Args:
        filepath: a `.keras` file, a folder with its members, or a whole model in `.h5`.
        custom_objects: the user's classes and functions by the names they have in the file; not
            needed for those that are registered.
        compile: whether to compile the model as it was, with the optimizer's state.
        safe_mode: refuse code inside the file (that of a `lambda`), and paths and addresses that it
            would have opened. Only pass False for files that you trust.

    Raises:
        FileNotFoundError: if there is no such file.
        FileError: a ValueError, if it is damaged, not safe, or does not fit together.
    """
    path = os.fspath(filepath)
    kind = _kind(path)
    with safety.mode(safe_mode), CustomObjectScope(custom_objects or {}):
        if kind in ("zip", "folder"):
            return archive.load(path, compile=compile)
        return legacy_h5.load_model(path, compile=compile)


def save_weights(
    model: Any,
    filepath: Path,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Write the weights of a model, and its optimizer's state, to a file.

    Args:
        model: the model, built.
        filepath: ending in `.weights.h5`; in `.weights.json` with `max_shard_size`; or in `.h5` for
            the format of Keras 1 and 2.
        overwrite: whether a file that is there is replaced; else it is asked or an error.
        max_shard_size: largest size of one file in GB; larger weights go into several.
        **kwargs: `save_format`, which the ending says already.

    Raises:
        ValueError: for another ending, or a model that is not built.
    """
    kwargs.pop("save_format", None)
    if kwargs:
        raise unexpected_keywords("save_weights", kwargs, ("filepath", "overwrite"))
    path = os.fspath(filepath)
    ending = ".weights.json" if max_shard_size is not None else ".weights.h5"
    if not path.endswith(ending) and (max_shard_size is not None or not path.endswith(_HDF5)):
        raise ValueError(f"the path of weights must end in '{ending}'. Received: filepath={path!r}")
    if not getattr(model, "built", True):
        raise ValueError(
            f"model '{model.name}' has no weights yet: call it on data, or `build` it first"
        )
    if not _may_write(path, overwrite):
        return
    if max_shard_size is not None:
        sharded.save(model, path, max_shard_size)
    elif path.endswith(ending):
        with replacing(path) as file:
            weights.write(model, file)
    else:
        legacy_h5.save_weights(model, path)


def load_weights(model: Any, filepath: Path, skip_mismatch: bool = False, **kwargs: Any) -> None:
    """Set the weights of a model from a file.

    Args:
        model: the model, built.
        filepath: what `save_weights` or `save_model` wrote, or those of Keras since 1.2.
        skip_mismatch: leave out, with a warning, what does not fit.
        **kwargs: `by_name`: for `.h5` files, match layers by name, not by order.

    Raises:
        FileError: a ValueError, if the file is damaged, or arrays are missing or left over, or a
            shape or dtype differs; no weight has changed then.
    """
    by_name = bool(kwargs.pop("by_name", False))
    kwargs.pop("objects_to_skip", None)
    if kwargs:
        raise unexpected_keywords("load_weights", kwargs, ("filepath", "skip_mismatch", "by_name"))
    path = os.fspath(filepath)
    name = shown(os.path.basename(path))
    if path.endswith(".weights.json"):
        sharded.load(model, path, skip_mismatch=skip_mismatch)
        return
    kind = _kind(path)
    if kind in ("zip", "folder"):
        with (
            archive.opened(path) as box,
            box.open(container.WEIGHTS) as stored,
            hdf5.Reader(stored, container.WEIGHTS) as reader,
        ):
            weights.load(model, reader.root, skip_mismatch=skip_mismatch, what=name)
        return
    with open(path, "rb") as file, hdf5.Reader(cast(Any, file), name) as reader:
        if legacy_h5.is_legacy(reader.root):
            legacy_h5.load_weights(
                model, reader.root, by_name=by_name, skip_mismatch=skip_mismatch, what=name
            )
            return
        if by_name:
            raise ValueError("`by_name=True` is for the `.h5` files of Keras 1 and 2 only")
        weights.load(model, reader.root, skip_mismatch=skip_mismatch, what=name)


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """The model of a JSON text that `to_json`, also of Keras since 2.0, gave; weights are new.

    Args:
        json_string: the text.
        custom_objects: the user's classes and functions by the names they have in the text.

    Raises:
        FileError: a ValueError, if it is no model's or names what is not known.
    """
    if not isinstance(json_string, str | bytes):
        raise TypeError(f"`json_string` must be a string. Received: {short(json_string)}")
    content = json_string.encode() if isinstance(json_string, str) else json_string
    return model_from_config(plain_json.parse(content, "json_string"), custom_objects)


def model_from_config(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The model of a record, as `serialize_keras_object` gives; its weights are new.

    Args:
        config: the record: a dict with `class_name` and `config`, also of Keras since 2.0.
        custom_objects: the user's classes and functions by the names they have in it.

    Raises:
        FileError: a ValueError, if it is no model's or names what is not known.
    """
    with CustomObjectScope(custom_objects or {}):
        if legacy_h5.is_legacy_config(config):
            return legacy_h5.revive_config(config)
        return revive.model(config, compile=False)


def _may_write(path: str, overwrite: bool) -> bool:
    if overwrite or not os.path.exists(path):
        return True
    if sys.stdin is not None and sys.stdin.isatty():
        return input(f"{path} exists already. Replace it? [y/n] ").strip().lower() == "y"
    raise FileExistsError(f"{path} exists already, and `overwrite=False` was given")


def _kind(path: str) -> str:
    """What a file is, by its first bytes.

    Raises:
        FileNotFoundError: if there is none.
        FileError: if it is neither.
    """
    if os.path.isdir(path):
        if folder.is_one(path):
            return "folder"
        raise FileError(f"{shown(path)} is a folder; models are read from a `.keras` or `.h5` file")
    if not os.path.exists(path):
        place = os.path.dirname(path) or "."
        names = os.listdir(place) if os.path.isdir(place) else []
        raise FileNotFoundError(f"no file {path}{did_you_mean(os.path.basename(path), names)}")
    with open(path, "rb") as file:
        start = file.read(8)
    if start[:4] in _MAGIC:
        return _MAGIC[start[:4]]
    found = "is empty" if not start else "is neither a .keras nor an HDF5 file"
    raise FileError(f"{shown(os.path.basename(path))} {found}")
