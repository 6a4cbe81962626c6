"""Logs at the end of an epoch: the only place where the loop fetches values from the device."""

from __future__ import annotations

from typing import Any

import numpy as np


def to_number(value: Any) -> Any:
    """A scalar as a Python float; anything larger as a NumPy array."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array


def fetched(logs: dict[str, Any]) -> dict[str, Any]:
    """All values as numbers, in a plain dict by name, those of the validation last."""
    names = sorted(logs, key=lambda name: (name.startswith("val_"), name))
    return {name: to_number(dict.__getitem__(logs, name)) for name in names}
