"""The bytes of an HDF5 file, every place and size held against the file before anything is read."""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from cornu.saving.damage import DamagedError, UnsafeError

UNDEFINED = (1 << 64) - 1  # the address of what is not stored
MAGIC = b"\x89HDF\r\n\x1a\n"
_OLD_SUPERBLOCK = struct.Struct("<8s5x2BxHHI")  # up to the addresses, which version 1 moves
_ADDRESSES = struct.Struct("<QQQQQQ")
_NEW_SUPERBLOCK = struct.Struct("<8sB2BxQQQQI")
_SLACK = 1 << 16


class Bytes:
    """A file, read piece by piece.

    What describes the arrays is read once or twice in an honest file, so all of it together is
    less than a few times the file; where pieces overlap without end, the sum finds it out.

    Args:
        file: open for reading in binary.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        self._left = 4 * self.size + _SLACK

    def read(self, place: int, size: int, what: str) -> bytes:
        """`size` bytes from `place` on.

        Args:
            place: offset in the file.
            size: number of bytes.
            what: what they are, in messages.

        Raises:
            DamagedError: if they are not all there.
        """
        self.check(place, size, what)
        self._left -= size
        if self._left < 0:
            raise DamagedError(f"pieces of the file overlap: {what} at byte {place}")
        self._file.seek(place)
        found = self._file.read(size)
        if len(found) != size:
            raise DamagedError(f"{what} at byte {place} is cut short")
        return found

    def close(self) -> None:
        """Let go of the file: nothing can be read any more."""
        self._file = io.BytesIO()
        self._file.close()

    def check(self, place: int, size: int, what: str) -> None:
        """Refuse a stretch that is not inside the file."""
        if not 0 <= size <= self.size or not 0 <= place <= self.size - size:
            raise DamagedError(f"{what} lies beyond the end of the file")

    def read_into(self, place: int, target: memoryview, what: str) -> None:
        """Fill `target` with the bytes from `place` on."""
        self.check(place, target.nbytes, what)
        self._file.seek(place)
        filled = 0
        while filled < target.nbytes:
            count = self._file.readinto(target[filled:])  # type: ignore[attr-defined]
            if not count:
                raise DamagedError(f"{what} is cut short")
            filled += count

    def root(self) -> int:
        """The address of the root group's header.

        Raises:
            DamagedError: if it is no HDF5 file, or cut short.
            UnsafeError: if it is laid out as no model file is.
        """
        start = self.read(0, min(self.size, 104), "the superblock")
        if not start.startswith(MAGIC) or len(start) < 48:
            raise DamagedError("no HDF5 file")
        version = start[8]
        if version > 3:
            raise UnsafeError(f"its superblock has version {version}; versions 0 to 3 are read")
        if (start[13:15] if version < 2 else start[9:11]) != b"\x08\x08":
            raise UnsafeError("it has HDF5 addresses of another width than 8 bytes")
        if version < 2:
            place = _OLD_SUPERBLOCK.size + 4 * version
            if len(start) < place + _ADDRESSES.size:
                raise DamagedError("its superblock is cut short")
            base, _, end, _, _, root = _ADDRESSES.unpack_from(start, place)
        else:
            _, _, _, _, base, _, end, root, checksum = _NEW_SUPERBLOCK.unpack_from(start)
            if checksum != checksum_of(start[: _NEW_SUPERBLOCK.size - 4]):
                raise DamagedError("the checksum of its superblock is wrong")
        if base:
            raise UnsafeError("it does not begin at its first byte")
        if end > self.size:
            raise DamagedError(f"it is cut short: {self.size} of {end} bytes")
        return root


def checksum_of(content: bytes) -> int:
    """Bob Jenkins's `lookup3` hash with a start of 0, by which HDF5 checks its newer structures."""
    size = len(content)
    a = b = c = (0xDEADBEEF + size) & 0xFFFFFFFF
    words = struct.unpack(f"<{-(-size // 12) * 3}I", content + bytes(-size % 12))
    for i in range(0, len(words) - 3, 3):
        a, b, c = _mixed(a + words[i], b + words[i + 1], c + words[i + 2])
    if not words:
        return c
    a, b, c = a + words[-3], b + words[-2], c + words[-1]
    return _finished(a & 0xFFFFFFFF, b & 0xFFFFFFFF, c & 0xFFFFFFFF)


def _turned(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (32 - bits))) & 0xFFFFFFFF


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    a, b, c = a & 0xFFFFFFFF, b & 0xFFFFFFFF, c & 0xFFFFFFFF
    for bits in (4, 6, 8, 16, 19, 4):
        a = ((a - c) & 0xFFFFFFFF) ^ _turned(c, bits)
        c = (c + b) & 0xFFFFFFFF
        a, b, c = b, c, a
    return a, b, c


def _finished(a: int, b: int, c: int) -> int:
    for bits in (14, 11, 25, 16, 4, 14, 24):
        c = ((c ^ b) - _turned(b, bits)) & 0xFFFFFFFF
        a, b, c = b, c, a
    return b
