"""Public packages open late: a name is imported when it is first asked for.

`import cornu` costs next to nothing then, and a script pays for the parts that it uses. What an
upper floor wants done to a package as soon as it is there (old spellings put onto its classes),
it says with `when_opened`; the package says `opened` when it is complete.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cornu.errors import missing_attribute

_opened: set[str] = set()
_waiting: dict[str, list[tuple[str, str]]] = {}


def defer(package: str, names: Mapping[str, Iterable[str]]) -> tuple[Callable[..., Any], list[str]]:
    """A module `__getattr__` and `__all__` for names that are imported when they are asked for.

    Args:
        package: `__name__` of the package.
        names: module -> the names of the package that are found there; a name may be a module of
            its own below it. In the package an `if TYPE_CHECKING:` block says the same to checkers.
    """
    homes = {name: module for module, found in names.items() for name in found}

    def __getattr__(name: str) -> Any:
        home = homes.get(name)
        if home is None:
            raise missing_attribute(package, name, homes)
        if home == package:
            value = importlib.import_module(f"{package}.{name}")
        else:
            value = getattr(importlib.import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    return __getattr__, sorted(homes)


class Later:
    """A module that is imported when something of it is first asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self._name), name)


def open_all(packages: Iterable[str]) -> None:
    """Import these packages now."""
    for package in packages:
        importlib.import_module(package)


def when_opened(package: str, module: str, function: str) -> None:
    """Once `package` is complete, import `module` and call its `function` with the package."""
    _waiting.setdefault(package, []).append((module, function))
    if package in _opened:
        opened(package)


def opened(package: str) -> None:
    """Say that a package is complete."""
    _opened.add(package)
    for module, function in _waiting.pop(package, ()):
        getattr(importlib.import_module(module), function)(sys.modules[package])
