from __future__ import annotations

import itertools
import threading
import traceback
from typing import Any

import numpy as np
import pytest

from cornu.errors import BadInputError
from cornu.training.feed import feed
from cornu.training.feed.feed import Feed


def numbered(n: int):
    for i in range(n):
        yield np.full((2, 3), i), np.zeros(2)


def endless():
    while True:
        yield np.ones((2, 3)), np.zeros(2)


def pull(found: Feed, start: int = 0) -> list[int]:
    return [int(batch[0].flat[0]) for batch in found.batches((0, 0), start)]


class Iterable:
    """Starts over with each `iter`."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Any:
        return numbered(self.n)


@pytest.mark.parametrize(
    ("item", "parts"),
    [
        (np.ones((2, 3)), 1),
        ((np.ones((2, 3)),), 1),
        ((np.ones((2, 3)), np.zeros(2)), 2),
        ([np.ones((2, 3)), np.zeros(2)], 2),
        ((np.ones((2, 3)), np.zeros(2), np.ones(2)), 3),
        (({"a": np.ones((2, 3))}, [[0], [1]]), 2),
    ],
)
def test_what_may_be_yielded(item: Any, parts: int) -> None:
    (batch,) = feed.make(iter([item])).batches((0, 0))
    assert [part is not None for part in batch] == [True] * parts + [False] * (3 - parts)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ((1, 2, 3, 4), "a tuple of length 4"),
        (None, "no array"),
        ("secret", "x is text"),
        ((np.ones(3), "secret"), "y is text"),
        ((np.ones(3), np.ones(2)), "x has 3, y has 2"),
        ((np.ones((0, 3)), np.ones(0)), "x has 0 samples"),
        ((object(), np.ones(2)), "no numbers"),
    ],
)
def test_what_may_not_be_yielded(item: Any, message: str) -> None:
    good = (np.ones((3, 1)), np.ones(3))
    found = feed.make(pair for pair in [good, item])
    with pytest.raises(BadInputError, match="batch 1 of the generator: ") as caught:
        list(found.batches((0, 0)))
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_an_epoch_without_steps_is_all_there_is() -> None:
    found = feed.make(numbered(5))
    assert found.size is None
    assert pull(found) == [0, 1, 2, 3, 4]
    assert pull(found) == []


def test_peek_uses_nothing_up() -> None:
    found = feed.make(numbered(3))
    assert found.peek()[0].flat[0] == 0
    assert found.peek()[0].flat[0] == 0
    assert pull(found) == [0, 1, 2]


def test_steps_go_on_and_the_generator_is_read_no_further() -> None:
    source = numbered(10)
    found = feed.make(source, steps=3)
    assert found.size == 3
    found.peek()
    assert pull(found) == [0, 1, 2]
    assert pull(found) == [3, 4, 5]
    assert next(source)[0].flat[0] == 6


def test_no_batch_is_lost_when_an_epoch_stops_early() -> None:
    found = feed.make(numbered(10), steps=5)
    batches = found.batches((0, 0))
    assert next(batches)[0].flat[0] == 0
    batches.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name == "cornu-prefetch"]
    assert pull(found) == [1, 2, 3, 4, 5]


def test_an_error_behind_batches_made_ahead_is_not_lost() -> None:
    def source():
        yield np.ones((1, 1))
        yield np.ones((1, 1))
        raise OSError("disk")

    found = feed.make(source(), steps=5)
    batches = found.batches((0, 0))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    with pytest.raises(OSError, match="disk"):
        list(found.batches((0, 0)))


def test_a_source_that_raises_keeps_its_traceback() -> None:
    def my_reader():
        yield np.ones((1, 1))
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine") as caught:
        list(feed.make(my_reader()).batches((0, 0)))
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert "my_reader" in [frame.name for frame in frames]


def test_iterables_start_over() -> None:
    found = feed.make(Iterable(3))
    found.peek()
    assert pull(found) == [0, 1, 2]
    assert found.size == 3
    assert found.peek()[0].flat[0] == 0
    assert pull(found) == [0, 1, 2]
    assert pull(found, start=2) == [2]


def test_iterables_with_steps_go_round() -> None:
    found = feed.make(Iterable(3), steps=2)
    assert [pull(found) for _ in range(3)] == [[0, 1], [2, 0], [1, 2]]


def test_iterables_are_evaluated_on_from_the_start() -> None:
    found = feed.make(Iterable(3), steps=2, role="evaluate")
    assert [pull(found) for _ in range(2)] == [[0, 1], [0, 1]]


def test_fewer_batches_than_steps_to_evaluate_on() -> None:
    found = feed.make(Iterable(3), steps=5, role="evaluate")
    with pytest.warns(UserWarning, match="ended after 3 of 5 batches"):
        assert pull(found) == [0, 1, 2]


def test_predict_looks_at_inputs_only() -> None:
    (batch,) = feed.make(iter([(np.ones((2, 1)), "anything")]), role="predict").batches((0, 0))
    assert batch[1] is None


@pytest.mark.parametrize("source", [numbered(0), Iterable(0), iter([])])
def test_empty_sources(source: Any) -> None:
    with pytest.raises(BadInputError, match="gave no batch"):
        feed.make(source).peek()


@pytest.mark.parametrize(
    ("source", "role", "argument"),
    [
        (endless, "fit", "pass steps_per_epoch"),
        (endless, "validation_data", "pass validation_steps"),
        (endless, "evaluate", "pass steps"),
        (lambda: itertools.repeat(np.ones((1, 1))), "fit", "pass steps_per_epoch"),
        (lambda: itertools.cycle([np.ones((1, 1))]), "predict", "pass steps"),
    ],
)
def test_endless_sources_need_steps(source: Any, role: str, argument: str) -> None:
    with pytest.raises(BadInputError, match=f"never ends, .* known length: {argument}"):
        feed.make(source(), role=role)
    assert len(pull(feed.make(source(), role=role, steps=3))) == 3


def test_a_generator_that_only_an_error_ends_is_not_called_endless() -> None:
    def reader():
        while True:
            yield np.ones((1, 1))
            raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        list(feed.make(reader()).batches((0, 0)))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (numbered, r"`numbered`: call it"),
        ("data.csv", "x is text"),
        (5, "Received: 5"),
        (None, "Received: None"),
        ({1, 2}, "Received: <set>"),
    ],
)
def test_what_gives_no_batches(source: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        feed.make(source)


@pytest.mark.parametrize("extra", ["y", "sample_weight"])
def test_targets_come_from_the_source(extra: str) -> None:
    with pytest.raises(BadInputError, match=f"`{extra}` must come from it"):
        feed.make(numbered(2), **{extra: np.ones(2)})
