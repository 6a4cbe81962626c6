"""Holes in the C heap are taken, and their pages given back."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import pytest

from core.heap_scripts import needs_glibc, run
from cornu.core import heap, holes

_START = """
from cornu.core import holes

library = heap._glibc()
holes.watch(library)
library.mallopt(heap._MMAP_THRESHOLD, 32 << 20)

def count():
    return len(holes.of(library))

def dig(number, size):
    '''Blocks of which every other is free.'''
    blocks = [library.malloc(size + 16 * (k % 50)) for k in range(2 * number)]
    for block in blocks:
        heap.ctypes.memset(block, 1, size)
    for block in blocks[::2]:
        library.free(block)
    library.free(library.malloc(1 << 22))  # glibc sorts what was freed
"""


@needs_glibc
def test_holes_are_taken_and_their_pages_given_back() -> None:
    dug, left, resident = map(
        int,
        run(
            _START,
            """
        dig(2000, 40_000)
        dug, before = count(), resident()
        holes.fill(library)
        print(dug, count(), resident() - before)
        """,
        ).split(),
    )
    assert dug > 1900
    assert left < holes._FEW
    assert resident < -2000 * 24_000  # 36 KB of each hole are whole pages


@needs_glibc
def test_what_is_not_worth_it_stays() -> None:
    dug, taken = map(
        int,
        run(
            _START,
            """
        dig(120, 40_000)
        dig(500, 2_000)
        print(count(), holes._taken)
        holes.fill(library)
        """,
        ).split(),
    )
    assert 50 < dug < holes._FEW
    assert taken == 0


@needs_glibc
def test_the_address_range_that_is_taken_is_limited() -> None:
    found = int(
        run(
            _START,
            """
        holes._MOST_TAKEN = 1 << 20
        dig(1000, 40_000)
        holes.fill(library)
        assert count() > 900
        print(holes._taken)
        """,
        )
    )
    assert 900_000 < found <= 1 << 20


@needs_glibc
def test_blocks_in_use_stay_as_they_are() -> None:
    run(
        _START,
        """
    blocks = [library.malloc(40_000) for _ in range(1000)]
    for k, block in enumerate(blocks):
        heap.ctypes.memset(block, k % 251, 40_000)
    for block in blocks[::2]:
        library.free(block)
    library.free(library.malloc(1 << 22))
    holes.fill(library)
    assert holes._taken > 10_000_000
    for k, block in enumerate(blocks):
        if k % 2:
            assert heap.ctypes.string_at(block, 40_000) == bytes([k % 251]) * 40_000
    """,
    )


def test_jax_tells_of_compilations() -> None:
    told: list[tuple[str, float]] = []

    def listener(event: str, duration_secs: float, **_: object) -> None:
        told.append((event, duration_secs))

    jax.monitoring.register_event_duration_secs_listener(listener)
    try:
        jax.jit(lambda x: x * 3.25 + jnp.sin(x))(1.5)
    finally:
        jax.monitoring.unregister_event_duration_listener(listener)
    assert any(event == holes._EVENT and seconds > 0 for event, seconds in told)


@needs_glibc
def test_only_after_long_compilations(monkeypatch: pytest.MonkeyPatch) -> None:
    listeners: list[object] = []
    filled: list[object] = []
    add = "register_event_duration_secs_listener"
    monkeypatch.setattr(jax.monitoring, add, listeners.append)
    monkeypatch.setattr(holes, "fill", filled.append)
    library = heap._glibc()
    holes.watch(library)
    (listener,) = listeners
    for event, seconds in ((holes._EVENT, 0.01), ("another", 9.0)):
        listener(event, seconds)  # type: ignore[operator]
    assert not filled
    listener(holes._EVENT, 0.5, fun_name="run")  # type: ignore[operator]
    assert filled == [library]
