"""From a plain config to a model: the second phase of loading, on an allow-list of classes."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from typing import Any

from cornu.errors import short, warn
from cornu.layers.base.layer import Layer
from cornu.saving import legacy_config
from cornu.saving.damage import FileError, shown
from cornu.serialization import codec
from cornu.serialization.configurable import config_names


def model(config: Any, *, compile: bool = True) -> Any:
    """The model of a config, compiled as it says.

    Args:
        config: the record of a model, as plain data.
        compile: whether to compile it.

    Raises:
        FileError: if it is no model's, or names what is not known.
    """
    if not isinstance(config, dict) or not {"class_name", "config"} <= set(config):
        raise FileError("the config is no record of a model: it lacks 'class_name' or 'config'")
    with as_file_error():
        found = codec.deserialize(config)
        if not isinstance(found, Layer) or not hasattr(found, "get_compile_config"):
            raise FileError(f"the config is that of {short(type(found).__name__)}, not of a model")
    if compile and config.get("compile_config"):
        _compile(found, config["compile_config"])
    return found


def _compile(found: Any, config: Any) -> None:
    with as_file_error():
        if not isinstance(config, dict):
            raise FileError("'compile_config' is no dict")
        try:
            found.compile_from_config(config)
        except (TypeError, ValueError) as error:
            warn(f"the model is not compiled: {shown(error, 200)}")
            return
        optimizer = getattr(found, "optimizer", None)
        if found.built and optimizer is not None:
            with contextlib.suppress(NotImplementedError):
                optimizer.build(found.trainable_variables)


def old_model(config: Any, version: int = 2) -> Any:
    """The model of a config of Keras 1 or 2, not compiled.

    Args:
        config: as the file has it.
        version: see `legacy_config.translate`.
    """
    with _quiet():
        with as_file_error():
            translated = legacy_config.translate(config, version)
        return model(translated, compile=False)


def compile_old(found: Any, config: dict[str, Any]) -> None:
    """Compile with a config of Keras 1 or 2; arguments that optimizers lost since are left out."""
    with _quiet(), as_file_error():
        try:
            optimizer = _known_arguments(config["optimizer"])
        except ValueError as error:
            warn(f"the model is not compiled: {shown(error, 200)}")
            return
        _compile(found, {**config, "optimizer": optimizer})


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Old spellings are no news in an old file."""
    with warnings.catch_warnings():
        for note in (".*: old ", ".*: has no effect any more"):
            warnings.filterwarnings("ignore", note, UserWarning)
        yield


def _known_arguments(record: dict[str, Any] | str) -> dict[str, Any] | str:
    if isinstance(record, str):
        return record
    name = str(record.get("class_name", "")).rpartition(">")[2]
    given = record.get("config")
    found = codec.find_class({"class_name": name, "module": "keras.optimizers"})
    names = {*config_names(found), "learning_rate", "lr", "decay"}
    config = {k: v for k, v in (given or {}).items() if k in names}
    return {"module": "keras.optimizers", "class_name": name, "config": config}


@contextlib.contextmanager
def as_file_error(what: str = "the config") -> Iterator[None]:
    """Errors of making objects from what a file holds, short enough to read.

    Args:
        what: it is that is read, in messages.
    """
    try:
        yield
    except FileError:
        raise
    except RecursionError:
        raise FileError(f"{what} is nested too deeply") from None
    except Exception as error:
        place = codec.place_of(error) or f"{what} cannot be read: "
        raise FileError(f"{shown(place, 90)}{shown(error, 190)}") from error
