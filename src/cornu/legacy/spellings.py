"""Makes classes and methods take their old argument names, once Cornu stands in for Keras.

Today's code knows nothing of them: the calls are translated before they reach it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from cornu import callbacks, layers, utils
from cornu.legacy.arguments import DROPPED, JOINED, RENAMED, translate
from cornu.legacy.models import attach
from cornu.models import Model

_METHODS = ("compile", "evaluate", "fit", "predict")


def accept() -> None:
    """Let all that has a row in the tables take its old arguments; a second call does nothing."""
    for name in {**RENAMED, **DROPPED, **JOINED}:
        cls = getattr(layers, name, None) or getattr(callbacks, name, None)
        if isinstance(cls, type):
            _accept_in_constructor(cls, name)
    for name in _METHODS:
        _accept_in(Model, name)
    _accept_in(utils, "to_categorical")
    attach(Model)


def _accept_in_constructor(cls: Any, name: str) -> None:
    construct = cls.__init__
    if hasattr(construct, "takes_old_arguments"):
        return

    @functools.wraps(construct)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        args, kwargs = translate(name, args, kwargs)
        if type(self) is cls:
            self._given = (args, kwargs)  # what `get_config` reads
        construct(self, *args, **kwargs)

    __init__.takes_old_arguments = True  # type: ignore[attr-defined]
    cls.__init__ = __init__


def _accept_in(owner: Any, name: str) -> None:
    call = getattr(owner, name)
    if hasattr(call, "takes_old_arguments"):
        return
    setattr(owner, name, _translated(call, name, is_method=isinstance(owner, type)))


def _translated(call: Callable[..., Any], name: str, is_method: bool) -> Callable[..., Any]:
    own = 1 if is_method else 0  # `self` is not an argument of the tables

    @functools.wraps(call)
    def run(*args: Any, **kwargs: Any) -> Any:
        others, kwargs = translate(name, args[own:], kwargs)
        return call(*args[:own], *others, **kwargs)

    run.takes_old_arguments = True  # type: ignore[attr-defined]
    return run
