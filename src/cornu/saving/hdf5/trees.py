"""B-trees of version 1, in which HDF5 keeps the members of groups and the chunks of arrays.

Section III.A.1 of the HDF5 File Format Specification.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from cornu.saving.damage import DamagedError
from cornu.saving.hdf5.source import Bytes

_NODE = struct.Struct("<4sBBH16x")
_MAX_LEVEL = 16


def leaves(source: Bytes, root: int, kind: int, key: int) -> Iterator[tuple[bytes, int]]:
    """(key, address of the child) of every entry at the lowest level of a B-tree of version 1.

    Args:
        source: the file.
        root: address of the tree.
        kind: what is in it: 0 for a group, 1 for the chunks of an array.
        key: bytes of a key.

    Raises:
        DamagedError: if a node is not one, is not of its level, or stands there twice.
    """
    todo: list[tuple[int, int | None]] = [(root, None)]
    seen: set[int] = set()
    while todo:
        place, expected = todo.pop()
        if place in seen:
            raise DamagedError(f"a tree comes twice to byte {place}")
        seen.add(place)
        start = source.read(place, _NODE.size, "a tree")
        mark, found, level, count = _NODE.unpack(start)
        is_usual = level <= _MAX_LEVEL if expected is None else level == expected
        if mark != b"TREE" or found != kind or not is_usual:
            raise DamagedError(f"there is no node of a tree at byte {place}")
        entries = source.read(place + _NODE.size, count * (key + 8), "a tree")
        pairs = [
            (entries[i : i + key], int.from_bytes(entries[i + key : i + key + 8], "little"))
            for i in range(0, len(entries), key + 8)
        ]
        if level:
            todo += [(child, level - 1) for _, child in reversed(pairs)]
        else:
            yield from pairs
