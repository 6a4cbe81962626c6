"""Puts the old spellings onto today's classes: their constructors and methods translate first.

The wrappers are put on from here, so that nothing below the faces mentions Keras 1 or 2.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from cornu.legacy import arguments, shapes
from cornu.legacy.models import attach

_METHODS = ("compile", "fit", "evaluate", "predict", "train_on_batch", "test_on_batch")


def adopt_layers(layers: types.ModuleType) -> None:
    """Let the constructors of all layers take old spellings."""
    _translate_constructors(layers)
    shapes.attach(layers.Layer)


def adopt_callbacks(callbacks: types.ModuleType) -> None:
    """Let the constructors of all callbacks take old spellings."""
    _translate_constructors(callbacks)


def adopt_models(models: types.ModuleType) -> None:
    """Let the methods of models take old spellings, and have those that are gone."""
    for name in _METHODS:
        _translate_method(models.Model, name)
    attach(models.Model)


def _translate_constructors(package: types.ModuleType) -> None:
    tables = {*arguments.RENAMED, *arguments.JOINED, *arguments.DROPPED, *arguments.POSITIONS}
    for name in sorted(tables):
        cls = vars(package).get(name)
        if isinstance(cls, type):
            _translate_constructor(cls)


def _translate_constructor(cls: Any) -> None:
    original = cls.__init__
    if getattr(original, "_translates", False):
        return
    name = cls.__name__

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if type(self) is cls:
            args, kwargs = arguments.translate(name, args, kwargs)
            object.__setattr__(self, "_given", (args, kwargs))
        original(self, *args, **kwargs)

    init._translates = True  # type: ignore[attr-defined]
    cls.__init__ = init


def _translate_method(cls: type, name: str) -> None:
    original: Callable[..., Any] = getattr(cls, name)
    if getattr(original, "_translates", False):
        return

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = arguments.translate(name, args, kwargs)
        return original(self, *args, **kwargs)

    method._translates = True  # type: ignore[attr-defined]
    setattr(cls, name, method)
