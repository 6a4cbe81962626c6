"""Zip archives whose members are written in place: HDF5 moves about in its file, and reads it.

Python's `zipfile` wants a member's bytes in order, so that large weights would have to be written
to a file of their own first. Members are stored, not compressed; dates are fixed. Sizes from 4 GiB
on go into the zip64 fields (PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from cornu.saving import passes

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ELSEWHERE = 0xFFFFFFFF  # what a field of four bytes says where a wide one has the number
_LIMIT = _ELSEWHERE  # numbers from here on have wide fields
_PLAIN, _WIDE = 20, 45  # version of the format that a reader must know
_DATE = 1 << 5 | 1  # the first of January 1980, as far back as the format goes
_MODE = 0o100600 << 16
_UNIX = 3 << 8


@dataclasses.dataclass
class _Member:
    name: bytes
    start: int
    size: int = 0
    crc: int = 0


class ZipWriter:
    """Writes an archive into an empty file.

    Args:
        file: empty, open for writing and reading.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._members: list[_Member] = []

    @contextlib.contextmanager
    def member(self, name: str) -> Iterator[BinaryIO]:
        """A file, open for writing and reading, whose content becomes the next member.

        Args:
            name: of the member, in ASCII.
        """
        made = _Member(name.encode("ascii"), self._file.seek(0, os.SEEK_END))
        self._file.write(_local_header(made))
        window = Window(self._file, self._file.tell())
        yield window  # type: ignore[misc]
        made.size = window.seek(0, os.SEEK_END)
        passes.over(window, 0, made.size, lambda piece: _add_to(made, piece))  # type: ignore[arg-type]
        self._file.seek(made.start)
        self._file.write(_local_header(made))
        self._members.append(made)

    def add(self, name: str, content: bytes) -> None:
        """Write a member at once."""
        with self.member(name) as file:
            file.write(content)

    def finish(self) -> None:
        """Write the list of members, with which the archive ends."""
        start = self._file.seek(0, os.SEEK_END)
        for made in self._members:
            self._file.write(_central_header(made))
        end, count = self._file.tell(), len(self._members)
        if max(start, end) >= _LIMIT:
            counts = (count, count, end - start, start)
            self._file.write(_END_64.pack(b"PK\6\6", 44, _WIDE, _WIDE, 0, 0, *counts))
            self._file.write(_LOCATOR_64.pack(b"PK\6\7", 0, end, 1))
        sizes = (_narrow(end - start), _narrow(start))
        self._file.write(_END.pack(b"PK\5\6", 0, 0, count, count, *sizes, 0))


def _add_to(made: _Member, piece: bytes) -> None:
    made.crc = zlib.crc32(piece, made.crc)


def _narrow(number: int) -> int:
    return number if number < _LIMIT else _ELSEWHERE


def _local_header(made: _Member) -> bytes:
    """The header before a member; of one length, so that it can be written again afterwards."""
    wide = struct.pack("<2H2Q", 1, 16, made.size, made.size)
    parts = (b"PK\3\4", _WIDE, 0, 0, 0, _DATE, made.crc, _ELSEWHERE, _ELSEWHERE)
    return _LOCAL.pack(*parts, len(made.name), len(wide)) + made.name + wide


def _central_header(made: _Member) -> bytes:
    wide = b"".join(struct.pack("<Q", n) for n in (made.size, made.size, made.start) if n >= _LIMIT)
    extra = struct.pack("<2H", 1, len(wide)) + wide if wide else b""
    size = _narrow(made.size)
    return (
        _CENTRAL.pack(
            *(b"PK\1\2", _UNIX | _WIDE, _WIDE, 0, 0, 0, _DATE, made.crc, size, size),
            *(len(made.name), len(extra), 0, 0, 0, _MODE, _narrow(made.start)),
        )
        + made.name
        + extra
    )


class Window:
    """The end of a file from some place on, as a file of its own."""

    def __init__(self, file: BinaryIO, start: int) -> None:
        self._file, self._start = file, start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move about; gives the new place."""
        if whence == os.SEEK_SET:
            offset += self._start
        return self._file.seek(offset, whence) - self._start

    def tell(self) -> int:
        """The place in the window."""
        return self._file.tell() - self._start

    def read(self, size: int = -1) -> bytes:
        """Bytes from here on."""
        return self._file.read(size)

    def readinto(self, target: Any) -> int:
        """Fill a buffer from here on."""
        return self._file.readinto(target)  # type: ignore[attr-defined]

    def write(self, data: Any) -> int:
        """Write here."""
        return self._file.write(data)

    def truncate(self, size: int) -> int:
        """Cut the file off, or let it grow with zeros."""
        return self._file.truncate(self._start + size) - self._start

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._file.flush()
