"""One pass over a file for several purposes: digests, checksums, searches.

Reading a large file costs about as much as hashing it, so it is read once, and while one piece is
looked at the next one is read. Hashing leaves the interpreter free: the uses run side by side.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import BinaryIO

PIECE = 1 << 20


def over(file: BinaryIO, start: int, size: int, *uses: Callable[[bytes], object]) -> int:
    """Hand a stretch of a file to every use, piece by piece and in order.

    Args:
        file: open for reading.
        start: where the stretch begins.
        size: its length.
        *uses: called with each piece; each sees the pieces one after the other.

    Returns:
        How many bytes there were; fewer than `size` where the file ends.
    """
    file.seek(start)
    first = file.read(min(size, PIECE))
    if size <= PIECE:  # threads are not worth while
        for use in uses:
            use(first)
        return len(first)
    done, piece = 0, first
    with concurrent.futures.ThreadPoolExecutor(len(uses)) as threads:
        while piece:
            pending = [threads.submit(use, piece) for use in uses]
            done += len(piece)
            piece = file.read(min(size - done, PIECE))
            for one in pending:
                one.result()
    return done
