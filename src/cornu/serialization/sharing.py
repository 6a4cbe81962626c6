"""Objects that stand in more than one place of a config: written with an id, read back as one."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from typing import Any


class Sharing:
    """What one config has met so far."""

    def __init__(self) -> None:
        self.written: dict[int, tuple[Any, dict[str, Any]]] = {}  # the object is kept alive with it
        self.read: dict[int, Any] = {}
        self.build_configs: list[tuple[Any, dict[str, Any]]] = []
        self._next = 1

    def note_written(self, item: Any, record: dict[str, Any]) -> None:
        """Give both records an id where `item` was written before."""
        first = self.written.setdefault(id(item), (item, record))[1]
        if first is record:
            return
        if "shared_object_id" not in first:
            first["shared_object_id"] = self._next
            self._next += 1
        record["shared_object_id"] = first["shared_object_id"]

    def find(self, record: dict[str, Any]) -> Any:
        """The object made for an equal id before, or None."""
        shared = record.get("shared_object_id")
        return self.read.get(shared) if isinstance(shared, int) else None

    def note_read(self, item: Any, record: dict[str, Any]) -> None:
        """Remember an object by its id, and the shapes that it was built for."""
        shared = record.get("shared_object_id")
        if isinstance(shared, int):
            self.read[shared] = item
        build_config = record.get("build_config")
        if isinstance(build_config, dict) and build_config and hasattr(item, "build_from_config"):
            self.build_configs.append((item, build_config))

    def build_all(self) -> None:
        """Build what no graph around it has built: outer objects first, which build inner ones."""
        for item, shapes in reversed(self.build_configs):
            if not getattr(item, "built", True):
                item.build_from_config(shapes)


_current: contextvars.ContextVar[Sharing | None] = contextvars.ContextVar("sharing", default=None)


def current() -> Sharing | None:
    """The open scope, if any."""
    return _current.get()


@contextlib.contextmanager
def scope() -> Iterator[Sharing]:
    """One config: everything written or read inside knows of each other."""
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    found = Sharing()
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)
