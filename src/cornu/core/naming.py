"""Automatic names (`dense`, `dense_1`), name scopes and the paths they give."""

from __future__ import annotations

import contextlib
import contextvars
import re
from collections.abc import Iterator

_counts: dict[str, int] = {}
_scopes: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("name_scopes", default=())


def to_snake_case(name: str) -> str:
    """`MaxPooling2D` -> `max_pooling2d`, as Keras spells automatic layer names."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """The next free name of this prefix in the process: `dense`, then `dense_1`."""
    prefix = to_snake_case(prefix)
    count = _counts.get(prefix, 0)
    _counts[prefix] = count + 1
    return f"{prefix}_{count}" if count else prefix


def get_uid(prefix: str = "") -> int:
    """The next number of `prefix`, from 1; automatic names count with the same counter."""
    _counts[prefix] = _counts.get(prefix, 0) + 1
    return _counts[prefix]


def reset() -> None:
    """Start all automatic names again from the first."""
    _counts.clear()


@contextlib.contextmanager
def name_scope(name: str) -> Iterator[None]:
    """Prefix the paths of variables made inside with `name/`."""
    token = _scopes.set((*_scopes.get(), name))
    try:
        yield
    finally:
        _scopes.reset(token)


@contextlib.contextmanager
def root_scope(path: str) -> Iterator[None]:
    """Replace all open name scopes by `path` (a layer built late keeps its place in the model)."""
    token = _scopes.set(tuple(path.split("/")) if path else ())
    try:
        yield
    finally:
        _scopes.reset(token)


def current_path() -> str:
    """The open name scopes joined by `/`, empty outside any."""
    return "/".join(_scopes.get())
