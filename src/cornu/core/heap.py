"""Memory that steps hand back is kept for the next step.

XLA's CPU programs take their scratch memory from the C heap and free it with every call. glibc
gives blocks of more than 32 MB back to the system at once, and the next call pays for each page
anew: 42,000 page faults, 90 of 230 ms, in a step of a transformer with 1 M weights. Inside `kept`
such blocks stay with the process. Arrays of the user's that are made and dropped outside are gone
as ever, and once nothing has run for a second, all but a limited rest is given back. Only then: to
ask how much lies idle takes 3 ms where a compiler has left many small holes, and a script that fits
one epoch at a time would pay for all pages again with each.

Where programs go to another processor there is nothing to gain, and much to lose: its compilers
allocate in all threads at once.

Only the first arena of glibc's heap can keep them, so all threads must share that one. `prepare`
says so, of use only before JAX starts its threads. Sharing has them wait for each other, 0.15 ms an
epoch of a tiny model, so it is said for models that gain by it. What a compiler leaves in the one
arena then lies in everybody's way: see `holes.py`.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

import jax

from cornu.core import holes

# Parameters of mallopt(3).
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -3, -4, -8

_MOST_CORES = 8  # with more, threads that compile would wait for each other too much (assumed)
_MANY = 1 << 16  # values in a model and a batch, whose steps take scratch memory that matters
_REST = 1.0  # seconds after the last block
_MOST_KEPT = 1 << 30  # bytes that may lie idle after the rest

_KEEPING = {_TRIM_THRESHOLD: 2**31 - 1, _MMAP_MAX: 0}
# The threshold is what glibc's own adaptation arrives at after the first large blocks; it stops
# adapting as soon as any of these is set.
_AFTERWARDS = {_MMAP_THRESHOLD: 32 << 20, _MMAP_MAX: 65536}
_AT_REST = {_TRIM_THRESHOLD: _MOST_KEPT}


class _Statistics(ctypes.Structure):
    """What mallinfo2(3) gives: ten numbers, the ninth being the free bytes of the first arena."""

    _fields_ = (("numbers", ctypes.c_size_t * 10),)


_lock = threading.Lock()
_is_shared = False  # whether all threads share the first arena
_holders = 0
_left = 0.0  # when the last of them left, by the monotonic clock
_waiter: threading.Thread | None = None


@functools.cache
def _glibc() -> Any:
    """The C library, if it is glibc and programs go to the CPU."""
    if not _is_for_cpu(jax.config.values["jax_platforms"]):
        return None
    try:
        library = ctypes.CDLL(None)
        library.mallinfo2.restype = _Statistics  # there since glibc 2.33, and nowhere else
    except (AttributeError, OSError, TypeError):
        return None
    return library


def _is_for_cpu(platforms: str | None) -> bool:
    """Whether JAX will choose the CPU, as far as can be said before it starts."""
    if platforms:
        return platforms.split(",")[0] == "cpu"
    return importlib.util.find_spec("jax_plugins") is None  # where GPUs' and TPUs' drivers live


def prepare(values: int) -> None:
    """Make ready for programs on so many values; of use only before JAX starts its threads."""
    library = _glibc()
    if library is not None and values >= _MANY and (os.cpu_count() or 1) <= _MOST_CORES:
        _share(library)


def _share(library: Any) -> None:
    global _is_shared
    with _lock:
        if not _is_shared:
            library.mallopt(_ARENA_MAX, 1)
            holes.watch(library)
            _is_shared = True


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Keep freed memory until the end of the block; blocks may lie within and beside each other."""
    library = _glibc()
    if library is None:
        yield
        return
    _hold(library, 1)
    try:
        yield
    finally:
        _hold(library, -1)


def _hold(library: Any, change: int) -> None:
    """Count the blocks; the first sets the heap to keep, the last back."""
    global _holders, _left, _waiter
    with _lock:
        before, _holders = _holders, _holders + change
        if not before:
            _set(library, _KEEPING)
        elif not _holders:
            _set(library, _AFTERWARDS)
            _left = time.monotonic()
            if _waiter is None or not _waiter.is_alive():  # it does not live on in a forked process
                _waiter = threading.Thread(target=_give_back, args=(library,), daemon=True)
                with contextlib.suppress(RuntimeError):  # Python is about to end
                    _waiter.start()


def _give_back(library: Any) -> None:
    """Wait for the rest and give back what lies idle; a block that begins before ends the wait."""
    global _waiter
    while True:
        with _lock:
            wait = _left + _REST - time.monotonic()
            if _holders or wait <= 0:
                _waiter = None
                if not _holders:
                    _trim(library)
                return
        time.sleep(wait)


def _trim(library: Any) -> None:
    _set(library, _AT_REST)
    if library.mallinfo2().numbers[8] > _MOST_KEPT:
        library.malloc_trim(0)


def _set(library: Any, parameters: dict[int, int]) -> None:
    for parameter, value in parameters.items():
        library.mallopt(parameter, value)
