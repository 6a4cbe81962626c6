"""Holes that a compiler leaves in the C heap, taken out of the way of the steps.

XLA's CPU compiler frees what it worked with and leaves tens of thousands of free blocks between the
few that stay: 38,000 after the program of a small convolution network. glibc looks through those of
about the wanted size for every larger block, and steps ask for such blocks all the time, each
matrix product for two. With all threads in one arena (see `heap.py`) that made the network's step
20 % slower than when its program came from the compile cache.

So after each long compilation the holes between `_LEAST` and `_MOST` bytes are taken for good, and
their pages given back to the system: an address range is all they cost. Only where glibc is, and
only in its first arena.
"""

from __future__ import annotations

import ctypes
import mmap
import re
import threading
from typing import Any

import jax

_EVENT = "/jax/core/compile/backend_compile_duration"
_LONG = 0.2  # seconds of compilation that leave holes that matter

_LEAST, _MOST = 8 << 10, 1 << 20  # bytes; above are blocks that steps use again and again
_MOST_TAKEN = 512 << 20  # bytes of the address range, in all
_ROUNDS = 3  # what is left of a hole may be another
_FEW = 200  # holes that do not matter
_DROPPED = 16 << 10  # bytes; of smaller holes the pages are not worth a call

_BIN = re.compile(rb'<size from="(\d+)" to="(\d+)" total="\d+" count="(\d+)"/>')
_HEAD = 8  # bytes of a block that are not the caller's

_lock = threading.Lock()
_taken = 0


def watch(library: Any) -> None:
    """Fill holes after each long compilation from now on.

    Args:
        library: glibc, as ctypes loads it.
    """
    library.open_memstream.restype = ctypes.c_void_p
    library.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
    library.fclose.argtypes = library.free.argtypes = [ctypes.c_void_p]
    library.malloc.restype, library.malloc.argtypes = ctypes.c_size_t, [ctypes.c_size_t]
    library.madvise.argtypes = [ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int]

    def compiled(event: str, duration_secs: float, **_: Any) -> None:
        if event == _EVENT and duration_secs >= _LONG:
            fill(library)

    jax.monitoring.register_event_duration_secs_listener(compiled)


def fill(library: Any) -> None:
    """Take the holes that there are, the largest first."""
    global _taken
    with _lock:
        for _ in range(_ROUNDS):
            found = of(library)
            if len(found) < _FEW:
                return
            for size in reversed(found):
                if _taken + size > _MOST_TAKEN:
                    return
                _taken += size
                # glibc gives the smallest block that is large enough: the one that is meant.
                _drop_pages(library, library.malloc(size - _HEAD), size - _HEAD)


def of(library: Any) -> list[int]:
    """Bytes of the holes that matter, by size; each counts as the smallest of its bin."""
    text, length = ctypes.c_void_p(), ctypes.c_size_t()
    stream = library.open_memstream(ctypes.byref(text), ctypes.byref(length))
    if not stream:
        return []
    library.malloc_info(0, stream)
    library.fclose(stream)
    first_arena = ctypes.string_at(text.value or 0, length.value).partition(b"</heap>")[0]
    library.free(text)
    # The lowest bits of a size are marks of glibc's.
    bins = ((int(a) & ~15, int(b), int(n)) for a, b, n in _BIN.findall(first_arena))
    return [a for a, b, n in bins if a >= _LEAST and b < _MOST for _ in range(n)]


def _drop_pages(library: Any, block: int, size: int) -> None:
    page = mmap.PAGESIZE
    first, end = -(-block // page) * page, (block + size) // page * page
    if block and end - first >= _DROPPED:
        library.madvise(first, end - first, mmap.MADV_DONTNEED)
