"""Process-wide settings, as one record. The public functions over it are in `config.py`.

Lowest floor: knows nothing of arrays, layers or models.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from typing import Any, Literal


@dataclasses.dataclass
class Settings:
    """What a process may set once and every file may read."""

    floatx: str = "float32"
    epsilon: float = 1e-7
    image_data_format: str = "channels_last"
    dtype_policy: Any = None  # set and read through `dtype_policies`; None means floatx
    dropout_bits: Literal["hash", "threefry"] = "hash"
    check_inputs: bool = True
    interactive_logging: bool = True
    traceback_filtering: bool = True
    unsafe_deserialization: bool = False
    chunk_seconds: float = 0.2  # the time one dispatch of a chunk of training steps aims at
    resident_bytes: int = 4 << 30  # arrays up to this size are put on the device once per fit
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None


def home() -> pathlib.Path:
    """The user's folder for settings and downloads: `$KERAS_HOME`, else `~/.keras`."""
    return pathlib.Path(os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras")


_FROM_FILE = ("floatx", "epsilon", "image_data_format")


def read() -> Settings:
    """Settings with the user's `keras.json` applied, where there is a readable one."""
    found = Settings()
    try:
        stored = json.loads((home() / "keras.json").read_text())
    except (OSError, ValueError):
        return found
    if isinstance(stored, dict):
        for name in _FROM_FILE:
            if isinstance(stored.get(name), type(getattr(found, name))):
                setattr(found, name, stored[name])
    return found


settings = read()
