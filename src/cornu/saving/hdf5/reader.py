"""HDF5 files as plain descriptions: groups, their attributes, and arrays not yet read.

Of HDF5's many features only those are followed that Keras's writers use: hard links to groups and
to plain numeric arrays, stored in one piece or in chunks with deflate and shuffle. The rest, as
external files, links, virtual arrays, references, other filters, is refused by name. The HDF5
library, which trusts what it reads, never sees a file: `headers.py`, `groups.py`,
`arrays.py`, `attributes.py` read it byte by byte, each place and size held against what
is really there before anything is allocated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from cornu.saving import trailer
from cornu.saving.damage import DamagedError, UnsafeError, listed, shown
from cornu.saving.hdf5 import arrays, groups, headers
from cornu.saving.hdf5.arrays import MAX_INFLATION, StoredArray
from cornu.saving.hdf5.attributes import Attributes, Heap
from cornu.saving.hdf5.headers import Message
from cornu.saving.hdf5.source import Bytes

MAX_DEPTH = 64
MAX_OBJECTS = 200_000
MAX_ATTRIBUTES = 500_000
MAX_NAME = 1024


@dataclasses.dataclass
class Group:
    """What stands at one path of the file."""

    path: str
    attributes: Mapping[str, Any]
    arrays: dict[str, StoredArray]
    groups: dict[str, Group]

    def walk(self) -> Iterator[Group]:
        """This group and all below."""
        yield self
        for group in self.groups.values():
            yield from group.walk()

    def find(self, path: str) -> Group | None:
        """The group at a path below this one."""
        found: Group | None = self
        for part in filter(None, path.split("/")):
            found = found.groups.get(part) if found is not None else None
        return found

    def array(self, path: str) -> StoredArray | None:
        """The array at a path below this group."""
        parent, _, name = path.rpartition("/")
        group = self.find(parent)
        return group.arrays.get(name) if group is not None else None

    def all_arrays(self) -> Iterator[StoredArray]:
        """All arrays in this group and below."""
        for group in self.walk():
            yield from group.arrays.values()


class Reader:
    """An HDF5 file, checked and described; a context manager after which no value can be read.

    Args:
        file: the file, open for reading in binary.
        what: its name in messages.

    Raises:
        DamagedError: if a checksum is wrong or it is no HDF5 file.
        UnsafeError: if it holds what loading never follows.
    """

    def __init__(self, file: BinaryIO, what: str) -> None:
        self.trailer = trailer.read(file)
        if self.trailer is not None and not trailer.is_intact(file, self.trailer):
            wrong = trailer.damaged_arrays(file, self.trailer)
            place = f"checksum of {listed(wrong)} is wrong" if wrong else "its checksum is wrong"
            raise DamagedError(f"{what} is damaged: {place}")
        self._source = Bytes(file)
        try:
            self.root = _Description(self._source).whole()
        except DamagedError as error:
            raise DamagedError(f"{what} is damaged: {error}") from None
        except UnsafeError as error:
            raise UnsafeError(f"{what}: {error}") from None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file, which stays open."""
        self._source.close()


class _Description:
    """One walk over a file, with its bounds."""

    def __init__(self, source: Bytes) -> None:
        self.source = source
        self.heap = Heap(source)
        self.seen: set[int] = set()
        self.stored = 0  # bytes of all arrays, as stored
        self.inflated = 0  # and as read
        self.attributes = 0
        self.names_left = 4 * source.size + (1 << 16)  # characters of the paths of all objects

    def whole(self) -> Group:
        root = self.source.root()
        self._once(root, "/")
        messages = headers.messages(self.source, root)
        if not groups.is_group(messages):
            raise DamagedError("its root is no group")
        return self._group(messages, "", 0)

    def _group(self, messages: list[Message], path: str, depth: int) -> Group:
        if depth > MAX_DEPTH:
            raise UnsafeError(f"groups are nested deeper than {MAX_DEPTH} levels")
        found = Group(path, self._attributes(messages, path), {}, {})
        for name, place in groups.members(self.source, messages):
            inner = f"{path}/{name}" if path else name
            self._check_name(name, inner)
            if name in found.groups or name in found.arrays:
                raise DamagedError(f"'{shown(inner)}' is there twice")
            self._once(place, inner)
            content = headers.messages(self.source, place)
            is_group, is_array = groups.is_group(content), arrays.is_array(content)
            if is_group == is_array:
                raise UnsafeError(f"'{shown(inner)}' is neither a group nor an array")
            if is_group:
                found.groups[name] = self._group(content, inner, depth + 1)
            else:
                found.arrays[name] = self._array(content, inner)
        return found

    def _attributes(self, messages: list[Message], path: str) -> Attributes:
        found = Attributes(messages, self.heap, path)
        self.attributes += found.messages
        if self.attributes > MAX_ATTRIBUTES:
            raise UnsafeError(f"more than {MAX_ATTRIBUTES} attributes")
        return found

    def _once(self, address: int, path: str) -> None:
        if address in self.seen:
            raise UnsafeError(f"'{shown(path)}' is stored under two names")
        self.seen.add(address)
        if len(self.seen) > MAX_OBJECTS:
            raise UnsafeError(f"more than {MAX_OBJECTS} groups and arrays")

    def _check_name(self, name: str, path: str) -> None:
        usual = name.isprintable() and name not in ("", ".", "..") and "/" not in name
        if not usual or len(name) > MAX_NAME:
            raise UnsafeError(f"'{shown(path)}' has a name that no layer can have")
        self.names_left -= len(path)
        if self.names_left < 0:
            raise UnsafeError("the names of groups and arrays are longer than the file")

    def _array(self, messages: list[Message], path: str) -> StoredArray:
        attributes = self._attributes(messages, path)
        found = arrays.describe(self.source, messages, attributes, path)
        self.stored += found.stored
        self.inflated += found.inflated
        if self.stored > self.source.size or self.inflated > MAX_INFLATION * self.source.size:
            raise UnsafeError(f"array '{shown(path)}' is larger than the file can hold")
        return found
