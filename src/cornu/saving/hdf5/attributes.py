"""Attributes of HDF5 objects, read from their bytes: the HDF5 library never follows a text.

Sections IV.A.2.m (the attribute message) and III.E (the global heap, where texts of variable length
are kept) of the HDF5 File Format Specification. Known are texts, numbers and arrays of them; every
other type is refused by name. An attribute is decoded when it is asked for, once.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cornu.saving.damage import DamagedError, FileError, UnsafeError, shown
from cornu.saving.hdf5 import headers, types
from cornu.saving.hdf5.headers import Message
from cornu.saving.hdf5.source import UNDEFINED, Bytes
from cornu.saving.hdf5.types import Datatype

_ATTRIBUTE, _ATTRIBUTE_INFO = 0x0C, 0x15
_START = struct.Struct("<BBHHH")
_PLACE = struct.Struct("<IQI")  # of a text: length, collection, index
_COLLECTION = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_SHARED_TYPE, _SHARED_SPACE = 0x01, 0x02


class Heap:
    """The global heap: collections of numbered objects, each read once.

    Args:
        source: the file.
    """

    def __init__(self, source: Bytes) -> None:
        self._source = source
        self._left = source.size  # bytes of texts, each of which is decoded once
        self._collections: dict[int, dict[int, bytes]] = {}

    def text(self, length: int, address: int, index: int) -> bytes:
        """A text by its place.

        Raises:
            DamagedError: if it is not there, or texts overlap.
        """
        if not length or address in (0, UNDEFINED):
            return b""
        self._left -= length
        if self._left < 0:
            raise DamagedError("its texts are longer than the file")
        if address not in self._collections:
            self._collections[address] = self._collection(address)
        content = self._collections[address].get(index, b"")
        if length > len(content):
            raise DamagedError("a text is not where the file says it is")
        return content[:length]

    def _collection(self, address: int) -> dict[int, bytes]:
        start = self._source.read(address, _COLLECTION.size, "a heap of texts")
        mark, version, size = _COLLECTION.unpack(start)
        if mark != b"GCOL" or version != 1 or size < _COLLECTION.size:
            raise DamagedError("a heap of texts is not where the file says it is")
        content = self._source.read(address, size, "a heap of texts")
        found: dict[int, bytes] = {}
        place = _COLLECTION.size
        while place + _OBJECT.size <= size:
            index, _, length = _OBJECT.unpack_from(content, place)
            if not index:  # the rest is free
                break
            place += _OBJECT.size
            if length > size - place or index in found:
                raise DamagedError("a heap of texts is not whole")
            found[index] = content[place : place + length]
            place += -(-length // 8) * 8
        return found


class Attributes(Mapping[str, Any]):
    """Texts, numbers and lists of them beside a group or an array, each read when asked for.

    Args:
        messages: of the object's header.
        heap: the texts of variable length in the file.
        path: the object's name in messages.
    """

    def __init__(self, messages: list[Message], heap: Heap, path: str) -> None:
        self._messages = [m for m in messages if m.kind in (_ATTRIBUTE, _ATTRIBUTE_INFO)]
        self._heap, self._path = heap, path
        self._values: dict[str, Any] = {}

    @property
    def messages(self) -> int:
        """How many messages of the header are about them, known without looking into any."""
        return len(self._messages)

    def __contains__(self, name: object) -> bool:
        return name in self._stored

    def __getitem__(self, name: str) -> Any:
        if name not in self._values:
            message = self._stored[name]
            try:
                self._values[name] = _value(message.body, self._heap)
            except FileError as error:
                place = f"attribute '{shown(name)}' of '{shown(self._path)}'"
                if isinstance(error, UnsafeError):
                    raise UnsafeError(f"{place} holds {error}, no text or number") from None
                raise DamagedError(f"{place} cannot be read: {error}") from None
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    @functools.cached_property
    def _stored(self) -> dict[str, Message]:
        try:
            return _by_name(self._messages)
        except FileError as error:
            raise type(error)(f"attributes of '{shown(self._path)}': {error}") from None


def _by_name(messages: list[Message]) -> dict[str, Message]:
    found: dict[str, Message] = {}
    for message in messages:
        if message.kind == _ATTRIBUTE_INFO and _is_elsewhere(message.body):
            raise UnsafeError("they are stored densely, as no writer of models does")
        if message.kind == _ATTRIBUTE_INFO:
            continue
        if message.flags & headers.SHARED:
            raise UnsafeError("one is shared with other objects, as no writer of models does")
        name = _name(message.body)
        if name in found:
            raise DamagedError(f"'{shown(name)}' is there twice")
        found[name] = message
    return found


def _is_elsewhere(body: bytes) -> bool:
    """Whether an attribute info message has the address of a heap with attributes."""
    if len(body) < 2:
        raise DamagedError("their list is cut short")
    place = 2 + 2 * (body[1] & 1)
    return body[place : place + 8] != b"\xff" * 8


def _name(body: bytes) -> str:
    start, size, _, _ = _layout(body)
    return body[start : start + size].split(b"\0")[0].decode("utf-8", "replace")


def _layout(body: bytes) -> tuple[int, int, int, int]:
    """Place of the name, and sizes of name, datatype and dataspace."""
    if len(body) < _START.size:
        raise DamagedError("one is cut short")
    version, _, name, of_type, of_space = _START.unpack_from(body)
    if version not in (1, 2, 3):
        raise DamagedError("one is of no known version")
    start = _START.size + (version == 3)
    if start + name > len(body):
        raise DamagedError("a name is cut short")
    return start, name, of_type, of_space


def _value(body: bytes, heap: Heap) -> Any:
    """The value of an attribute message: text, number, list of either; None where there is none."""
    version, flags = body[0], body[1]
    if version > 1 and flags & (_SHARED_TYPE | _SHARED_SPACE):
        raise UnsafeError("a type that is kept elsewhere")
    place, *sizes = _layout(body)
    pieces: list[bytes] = []
    for size in sizes:
        pieces.append(body[place : place + size])
        place += -(-size // 8) * 8 if version == 1 else size
    kind, shape = types.datatype(pieces[1]), types.dataspace(pieces[2])
    if shape is None:
        return None
    count = math.prod(shape)
    if count * kind.size > len(body) - place:
        raise DamagedError("it is cut short")
    values = _decoded(body[place : place + count * kind.size], kind, count, heap)
    return values if shape else values[0]


def _decoded(content: bytes, kind: Datatype, count: int, heap: Heap) -> list[Any]:
    if kind.numpy is not None:
        if kind.numpy.kind == "V":
            raise UnsafeError("raw bytes")
        return types.native(np.frombuffer(content, kind.numpy, count)).tolist()
    if kind.variable:
        return [
            heap.text(*place).split(b"\0")[0].decode("utf-8", "replace")
            for place in _PLACE.iter_unpack(content)
        ]
    return [
        _unpadded(content[i : i + kind.size], kind.padding).decode("utf-8", "replace")
        for i in range(0, count * kind.size, kind.size)
    ]


def _unpadded(text: bytes, padding: int) -> bytes:
    if padding == types.NULL_ENDED:
        return text.split(b"\0")[0]
    return text.rstrip(b"\0" if padding == types.NULL_PADDED else b" \0")
