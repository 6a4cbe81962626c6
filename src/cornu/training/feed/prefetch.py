"""A background thread that makes the next items while the device works on this one."""

from __future__ import annotations

import collections
import contextvars
import threading
from collections.abc import Iterator
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")

_JOIN_SECONDS = 2.0  # a source that blocks for longer ends its thread by itself, after its item


class Prefetch(Generic[T]):
    """Iterates over `source` in a thread of its own, at most `size` items ahead.

    What `source` raises is raised to the consumer, with its own traceback, after the items before
    it. `close` (or leaving the `with` block) stops the thread after the item it is making.

    Args:
        source: iterated over and closed in the thread only.
        size: how many items may wait.
    """

    def __init__(self, source: Iterator[T], size: int) -> None:
        self._queue: _Queue[T] = _Queue(max(size, 1))
        # A copy of the context, so that what the user's code reads from it is there as well.
        run = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=run, args=(_produce, source, self._queue), name="cornu-prefetch", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return self._queue.get()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __del__(self) -> None:
        self._queue.close()

    def close(self) -> None:
        """Stop the thread and wait for it, unless its source blocks."""
        self._queue.close()
        self._thread.join(_JOIN_SECONDS)

    def unread(self) -> tuple[list[T], BaseException | None]:
        """After `close`: items that were made but not asked for, and the error that came next."""
        return list(self._queue.items), self._queue.error


class _Queue(Generic[T]):
    """What the two threads share; it does not know the Prefetch, so that one can be collected."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.items: collections.deque[T] = collections.deque()
        self.error: BaseException | None = None
        self._closed = False
        self._ended = False
        self._changed = threading.Condition()

    def put(self, item: T) -> bool:
        """Add an item once there is room; False if nobody wants more."""
        with self._changed:
            self._changed.wait_for(lambda: len(self.items) < self.size or self._closed)
            self.items.append(item)
            self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None) -> None:
        """No item comes after those that wait."""
        with self._changed:
            self.error, self._ended = error, True
            self._changed.notify_all()

    def get(self) -> T:
        """The next item; StopIteration or the source's error after the last."""
        with self._changed:
            self._changed.wait_for(lambda: self.items or self._ended or self._closed)
            if self.items:
                self._changed.notify_all()
                return self.items.popleft()
            error, self.error = self.error, None
        if error is not None:
            raise error
        raise StopIteration

    def close(self) -> None:
        """Wake a producer that waits for room."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _produce(source: Iterator[Any], queue: _Queue[Any]) -> None:
    error: BaseException | None = None
    try:
        for item in source:
            if not queue.put(item):
                break
    except BaseException as raised:  # whatever it is, the consumer raises it
        error = raised
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()
        queue.end(error)
