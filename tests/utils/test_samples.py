"""split_dataset: sizes, order, nests; what it gives feeds `fit`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import cornu
from cornu.utils import split_dataset

X = np.arange(20)


def numbers(part: Any) -> list[int]:
    return [int(x) for x in part]


@pytest.mark.parametrize(
    ("left", "right", "sizes"),
    [
        (0.8, None, (16, 4)),
        (3, None, (3, 17)),
        (None, 4, (16, 4)),
        (0.5, 0.2, (10, 4)),
        (None, 0.25, (15, 5)),
        (7, 13, (7, 13)),
    ],
)
def test_left_is_the_first_and_right_the_last(left: Any, right: Any, sizes: tuple) -> None:
    first, last = split_dataset(X, left, right)
    assert (len(first), len(last)) == sizes
    assert numbers(first) == list(range(sizes[0]))
    assert numbers(last) == list(range(20 - sizes[1], 20))


def test_shuffled_parts_are_a_permutation_of_the_seed() -> None:
    first, last = split_dataset(X, 0.5, shuffle=True, seed=3)
    assert sorted(numbers(first) + numbers(last)) == list(range(20))
    assert numbers(first) != list(range(10))
    assert numbers(split_dataset(X, 0.5, shuffle=True, seed=3)[0]) == numbers(first)


NESTS: dict[str, Any] = {
    "tuple": (X, 2 * X),
    "list of arrays": [X, 2 * X],
    "dict": {"a": X, "b": np.stack([X, X], 1)},
    "list of numbers": list(range(20)),
    "generator of pairs": ((x, 2 * x) for x in X),
    "samples": split_dataset(np.arange(25), 20)[0],
}


@pytest.mark.parametrize("kind", NESTS)
def test_nests_keep_their_form(kind: str) -> None:
    first, last = split_dataset(NESTS[kind], 15)
    sample = next(iter(last))
    if kind == "dict":
        assert sample["a"] == 15
        np.testing.assert_array_equal(sample["b"], [15, 15])
    elif kind in ("list of numbers", "samples"):
        assert sample == 15
    else:
        assert tuple(sample) == (15, 30)
    assert len(first) == 15


def test_batches_train_a_model() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")
    first, last = split_dataset((x, x.sum(1, keepdims=True)), 0.8)
    batches = first.batch(5)
    assert [len(y) for _, y in batches] == [5, 5, 5, 1]
    assert len(first.batch(5, drop_remainder=True)) == 3
    model = cornu.Sequential([cornu.layers.Dense(1)])
    model.compile("sgd", "mse")
    history = model.fit(batches, validation_data=last.batch(4), epochs=3, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert len(history["val_loss"]) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, ValueError, "must be given"),
        ({"left_size": 1.5}, ValueError, r"in \[0, 1\]"),
        ({"left_size": 0}, ValueError, "between 1 and 19"),
        ({"left_size": 20}, ValueError, "between 1 and 19"),
        ({"left_size": 3, "right_size": 18}, ValueError, "more than the 20"),
        ({"left_size": 0.01}, ValueError, "empty"),
        ({"left_size": "a"}, TypeError, "left_size"),
    ],
)
def test_sizes_that_cannot_be(arguments: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        split_dataset(X, **arguments)


@pytest.mark.parametrize(
    ("dataset", "error"), [((X, X[1:]), ValueError), (3, TypeError), (iter(()), ValueError)]
)
def test_data_that_cannot_be_split(dataset: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        split_dataset(dataset, 0.5)
