"""Scratch memory stays while steps run, and what is idle afterwards is limited."""

from __future__ import annotations

import threading

import pytest

from core.heap_scripts import needs_glibc, run
from cornu.core import heap

_START = """
import numpy as np
import cornu

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def large():
    return [np.ones(16 << 20, "float32") for _ in range(4)]

def small():
    '''Above the holes that large ones left.'''
    return [np.ones(1000, "float32") for _ in range(4)]

rows = np.ones((64, 512), "float32")
model = cornu.Sequential(
    [cornu.Input((512,)), cornu.layers.Dense(512), cornu.layers.Reshape((512, 1)),
     cornu.layers.Dense(512, activation="tanh"), cornu.layers.GlobalAveragePooling1D(),
     cornu.layers.Dense(1)]
)  # the tanh alone takes 64 MB
model.compile("sgd", "mse")
"""


PAGES = (64 << 20) // 4096  # that a step would take anew


@needs_glibc
def test_a_step_takes_no_new_pages_from_the_system() -> None:
    found = int(
        run(
            _START,
            """
        model.fit(rows, rows[:, :1], batch_size=64, epochs=20, verbose=0)
        start = faults()
        model.fit(rows, rows[:, :1], batch_size=64, epochs=20, verbose=0)
        print(faults() - start)
        """,
        )
    )
    assert found < 20 * PAGES / 3


@needs_glibc
def test_prediction_takes_no_new_pages_either() -> None:
    found = int(
        run(
            _START,
            """
        many = np.tile(rows, (4, 1))
        model.predict(many, batch_size=64, verbose=0)
        start = faults()
        for _ in range(5):
            model.predict(many, batch_size=64, verbose=0)
        print(faults() - start)
        """,
        )
    )
    assert found < 5 * 4 * PAGES / 3


@needs_glibc
def test_what_lies_idle_is_limited() -> None:
    found = int(
        run(
            _START,
            """
        heap._MOST_KEPT = 16 << 20
        heap._REST = 0.0
        start = resident()
        with heap.kept():
            arrays = large()
            arrays = small()
        if heap._waiter is not None:
            heap._waiter.join()
        print(resident() - start)
        """,
        )
    )
    assert found < 64 << 20


@needs_glibc
def test_arrays_dropped_outside_are_given_back() -> None:
    found = int(
        run(
            _START,
            """
        with heap.kept():
            pass
        start = resident()
        arrays = large()
        assert resident() - start > 200 << 20
        del arrays
        print(resident() - start)
        """,
        )
    )
    assert found < 64 << 20


@needs_glibc
def test_nothing_is_given_back_before_the_rest() -> None:
    found = int(
        run(
            _START,
            """
        heap._MOST_KEPT = 16 << 20
        heap._REST = 3600.0
        with heap.kept():
            arrays = large()
            arrays = small()
        start = faults()
        with heap.kept():
            arrays = large()
        print(faults() - start)
        """,
        )
    )
    assert found < 4 * PAGES / 3


@needs_glibc
def test_a_block_that_begins_before_the_rest_ends_the_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[object] = []
    monkeypatch.setattr(heap, "_set", lambda library, parameters: said.append(parameters))
    monkeypatch.setattr(heap, "_holders", 1)
    heap._give_back(None)
    assert not said
    assert heap._waiter is None


@needs_glibc
def test_blocks_count(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []
    monkeypatch.setattr(heap, "_set", lambda library, parameters: said.append(parameters))
    monkeypatch.setattr(heap, "_waiter", threading.current_thread())  # none begins
    with heap.kept(), heap.kept():
        assert said == [heap._KEEPING]
    assert said == [heap._KEEPING, heap._AFTERWARDS]
    with pytest.raises(KeyError), heap.kept():
        raise KeyError
    assert said == [heap._KEEPING, heap._AFTERWARDS] * 2


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heap, "_glibc", lambda: None)
    heap.prepare(1 << 30)
    with heap.kept():
        pass
    assert not heap._holders


@pytest.mark.parametrize(
    ("platforms", "plugins", "expected"),
    [
        ("cpu", True, True),
        ("cuda,cpu", False, False),
        (None, False, True),
        ("", False, True),
        (None, True, False),
    ],
)
def test_only_for_programs_on_the_cpu(
    monkeypatch: pytest.MonkeyPatch, platforms: str | None, plugins: bool, expected: bool
) -> None:
    find = heap.importlib.util.find_spec
    monkeypatch.setattr(
        heap.importlib.util,
        "find_spec",
        lambda name: plugins or None if name == "jax_plugins" else find(name),
    )
    assert heap._is_for_cpu(platforms) == expected
