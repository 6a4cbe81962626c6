"""JSON out of a file, with bounds: size, depth, number of values, no key twice."""

from __future__ import annotations

import json
import re
from typing import Any

from cornu.saving.damage import DamagedError, UnsafeError, shown

MAX_BYTES = 64 << 20
MAX_DEPTH = 200
MAX_CONTAINERS = 500_000
MAX_VALUES = 4_000_000
# Possessive, and content with an end or without: no text is gone over twice.
_STRUCTURE = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},]', re.DOTALL)


def parse(content: bytes, what: str) -> Any:
    """The value of a JSON text.

    Args:
        content: the text, UTF-8.
        what: its name in messages.

    Raises:
        DamagedError: if it is no JSON.
        UnsafeError: if it is larger or deeper than any model's.
    """
    if len(content) > MAX_BYTES:
        raise UnsafeError(f"{what} has {len(content)} bytes; at most {MAX_BYTES} are read")
    _measure(content, what)
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=lambda p: _object(p, what))
    except UnsafeError:
        raise
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{what} is not valid JSON: {shown(error, 100)}") from None


def _measure(content: bytes, what: str) -> None:
    """Refuse what would grow far beyond its text when parsed, before it is parsed."""
    depth = deepest = containers = values = 0
    for match in _STRUCTURE.finditer(content):
        first = content[match.start()]
        if first in b"[{":
            depth, containers = depth + 1, containers + 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH or containers > MAX_CONTAINERS:
                break
        elif first in b"]}":
            depth -= 1
        elif first == ord(","):
            values += 1
            if values > MAX_VALUES:
                break
    if deepest > MAX_DEPTH:
        raise UnsafeError(f"{what} is nested deeper than {MAX_DEPTH} levels")
    if containers > MAX_CONTAINERS or values > MAX_VALUES:
        raise UnsafeError(f"{what} holds too many values to be a model's")


def _object(pairs: list[tuple[str, Any]], what: str) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        left = set(found)
        twice = next(name for name, _ in pairs if name not in left or left.remove(name))
        raise UnsafeError(f"{what} has the key '{shown(twice)}' twice in one object")
    return found
