"""Finds the layers, variables, seed generators and metrics that an object holds.

Nothing is registered when an attribute is set: the attributes are walked when somebody asks. So
lists and dicts can be changed freely, and deleting an attribute is enough to let go of a layer.
Who asks many things in a row, with nobody else at work in between, does so inside `still`.
"""

from __future__ import annotations

import contextlib
import threading
import types
from collections.abc import Iterator
from typing import Any, ClassVar

from cornu.core import variable
from cornu.core.random import SeedGenerator
from cornu.core.variable import Variable, structure_changed

# Most attributes are of these types; walks, of which a `fit` makes many, pass over them at once.
_PLAIN = frozenset({type(None), bool, int, float, str, types.FunctionType, types.MethodType})
_LONG = 1000  # longer lists are data unless their first entry says otherwise


class _Noted(threading.local):
    """What was found since `still` began; of use for one structure of all models only."""

    def __init__(self) -> None:
        self.version: int | None = None
        self.members: dict[int, tuple[Any, list[Any]]] = {}


_noted = _Noted()


@contextlib.contextmanager
def still() -> Iterator[None]:
    """Inside, in this thread, the attributes of each object are walked once, however often asked.

    Not for blocks in which a user's code may change lists or dicts of layers.
    """
    outer = _noted.version, _noted.members
    _noted.version, _noted.members = variable.structure_version, {}
    try:
        yield
    finally:
        _noted.version, _noted.members = outer


class Tracked:
    """An object whose attributes may hold parts of a model."""

    # Attributes of the machinery, which are no parts of the model.
    untracked: ClassVar[frozenset[str]] = frozenset(
        {"_given", "_inbound_nodes", "_losses", "_parent"}
    )

    def __setattr__(self, name: str, value: Any) -> None:
        holds_parts = isinstance(value, _HOLDERS) and name not in self.untracked
        if holds_parts or name == "_trainable":
            structure_changed()
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        structure_changed()
        object.__delattr__(self, name)

    def members(self) -> list[Any]:
        """Parts held directly, each once, in the order of the attributes."""
        if _noted.version != variable.structure_version:
            return list(self._members())
        known = _noted.members.get(id(self))
        if known is None:  # kept with its owner, so that the number stays the owner's
            known = _noted.members[id(self)] = self, list(self._members())
        return known[1]

    def _members(self) -> Iterator[Any]:
        seen: set[int] = set()
        for name, value in list(self.__dict__.items()):
            if type(value) in _PLAIN or name in self.untracked:
                continue
            for part in _parts(value):
                if id(part) not in seen:
                    seen.add(id(part))
                    yield part

    def sublayers(self) -> list[Any]:
        """Layers held directly."""
        return [part for part in self.members() if isinstance(part, Tracked)]

    def own_variables(self) -> list[Variable]:
        """Variables held directly, in the order in which they were made."""
        found = list(self.__dict__.get("_weights", ()))
        known = {id(v) for v in found}
        found += [v for v in self.members() if isinstance(v, Variable) and id(v) not in known]
        return sorted(found, key=lambda variable: variable.serial)

    def own_generators(self) -> list[SeedGenerator]:
        """Seed generators held directly."""
        return [part for part in self.members() if isinstance(part, SeedGenerator)]

    def own_metrics(self) -> list[Any]:
        """Metrics held directly."""
        return [part for part in self.members() if is_metric(part)]

    def walk(self) -> Iterator[Any]:
        """This object and all layers below it, each once, parents first."""
        seen: set[int] = set()
        pending = [self]
        while pending:
            layer = pending.pop()
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            yield layer
            pending.extend(reversed(layer.sublayers()))


def is_metric(x: Any) -> bool:
    """Whether `x` is a metric (metrics stand on a later floor than this file)."""
    return hasattr(type(x), "update_state") and hasattr(type(x), "result")


_PARTS = (Variable, Tracked, SeedGenerator)
_HOLDERS = (*_PARTS, list, tuple, dict)


def _parts(value: Any) -> Iterator[Any]:
    if isinstance(value, _PARTS) or is_metric(value):
        yield value
    elif isinstance(value, list | tuple):
        if len(value) > _LONG and not isinstance(value[0], _HOLDERS):
            return
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _parts(item)
