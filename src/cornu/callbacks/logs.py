"""Logs: named values of a batch or an epoch, read only by those who look.

During training a value may still be on its way from the device. `LazyLogs` is a dict that waits for
a value when it is looked at and then hands out a plain float, so that a callback which ignores its
logs costs nothing and one which reads them sees what it always saw.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from typing import Any

import numpy as np

from cornu.errors import did_you_mean

# Other names under which scripts ask for a log.
ALSO_CALLED = {"acc": "accuracy", "accuracy": "acc", "lr": "learning_rate", "learning_rate": "lr"}


def plain(value: Any) -> Any:
    """A scalar of any kind as a Python number; arrays and everything else as they are."""
    if isinstance(value, bool | int | float | str) and not isinstance(value, np.generic):
        return value
    if getattr(value, "shape", ()) != () or not hasattr(value, "__float__"):
        return value
    return float(value)


class Entry:
    """One number of an array of numbers that may still be on its way from the device.

    Args:
        array: the array, one axis.
        index: place in it.
    """

    shape = ()

    def __init__(self, array: Any, index: int) -> None:
        self._array = array
        self._index = index

    def is_ready(self) -> bool:
        """Whether reading it would not wait."""
        return self._array.is_ready()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        del copy  # it always is one
        return np.asarray(np.asarray(self._array)[self._index], dtype)

    def __float__(self) -> float:
        return float(np.asarray(self._array)[self._index])


class LazyLogs(dict[str, Any]):
    """Logs whose values become plain floats when they are read, and not before."""

    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        read = plain(value)
        if read is not value:
            super().__setitem__(key, read)
        return read

    def get(self, key: str, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        return self[key] if key in self else default  # noqa: SIM401 this is `get`

    def pop(self, key: str, *default: Any) -> Any:
        """Take `key` out and return its value."""
        return plain(super().pop(key, *default))

    def read(self) -> LazyLogs:
        """Wait for all values."""
        for key in self:
            self[key]
        return self

    # `dict(logs)` and `{**logs}` copy a dict's raw values unless it defines its own iteration.
    def __iter__(self) -> Iterator[str]:
        return super().__iter__()

    def values(self) -> ValuesView[Any]:
        """All values, as plain numbers."""
        self.read()
        return super().values()

    def items(self) -> ItemsView[str, Any]:
        """All pairs, values as plain numbers."""
        self.read()
        return super().items()

    def copy(self) -> dict[str, Any]:
        """A plain dict of plain numbers."""
        return dict(self.items())

    def __or__(self, other: Any) -> Any:
        return self.copy() | other

    def __ror__(self, other: Any) -> Any:
        return other | self.copy()

    def __eq__(self, other: object) -> bool:
        return self.copy() == other

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.copy())


def lazy(logs: Mapping[str, Any] | None) -> dict[str, Any]:
    """`logs` as LazyLogs; a mapping that is more than a plain dict stays itself."""
    if logs is None:
        return {}
    return LazyLogs(logs) if type(logs) is dict else logs  # type: ignore[return-value]


def find(logs: Mapping[str, Any], name: str) -> str | None:
    """The key of `logs` that `name` means (itself or its other name), or None."""
    if name in logs:
        return name
    prefix = "val_" if name.startswith("val_") else ""
    other = ALSO_CALLED.get(name.removeprefix(prefix))
    return prefix + other if other and prefix + other in logs else None


def missing(name: str, available: Iterable[str]) -> str:
    """`"no metric 'val_los'; available: loss, val_loss; did you mean 'val_loss'?"`."""
    names = list(available)
    listed = ", ".join(names) if names else "none"
    return f"no metric '{name}'; available: {listed}{did_you_mean(name, names)}"
