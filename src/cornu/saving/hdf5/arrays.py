"""Arrays of an HDF5 file: shape, dtype and place first; the values when they are asked for.

Sections IV.A.2.i (layout) and IV.A.2.l (filters) of the HDF5 File Format Specification. An array is
stored in one piece, in its header, or in chunks with deflate and shuffle; everything else is
refused by name, and so is an array that is not there in full.
"""

from __future__ import annotations

import dataclasses
import math
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from cornu.saving.damage import DamagedError, FileError, UnsafeError, shown
from cornu.saving.hdf5 import headers, trees, types
from cornu.saving.hdf5.headers import Message
from cornu.saving.hdf5.source import UNDEFINED, Bytes
from cornu.saving.hdf5.types import WIDTHS

MAX_INFLATION = 1100  # deflate itself cannot expand more
_SPACE, _TYPE, _EXTERNAL, _LAYOUT, _FILTERS = 0x01, 0x03, 0x07, 0x08, 0x0B
_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = range(4)
_DEFLATE, _SHUFFLE = 1, 2
_PLACE = struct.Struct("<QQ")
_FILTER = struct.Struct("<HHHH")
_MAX_FILTERS = 32


@dataclasses.dataclass(frozen=True, slots=True)
class Piece:
    """Where a part of an array is in the file.

    Attributes:
        place: offset in the file.
        size: bytes there.
        at: index of its first value; () for the whole array.
        skipped: bit i is set where the i-th filter was left out.
    """

    place: int
    size: int
    at: tuple[int, ...] = ()
    skipped: int = 0


@dataclasses.dataclass(frozen=True)
class StoredArray:
    """An array in a file: known by shape and dtype, read when asked.

    Attributes:
        path: its name in the file.
        shape: its shape.
        dtype: name of its dtype, which may be one that NumPy lacks.
        raw: dtype that NumPy reads its bytes as.
        source: the file.
        pieces: where the values are; a single one where they are not in chunks.
        chunk: shape of a chunk; () where they are in one piece.
        filters: what each chunk went through.
        values: the bytes themselves, where they are in the header.
    """

    path: str
    shape: tuple[int, ...]
    dtype: str
    raw: np.dtype
    source: Bytes = dataclasses.field(repr=False)
    pieces: list[Piece] = dataclasses.field(repr=False)
    chunk: tuple[int, ...] = ()
    filters: tuple[int, ...] = ()
    values: bytes | None = dataclasses.field(default=None, repr=False)

    @property
    def nbytes(self) -> int:
        """Size of the values."""
        return math.prod(self.shape) * self.raw.itemsize

    @property
    def stored(self) -> int:
        """Bytes of the file that are taken by the values."""
        return sum(piece.size for piece in self.pieces)

    @property
    def inflated(self) -> int:
        """Bytes of all chunks as they are read."""
        return len(self.pieces) * math.prod(self.chunk) * self.raw.itemsize if self.chunk else 0

    def read(self) -> np.ndarray:
        """The values; those of a dtype that NumPy lacks as raw bytes (`dtype` says which)."""
        try:
            return types.native(self._read())
        except FileError as error:
            raise DamagedError(f"array '{shown(self.path)}' cannot be read: {error}") from None

    def _read(self) -> np.ndarray:
        if self.values is not None:
            return np.frombuffer(self.values, self.raw).reshape(self.shape).copy()
        found = np.empty(self.shape, self.raw)
        if not self.chunk:
            for piece in self.pieces:
                flat = found.reshape(-1).view(np.uint8).data
                self.source.read_into(piece.place, flat, "its content")
            return found
        for piece in self.pieces:
            chunk = self._unpacked(piece)
            inside = tuple(
                slice(0, size - at) for size, at in zip(self.shape, piece.at, strict=True)
            )
            part = chunk[inside]
            found[tuple(slice(at, at + n) for at, n in zip(piece.at, part.shape, strict=True))] = (
                part
            )
        return found

    def _unpacked(self, piece: Piece) -> np.ndarray:
        """A chunk, the filters undone in reverse."""
        stored = bytearray(piece.size)
        self.source.read_into(piece.place, memoryview(stored), "a chunk")
        content, width = bytes(stored), self.raw.itemsize
        size = math.prod(self.chunk) * width
        for number, kind in reversed(list(enumerate(self.filters))):
            if piece.skipped >> number & 1:
                continue
            if kind == _DEFLATE:
                content = _inflated(content, size)
            elif len(content) == size:  # shuffle: first all first bytes, then all second ones ...
                content = np.frombuffer(content, np.uint8).reshape(width, -1).T.tobytes()
        if len(content) != size:
            raise DamagedError("a chunk has another size than its values")
        return np.frombuffer(content, self.raw).reshape(self.chunk)


