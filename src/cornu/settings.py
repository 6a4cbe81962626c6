"""Process-wide settings, as one record. The public functions over it are in `config.py`.

Lowest floor: knows nothing of arrays, layers or models.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
from collections.abc import Callable
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
    flash_attention: bool | None = None  # None leaves the choice to the layer
    chunk_seconds: float = 0.2  # the time one dispatch of a chunk of training steps aims at
    compile_cache: str | None = "default"  # a folder; None: compile in each process
    compile_cache_bytes: int = 2 << 30
    resident_bytes: int = 4 << 30  # arrays up to this size are put on the device once per fit
    max_epochs: int | None = None
    max_steps_per_epoch: int | None = None


def home() -> pathlib.Path:
    """The user's folder for settings and downloads: `$KERAS_HOME`, else `~/.keras`."""
    return pathlib.Path(os.environ.get("KERAS_HOME") or pathlib.Path.home() / ".keras")


_ALLOWED: dict[str, Callable[[Any], bool]] = {
    "floatx": lambda value: value in ("bfloat16", "float16", "float32", "float64"),
    "epsilon": lambda value: isinstance(value, float) and value > 0,
    "image_data_format": lambda value: value in ("channels_last", "channels_first"),
}


def read() -> Settings:
    """Settings with the user's `keras.json` and environment; what is invalid is left out."""
    found = Settings()
    found.max_epochs = _number("KERAS_MAX_EPOCHS")
    found.max_steps_per_epoch = _number("KERAS_MAX_STEPS_PER_EPOCH")
    try:
        stored = json.loads((home() / "keras.json").read_text())
    except (OSError, ValueError):
        return found
    if isinstance(stored, dict):
        for name, is_allowed in _ALLOWED.items():
            if name in stored and is_allowed(stored[name]):
                setattr(found, name, stored[name])
    return found


def _number(variable: str) -> int | None:
    text = os.environ.get(variable, "")
    return int(text) if text.isdecimal() else None


settings = read()
