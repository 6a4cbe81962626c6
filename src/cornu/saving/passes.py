"""One pass over a file, for its digest or checksum.

Reading a large file costs about as much as hashing it, and hashing leaves the interpreter free:
while one piece is looked at the next one is read.
"""

from __future__ import annotations

import concurrent.futures
import hashlib
from collections.abc import Callable
from typing import BinaryIO

_PIECE = 1 << 20


def over(file: BinaryIO, start: int, size: int, use: Callable[[bytes], object]) -> None:
    """Hand a stretch of a file to a function, piece by piece and in order.

    Args:
        file: open for reading.
        start: where the stretch begins.
        size: its length; it ends earlier where the file does.
        use: called with each piece.
    """
    file.seek(start)
    piece = file.read(min(size, _PIECE))
    if size <= _PIECE:  # a thread is not worth while
        use(piece)
        return
    done = 0
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        while piece:
            pending = thread.submit(use, piece)
            done += len(piece)
            piece = file.read(min(size - done, _PIECE))
            pending.result()


def sha256(file: BinaryIO, size: int) -> str:
    """The digest of the first `size` bytes, in hexadecimal digits."""
    found = hashlib.sha256()
    over(file, 0, size, found.update)
    return found.hexdigest()
