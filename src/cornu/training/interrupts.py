"""Ctrl-C waits while a step is being stored, and comes right after.

Python delivers a signal between any two bytecodes. Storing a step takes many, so during `fit` our
handler notes a signal that falls into `deferred()` and passes it on when that block ends.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

_depth = 0
_pending: list[tuple[int, FrameType | None]] = []
_previous: Any = None
_installed = False


def _on_signal(number: int, frame: FrameType | None) -> None:
    if _depth and _installed:
        _pending.append((number, frame))
    else:
        _pass_on(number, frame)


def _pass_on(number: int, frame: FrameType | None) -> None:
    handler = _previous if callable(_previous) else signal.default_int_handler
    handler(number, frame)


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Let `deferred()` work inside; outside the main thread signals never arrive anyway."""
    global _previous, _installed, _depth
    if threading.current_thread() is not threading.main_thread() or _installed:
        yield
        return
    current = signal.getsignal(signal.SIGINT)
    if current in (signal.SIG_IGN, signal.SIG_DFL, None):
        yield
        return
    _previous = current
    # A signal may come between any two of these lines: whatever is set is taken back.
    try:
        _installed, _depth = True, 0
        signal.signal(signal.SIGINT, _on_signal)
        yield
    finally:
        _depth = 1  # what comes now waits until the handler before ours stands again
        if signal.getsignal(signal.SIGINT) is _on_signal:
            signal.signal(signal.SIGINT, current)
        _installed, _depth = False, 0
        _deliver()


def _deliver() -> None:
    if _pending:
        number, frame = _pending.pop()
        _pending.clear()
        _pass_on(number, frame)


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Signals inside arrive when the block ends."""
    global _depth
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _depth += 1
    try:
        yield
    finally:
        _depth = max(_depth - 1, 0)
        if not _depth:
            _deliver()