def _inflated(content: bytes, size: int) -> bytes:
    unpacking = zlib.decompressobj()
    try:
        found = unpacking.decompress(content, size + 1)
    except zlib.error as error:
        raise DamagedError(f"a chunk is damaged ({shown(error)})") from None
    if len(found) != size or not unpacking.eof:
        raise DamagedError("a chunk has another size than its values")
    return found


# -- describing ------------------------------------------------------------------------------------


def is_array(messages: list[Message]) -> bool:
    """Whether an object is an array, by the messages of its header."""
    return any(message.kind == _LAYOUT for message in messages)


def describe(
    source: Bytes, messages: list[Message], attributes: Mapping[str, Any], path: str
) -> StoredArray:
    """The array that the messages of an object's header describe.

    Args:
        source: the file.
        messages: of the header.
        attributes: of the array, where the name of a dtype may be that NumPy lacks.
        path: its name in the file.

    Raises:
        DamagedError: if it is not stored in full.
        UnsafeError: for what no model's array is.
    """
    try:
        return _described(source, messages, attributes, path)
    except FileError as error:
        raise type(error)(f"array '{shown(path)}': {error}") from None


def _described(
    source: Bytes, messages: list[Message], attributes: Mapping[str, Any], path: str
) -> StoredArray:
    found: dict[int, bytes] = {}
    for message in messages:
        if message.kind not in (_SPACE, _TYPE, _EXTERNAL, _LAYOUT, _FILTERS):
            continue
        if message.kind in found:
            raise DamagedError("it is described twice")
        if message.flags & headers.SHARED:
            raise UnsafeError("it has a type that is kept elsewhere, as no writer of models does")
        found[message.kind] = message.body
    if _EXTERNAL in found:
        raise UnsafeError("it points to another file")
    if _SPACE not in found or _TYPE not in found:
        raise DamagedError("it lacks shape or dtype")
    shape = types.dataspace(found[_SPACE])
    if shape is None:
        raise UnsafeError("it has no shape")
    dtype, raw = _dtype(found[_TYPE], attributes)
    filters = _filters(found[_FILTERS]) if _FILTERS in found else ()
    kind, rest = _layout(found[_LAYOUT])
    whole = StoredArray(path, shape, dtype, raw, source, [], filters=filters)
    if kind == _CHUNKED:
        return _in_chunks(whole, rest, source)
    if filters:
        raise DamagedError("it has filters but no chunks")
    return _in_header(whole, rest) if kind == _COMPACT else _in_one_piece(whole, rest, source)


def _dtype(body: bytes, attributes: Mapping[str, Any]) -> tuple[str, np.dtype]:
    """Name of the dtype, and the dtype that NumPy reads it as."""
    try:
        found = types.datatype(body).numpy
    except UnsafeError as error:
        raise UnsafeError(f"it holds {error}, not numbers") from None
    if found is None:
        raise UnsafeError("it holds texts, not numbers")
    if found.kind != "V":
        return found.newbyteorder("=").name, found
    name = attributes.get("dtype")
    if not isinstance(name, str) or WIDTHS.get(name) != found.itemsize:
        raise UnsafeError("it holds raw bytes, not numbers")
    return name, found


