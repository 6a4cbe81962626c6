"""The parts of a model by their paths in a weights file.

Keras names a part after the attribute that holds it, attributes in alphabetical order, the first
one to reach it wins; members of lists and dicts by class: `layers/dense`, `layers/dense_1`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cornu.core import naming
from cornu.layers.base.layer import Layer
from cornu.optimizers.optimizer import Optimizer
from cornu.serialization import registry

_NO_PARTS = ("_weights", "_given", "_inbound_nodes", "_losses", "_spec", "_objective", "_layers")


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """(path, part) of a model and everything in it that has or may have saved state, each once."""
    seen: set[int] = set()

    def visit(part: Any, path: str) -> Iterator[tuple[str, Any]]:
        if id(part) in seen:
            return
        seen.add(id(part))
        yield path, part
        for name, value in _attributes(part):
            inner = f"{path}/{name}" if path else name
            if is_part(value):
                yield from visit(value, inner)
            elif isinstance(value, list | tuple | dict):
                yield from members(value, inner)

    def members(container: Any, path: str) -> Iterator[tuple[str, Any]]:
        used: dict[str, int] = {}
        for item in container.values() if isinstance(container, dict) else container:
            if is_part(item):
                name = _numbered(group_name(item), used)
                yield from visit(item, f"{path}/{name}")
            elif isinstance(item, list | tuple | dict):
                name = _numbered("container", used)
                yield from members(item, f"{path}/{name}")

    yield from visit(root, "")


def is_part(value: Any) -> bool:
    """Whether a value is saved under a path of its own."""
    return isinstance(value, Layer | Optimizer)


def group_name(part: Any) -> str:
    """The name of a part among others: its class in snake case."""
    cls = registry.saved_class(type(part))
    return naming.to_snake_case(cls.saved_name if hasattr(cls, "saved_name") else cls.__name__)


def _numbered(name: str, used: dict[str, int]) -> str:
    number = used.get(name, 0)
    used[name] = number + 1
    return f"{name}_{number}" if number else name


def _attributes(part: Any) -> list[tuple[str, Any]]:
    """Attributes that may hold parts, in alphabetical order."""
    hidden = getattr(part, "untracked", frozenset()) - {"optimizer"}
    found = {
        name: value
        for name, value in vars(part).items()
        if name not in hidden and name not in _NO_PARTS
    }
    if isinstance(getattr(type(part), "layers", None), property):
        found["layers"] = part.layers
        found.pop("_stack", None)
    for name in _properties(type(part)):
        try:
            found.setdefault(name, getattr(part, name))
        except Exception:  # a user's property that does not work yet holds nothing to save
            continue
    return sorted(found.items())


def _properties(cls: type) -> Iterator[str]:
    """Properties that a user's classes define; those of ours hold no parts of their own."""
    for owner in cls.__mro__:
        if owner.__module__.split(".")[0] == __name__.split(".")[0] or owner is object:
            continue
        for name, value in vars(owner).items():
            if isinstance(value, property):
                yield name
