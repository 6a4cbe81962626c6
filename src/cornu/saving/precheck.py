"""What is looked at in an HDF5 file before the HDF5 library is: structures on which it would hang.

The library trusts the sizes inside a *global heap collection* (where texts of variable length are
kept): an object of size zero makes it loop for ever. So every collection is walked here first, with
bounds. Addresses and lengths must have eight bytes, as all writers of models have them.
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np

from cornu.saving.damage import DamagedError, UnsafeError

MAGIC = b"\x89HDF\r\n\x1a\n"
_WORD = int.from_bytes(b"GCOL", "little")
_HEADER = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_SMALLEST = 4096  # bytes of a collection, by the format's specification


class Heaps:
    """Finds the places in a file at which a collection may begin."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self._base, self._kept = 0, b""

    def look(self, piece: bytes) -> None:
        """Search the next piece of the file."""
        text = self._kept + piece
        for shift in range(4):  # four comparisons of words are faster than one search for text
            if count := max(0, len(text) - shift) // 4:
                found = np.flatnonzero(np.frombuffer(text, "<u4", count, shift) == _WORD)
                self.places += [self._base + shift + 4 * int(i) for i in found]
        kept = min(3, len(text))
        self._base += len(text) - kept
        self._kept = text[len(text) - kept :]


def check(file: BinaryIO, size: int, what: str, heaps: Heaps) -> None:
    """Refuse a file that the library cannot be trusted with.

    Args:
        file: open for reading.
        size: its size.
        what: its name in messages.
        heaps: has looked at the whole file.

    Raises:
        DamagedError: if it is no HDF5 file, or its heaps of text are not whole.
        UnsafeError: if it has addresses of another width.
    """
    file.seek(0)
    start = file.read(24)
    if not start.startswith(MAGIC) or len(start) < 24:
        raise DamagedError(f"{what} is damaged or no HDF5 file")
    version = start[8]
    widths = start[13:15] if version < 2 else start[9:11]
    if widths != b"\x08\x08":
        raise UnsafeError(f"{what} has HDF5 addresses of another width than 8 bytes")
    for place in heaps.places:
        if not _is_sound(file, place, size):
            raise DamagedError(f"{what} is damaged: its heap of texts at byte {place} is not whole")


def _is_sound(file: BinaryIO, start: int, file_size: int) -> bool:
    """Whether the library gets through a collection; what it refuses by itself passes."""
    file.seek(start)
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        return True
    _, version, size = _HEADER.unpack(header)
    if version != 1 or not _SMALLEST <= size <= file_size - start:
        return True
    content = file.read(size - _HEADER.size)
    place = 0
    while len(content) - place >= _OBJECT.size:
        index, _, length = _OBJECT.unpack_from(content, place)
        needed = length if index == 0 else _OBJECT.size + (length + 7) // 8 * 8
        if needed < _OBJECT.size or needed > len(content) - place:
            return False
        place += needed
    return True
