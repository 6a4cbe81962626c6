"""Groups of an HDF5 file: the names in them, each with the address of what it stands for.

Sections III.B to III.D of the HDF5 File Format Specification (symbol tables with their local
heaps), as all versions of Keras write groups, and IV.A.2.g (link messages), as newer writers keep
small ones.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from cornu.saving.damage import DamagedError, UnsafeError, shown
from cornu.saving.hdf5 import trees
from cornu.saving.hdf5.headers import SHARED, Message
from cornu.saving.hdf5.source import UNDEFINED, Bytes

_LINK_INFO, _LINK, _SYMBOL_TABLE = 0x02, 0x06, 0x11
_HEAP = struct.Struct("<4sB3xQ8xQ")
_TABLE = struct.Struct("<4sBxH")
_ENTRY = struct.Struct("<QQI20x")
_PAIR = struct.Struct("<QQ")
_SOFT_ENTRY = 2
_MAX_NAME = 4096  # bytes
_LINKS = {1: "a soft link", 64: "a link to another file"}


def is_group(messages: list[Message]) -> bool:
    """Whether an object is a group, by the messages of its header."""
    return any(message.kind in (_LINK_INFO, _SYMBOL_TABLE) for message in messages)


def members(source: Bytes, messages: list[Message]) -> Iterator[tuple[str, int]]:
    """(name, address) of what stands in a group.

    Raises:
        DamagedError: if its list is not whole.
        UnsafeError: for links that lead elsewhere, or a list as no writer of models keeps it.
    """
    for message in messages:
        if message.kind not in _READERS:
            continue
        if message.flags & SHARED:
            raise UnsafeError("a group is described elsewhere, as no writer of models does")
        yield from _READERS[message.kind](source, message.body)


def _of_table(source: Bytes, body: bytes) -> Iterator[tuple[str, int]]:
    """The members of a group as a tree of symbol tables."""
    if len(body) < _PAIR.size:
        raise DamagedError("the place of a group's names is cut short")
    tree, heap = _PAIR.unpack_from(body)
    mark, version, size, place = _HEAP.unpack(source.read(heap, _HEAP.size, "a group's names"))
    if mark != b"HEAP" or version:
        raise DamagedError(f"there are no names of a group at byte {heap}")
    names = source.read(place, size, "a group's names")
    for _, table in trees.leaves(source, tree, 0, 8):
        yield from _of_node(source, table, names)


def _of_node(source: Bytes, place: int, names: bytes) -> Iterator[tuple[str, int]]:
    mark, version, count = _TABLE.unpack(source.read(place, _TABLE.size, "a symbol table"))
    if mark != b"SNOD" or version != 1:
        raise DamagedError(f"there is no symbol table at byte {place}")
    entries = source.read(place + _TABLE.size, count * _ENTRY.size, "a symbol table")
    for start, address, kind in _ENTRY.iter_unpack(entries):
        end = names.find(b"\0", start, start + _MAX_NAME) if start < len(names) else -1
        if end < 0:
            raise DamagedError("a name in a group is not where the file says it is, or has no end")
        name = _decoded(names[start:end])
        if kind == _SOFT_ENTRY:
            raise UnsafeError(f"'{shown(name)}' is a soft link, not stored here")
        yield name, address


def _of_links(source: Bytes, body: bytes) -> Iterator[tuple[str, int]]:
    """Links in a heap of their own are not followed; where there is none, nothing is."""
    if len(body) < 2:
        raise DamagedError("the list of a group's links is cut short")
    place = 2 + 8 * (body[1] & 1)
    if int.from_bytes(body[place : place + 8].ljust(8, b"\0"), "little") != UNDEFINED:
        raise UnsafeError(
            "a group is stored densely, as `libver='latest'` or `track_order=True` do: write the "
            "file with h5py's defaults"
        )
    yield from ()


def _of_link(source: Bytes, body: bytes) -> Iterator[tuple[str, int]]:
    if len(body) < 2 or body[0] != 1:
        raise DamagedError("a link is of no known version")
    flags, place = body[1], 2
    kind = 0
    if flags & 0x08:
        kind, place = body[place] if place < len(body) else 0, place + 1
    place += 8 * bool(flags & 0x04) + bool(flags & 0x10)
    width = 1 << (flags & 3)
    size = int.from_bytes(body[place : place + width], "little")
    place += width
    if place + size > len(body):
        raise DamagedError("a link is cut short")
    name = _decoded(body[place : place + size])
    if kind:
        what = _LINKS.get(kind, "a link of a kind of its own")
        raise UnsafeError(f"'{shown(name)}' is {what}, not stored here")
    if len(body) - place - size < 8:
        raise DamagedError("a link is cut short")
    yield name, int.from_bytes(body[place + size : place + size + 8], "little")


def _decoded(name: bytes) -> str:
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        raise DamagedError(f"'{shown(name)}' is no name in UTF-8") from None


_READERS: dict[int, Callable[[Bytes, bytes], Iterator[tuple[str, int]]]] = {
    _SYMBOL_TABLE: _of_table,
    _LINK_INFO: _of_links,
    _LINK: _of_link,
}
