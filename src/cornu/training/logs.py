"""Logs at the end of an epoch: the only place where the loop fetches values from the device."""

from __future__ import annotations

from typing import Any

import numpy as np

from cornu.callbacks.logs import LazyLogs


def to_number(value: Any) -> Any:
    """A scalar as a Python float; anything larger as a NumPy array."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 else array


def ordered(logs: dict[str, Any]) -> LazyLogs:
    """All values by name, those of the validation last; each is fetched when it is read."""
    names = sorted(logs, key=lambda name: (name.startswith("val_"), name))
    return LazyLogs({name: dict.__getitem__(logs, name) for name in names})


def fetched(logs: dict[str, Any]) -> dict[str, Any]:
    """All values as numbers, in a plain dict by name, those of the validation last."""
    return {name: to_number(value) for name, value in dict.items(ordered(logs))}
