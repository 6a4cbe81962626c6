from __future__ import annotations

import contextvars
import itertools
import threading
import traceback

import pytest

from cornu.training.feed.prefetch import Prefetch


def threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "cornu-prefetch"]


def test_all_items_in_order() -> None:
    with Prefetch(iter(range(100)), 3) as ahead:
        assert list(ahead) == list(range(100))
    assert not threads()


def test_no_more_than_size_items_wait() -> None:
    reached = threading.Event()
    made: list[int] = []

    def source():
        for i in itertools.count():
            made.append(i)
            if i == 3:
                reached.set()
            yield i

    with Prefetch(source(), 3) as ahead:
        assert reached.wait(10)  # three wait and one more is made
        assert made == [0, 1, 2, 3]
        assert next(ahead) == 0


def test_closing_ends_the_thread_and_the_source() -> None:
    closed = threading.Event()

    def source():
        try:
            yield from itertools.count()
        finally:
            closed.set()

    ahead = Prefetch(source(), 2)
    assert next(ahead) == 0
    ahead.close()
    assert not threads()
    assert closed.is_set()
    unread, error = ahead.unread()
    assert unread == [1, 2, 3][: len(unread)]
    assert error is None


def test_a_forgotten_prefetch_ends_its_thread() -> None:
    ahead = Prefetch(itertools.count(), 2)
    (thread,) = threads()
    del ahead
    thread.join(10)
    assert not thread.is_alive()


def test_errors_come_after_the_items_with_the_users_traceback() -> None:
    def broken_source():
        yield 1
        raise KeyError("mine")

    with Prefetch(broken_source(), 5) as ahead:
        assert next(ahead) == 1
        with pytest.raises(KeyError, match="mine") as caught:
            next(ahead)
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert "broken_source" in names
        with pytest.raises(StopIteration):
            next(ahead)


def test_the_thread_sees_the_callers_context() -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=0)
    variable.set(5)
    with Prefetch(iter(variable.get, None), 1) as ahead:
        assert next(ahead) == 5
