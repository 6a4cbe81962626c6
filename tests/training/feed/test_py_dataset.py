from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import pytest

from cornu.errors import BadInputError
from cornu.training.feed import feed
from cornu.utils import PyDataset, Sequence
from training.feed.datasets import Broken, Process, Ramp


def pull(found: feed.Feed, seed: tuple[int, int] = (0, 0), start: int = 0) -> list[int]:
    return [int(batch[0].flat[0]) for batch in found.batches(seed, start)]


class Plain:
    """No PyDataset, but acts like one."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return np.full((2, 1), index)


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("queue", [1, 10])
def test_batches_come_in_order(workers: int, queue: int) -> None:
    found = feed.make(Ramp(20, workers=workers, max_queue_size=queue))
    assert found.size == 20
    assert pull(found) == list(range(20))


def test_hooks_stand_around_an_epoch() -> None:
    dataset = Ramp(2)
    found = feed.make(dataset)
    pull(found)
    found.epoch_end()
    assert dataset.log == ["begin", 0, 1, "end"]


def test_shuffle_is_a_function_of_the_seed() -> None:
    found = feed.make(Ramp(20), shuffle=True)
    first, second = pull(found, (1, 0)), pull(found, (1, 20))
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
    assert pull(found, (1, 0)) == first
    assert pull(found, (1, 0), start=15) == first[15:]


def test_batches_before_the_start_are_not_made() -> None:
    dataset = Ramp(4)
    assert pull(feed.make(dataset), start=3) == [3]
    assert dataset.log == ["begin", 3]


def test_steps_of_fit_go_on_and_round() -> None:
    found = feed.make(Ramp(4), steps=3)
    assert found.size == 3
    assert [pull(found, (0, done)) for done in (0, 3, 6)] == [[0, 1, 2], [3, 0, 1], [2, 3, 0]]


def test_steps_of_evaluate_are_the_first() -> None:
    found = feed.make(Ramp(4), steps=3, role="evaluate")
    assert pull(found, (0, 3)) == [0, 1, 2]
    assert feed.make(Ramp(4), steps=9, role="evaluate").size == 4


def test_peek_is_batch_0_between_the_hooks() -> None:
    dataset = Ramp(4)
    assert feed.make(dataset, shuffle=True).peek()[0].flat[0] == 0
    assert dataset.log == ["begin", 0, "end"]


def test_whatever_acts_like_one() -> None:
    found = feed.make(Plain())
    assert found.size == 3
    assert pull(found) == [0, 1, 2]


def test_an_attribute_called_shape_makes_no_array() -> None:
    dataset = Ramp(2)
    dataset.shape = (28, 28)  # type: ignore[attr-defined]
    assert pull(feed.make(dataset)) == [0, 1]


def test_no_batches() -> None:
    with pytest.raises(BadInputError, match="Ramp reports 0 batches"):
        feed.make(Ramp(0))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_errors_of_the_dataset_come_through(workers: int) -> None:
    found = feed.make(Broken(4, workers=workers))
    batches = found.batches((0, 0))
    assert [next(batches)[0].flat[0] for _ in range(2)] == [0, 1]
    with pytest.raises(KeyError, match="no such file"):
        next(batches)
    assert not [t for t in threading.enumerate() if t.name.startswith("cornu-")]


def test_stopping_early_leaves_no_thread() -> None:
    batches = feed.make(Ramp(100, workers=2)).batches((0, 0))
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("cornu-")]


def test_processes() -> None:
    found = feed.make(Process(4, workers=2, use_multiprocessing=True))
    made = np.concatenate([batch[0] for batch in found.batches((0, 0))])
    here = Process(1)[0][0, 1]
    assert made[:, 0].tolist() == [0, 1, 2, 3]
    assert here not in made[:, 1]


def test_processes_need_a_dataset_that_pickles() -> None:
    dataset = Ramp(2, workers=2, use_multiprocessing=True)
    dataset.lock = threading.Lock()  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="cannot be pickled"):
        pull(feed.make(dataset))


class WithoutLength(PyDataset):
    num_batches = None  # type: ignore[assignment]

    def __init__(self, n: int) -> None:
        super().__init__()
        self.n = n

    def __getitem__(self, index: int) -> Any:
        if index >= self.n:
            raise IndexError(index)
        return np.full((2, 1), index)


def test_unknown_length_ends_at_an_index_error_or_after_steps() -> None:
    found = feed.make(WithoutLength(3))
    assert found.size is None
    assert pull(found) == [0, 1, 2]
    assert pull(feed.make(WithoutLength(9), steps=2)) == [0, 1]


def test_an_index_error_within_a_known_length_is_an_error() -> None:
    class Short(WithoutLength):
        num_batches = 5  # type: ignore[assignment]

    with pytest.raises(IndexError):
        pull(feed.make(Short(3)))


# -- the class itself ------------------------------------------------------------------------------


def test_sequence_is_the_same_class() -> None:
    assert Sequence is PyDataset


def test_arguments_are_properties() -> None:
    dataset = Ramp(3, workers=2, use_multiprocessing=True, max_queue_size=5)
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (2, True, 5)
    dataset.workers = 4
    assert dataset.workers == 4


def test_a_subclass_need_not_call_super() -> None:
    class Bare(PyDataset):
        def __init__(self) -> None:
            self.made = True

        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return np.full((1, 1), index)

    assert (Bare().workers, Bare().use_multiprocessing, Bare().max_queue_size) == (1, False, 10)
    assert pull(feed.make(Bare())) == [0, 1]


def test_what_a_subclass_must_define() -> None:
    with pytest.raises(NotImplementedError, match="`__getitem__"):
        PyDataset()[0]
    with pytest.raises(NotImplementedError, match="`__len__"):
        _ = PyDataset().num_batches
    with pytest.raises(TypeError, match="foo"):
        PyDataset(foo=1)  # type: ignore[call-arg]


def test_iterating() -> None:
    assert [int(x.flat[0]) for x, _ in Ramp(3)] == [0, 1, 2]
    assert [int(x.flat[0]) for x in itertools.islice(WithoutLength(9), 2)] == [0, 1]