def _layout(body: bytes) -> tuple[int, bytes]:
    """The class of a layout message and what follows it."""
    if len(body) < 2:
        raise DamagedError("it has no layout")
    version, kind = body[:2]
    if version not in (3, 4):
        raise UnsafeError(f"it has a layout of version {version}; versions 3 and 4 are read")
    if kind == _VIRTUAL:
        raise UnsafeError("it is virtual: put together from other arrays")
    if kind > _VIRTUAL:
        raise DamagedError("it has a layout of no known kind")
    if kind == _CHUNKED and version == 4:
        raise UnsafeError(
            "it is in chunks as `libver='latest'` keeps them: write it with h5py's defaults"
        )
    return kind, body[2:]


def _in_header(whole: StoredArray, rest: bytes) -> StoredArray:
    size = int.from_bytes(rest[:2], "little")
    values = rest[2 : 2 + size]
    if len(values) != whole.nbytes:
        raise _not_whole(whole)
    return dataclasses.replace(whole, values=values)


def _in_one_piece(whole: StoredArray, rest: bytes, source: Bytes) -> StoredArray:
    if len(rest) < _PLACE.size:
        raise DamagedError("it has no layout")
    place, size = _PLACE.unpack_from(rest)
    if not whole.nbytes:
        return whole
    if size != whole.nbytes or size > source.size or place > source.size - size:
        raise _not_whole(whole)
    return dataclasses.replace(whole, pieces=[Piece(place, size)])


def _in_chunks(whole: StoredArray, rest: bytes, source: Bytes) -> StoredArray:
    rank = len(whole.shape)
    if len(rest) < 9 + 4 * (rank + 1) or rest[0] != rank + 1 or not rank:
        raise DamagedError("it has chunks of another rank")
    tree = int.from_bytes(rest[1:9], "little")
    *chunk, width = struct.unpack_from(f"<{rank + 1}I", rest, 9)
    if width != whole.raw.itemsize or not all(chunk):
        raise DamagedError("it has chunks of another dtype")
    count = math.prod(-(-size // piece) for size, piece in zip(whole.shape, chunk, strict=True))
    found = dataclasses.replace(whole, chunk=tuple(chunk))
    if not count:
        return found
    if tree == UNDEFINED or count > source.size // 8:
        raise _not_whole(whole)
    pieces: dict[tuple[int, ...], Piece] = {}
    for key, place in trees.leaves(source, tree, 1, 8 * (rank + 2)):
        size, skipped, *at = struct.unpack(f"<II{rank + 1}Q", key)
        source.check(place, size, "a chunk")
        if at[-1]:
            raise DamagedError("it has a chunk that begins inside a value")
        pieces[tuple(at[:-1])] = Piece(place, size, tuple(at[:-1]), skipped)
    if len(pieces) != count or not all(_is_on_grid(at, whole.shape, chunk) for at in pieces):
        raise _not_whole(whole)
    return dataclasses.replace(found, pieces=list(pieces.values()))


def _is_on_grid(at: tuple[int, ...], shape: tuple[int, ...], chunk: list[int]) -> bool:
    return all(
        start < size and not start % piece
        for start, size, piece in zip(at, shape, chunk, strict=True)
    )


def _not_whole(array: StoredArray) -> DamagedError:
    return DamagedError(f"its shape {shown(array.shape)} is not stored in full")


def _filters(body: bytes) -> tuple[int, ...]:
    """The filters of an array, in the order in which they were used."""
    if len(body) < 2 or body[0] not in (1, 2) or body[1] > _MAX_FILTERS:
        raise DamagedError("it has filters of no known version")
    version, count = body[:2]
    place = 8 if version == 1 else 2
    found: list[int] = []
    for _ in range(count):
        kind = int.from_bytes(body[place : place + 2], "little")
        if kind not in (_DEFLATE, _SHUFFLE):
            raise UnsafeError("it uses HDF5 filters other than deflate")
        if version == 1:
            if len(body) < place + _FILTER.size:
                raise DamagedError("it has filters that are cut short")
            _, name, _, numbers = _FILTER.unpack_from(body, place)
            place += 8 + -(-name // 8) * 8 + 4 * (numbers + numbers % 2)
        else:
            place += 6 + 4 * int.from_bytes(body[place + 4 : place + 6], "little")
        if place > len(body) or kind in found:
            raise DamagedError("it has filters that are cut short or doubled")
        found.append(kind)
    return tuple(found)
