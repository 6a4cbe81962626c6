from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cornu.errors import BadInputError
from cornu.training.feed import feed

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


def rows(found: Any) -> list[list[int]]:
    return [batch[1].tolist() for batch in found]


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
def test_batches_are_the_rows_of_the_order(shuffle: Any) -> None:
    found = feed.make(X, Y, np.ones(10), batch_size=4, shuffle=shuffle)
    order = found.order((3, 1))
    assert order is not None
    assert (found.size, found.samples, found.batch_size, found.shuffle) == (3, 10, 4, bool(shuffle))
    for i, (x, y, weight) in enumerate(found.batches((3, 1))):
        picked = order[4 * i : 4 * i + 4]
        np.testing.assert_array_equal(x, X[picked])
        np.testing.assert_array_equal(y, Y[picked])
        assert weight.shape == picked.shape
    if shuffle:
        assert order.tolist() != found.order((3, 2)).tolist()


@pytest.mark.parametrize("shuffle", [False, True, "batch"])
@pytest.mark.parametrize("steps", [None, 2])
@pytest.mark.parametrize("start", [0, 1, 2])
def test_an_epoch_can_be_entered_in_the_middle(shuffle: Any, steps: Any, start: int) -> None:
    found = feed.make(X, Y, batch_size=4, shuffle=shuffle, steps=steps)
    assert rows(found.batches((3, 5), start)) == rows(found.batches((3, 5)))[start:]


def test_the_default_batch_size_is_32() -> None:
    assert feed.make(np.ones((70, 1))).size == 3


def test_steps_of_fit_go_on_where_the_last_epoch_stopped() -> None:
    found = feed.make(X, Y, batch_size=4, steps=2)
    assert (found.size, found.samples) == (2, 8)
    epochs = [rows(found.batches((1, done))) for done in (0, 2)]
    assert epochs == [[[0, 1, 2, 3], [4, 5, 6, 7]], [[8, 9, 0, 1], [2, 3, 4, 5]]]


def test_steps_of_evaluate_are_the_first() -> None:
    found = feed.make(X, Y, batch_size=4, steps=2, role="evaluate")
    assert (found.size, found.samples) == (2, 8)
    assert rows(found.batches((1, 2))) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_more_steps_than_there_are_to_evaluate_on() -> None:
    with pytest.warns(UserWarning, match="5 steps were asked for, but 10 rows make only 3 batches"):
        found = feed.make(X, Y, batch_size=4, steps=5, role="evaluate")
    assert (found.size, found.samples) == (3, 10)


def test_peek_is_the_first_rows() -> None:
    found = feed.make(X, Y, batch_size=4, shuffle=True)
    x, y, weight = found.peek()
    np.testing.assert_array_equal(x, X[:4])
    assert y.tolist() == [0, 1, 2, 3]
    assert weight is None


def test_nests_of_arrays() -> None:
    found = feed.make({"a": X, "b": [[1], [2]] * 5}, [Y, None], batch_size=5)
    x, y, _ = next(iter(found.batches((0, 0))))
    assert x["b"].tolist() == [[1], [2], [1], [2], [1]]
    assert y[0].tolist() == [0, 1, 2, 3, 4]
    assert y[1] is None


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", True])
@pytest.mark.parametrize("name", ["batch_size", "steps"])
def test_sizes_are_positive_integers(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name}\w* must be a positive int, got"):
        feed.make(X, Y, **{name: value})


def test_unknown_shuffle() -> None:
    with pytest.raises(ValueError, match="shuffle"):
        feed.make(X, Y, shuffle="rows")


@pytest.mark.parametrize("role", ["fit", "evaluate"])
@pytest.mark.parametrize("x", [np.zeros((0, 2)), []])
def test_no_samples(role: str, x: Any) -> None:
    with pytest.raises(BadInputError, match="x has 0 samples"):
        feed.make(x, np.zeros(0), role=role)


def test_no_samples_to_predict() -> None:
    found = feed.make(np.zeros((0, 2)), role="predict")
    assert (found.size, found.samples) == (0, 0)
    assert list(found.batches((0, 0))) == []
    assert found.peek()[0].shape == (0, 2)


def test_unequal_rows_name_each_array() -> None:
    with pytest.raises(BadInputError, match=r"x\['a'\] has 10, x\['b'\] has 9, y has 10"):
        feed.make({"a": X, "b": X[:9]}, Y)


def test_no_arrays() -> None:
    with pytest.raises(BadInputError, match="x holds no array"):
        feed.make({})


# -- weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(10,), (10, 1), (10, 4)])
def test_shapes_of_sample_weights(shape: tuple[int, ...]) -> None:
    found = feed.make(X, np.zeros((10, 4, 2)), np.ones(shape, "int64"))
    assert found.arrays is not None
    assert found.arrays[2].shape == shape
    assert found.arrays[2].dtype == np.float32


@pytest.mark.parametrize("y", [Y, Y[:, None], np.zeros((10, 2))])
def test_wrong_shape_of_sample_weights(y: Any) -> None:
    with pytest.raises(
        BadInputError, match=r"sample_weight has shape \(10, 3\).* \(10,\) or \(10, 1\)"
    ):
        feed.make(X, y, np.ones((10, 3)))


def test_negative_sample_weight() -> None:
    weight = np.ones(10)
    weight[7] = -2
    with pytest.raises(BadInputError, match=r"sample_weight is negative in row 7 \(-2\)"):
        feed.make(X, Y, weight)


def test_sample_weights_of_each_output() -> None:
    weights = {"p": np.ones(10), "q": np.full(10, 2.0)}
    found = feed.make(X, {"p": Y, "q": Y}, weights)
    assert found.arrays is not None
    assert found.arrays[2]["q"][0] == 2
    with pytest.raises(BadInputError, match=r"sample_weight\['q'\] is negative"):
        feed.make(X, {"p": Y, "q": Y}, {"p": np.ones(10), "q": -np.ones(10)})


LABELS = np.array([0, 1, 1, 0])
CLASS_WEIGHT = {0: 1.0, 1: 3.0}


@pytest.mark.parametrize(
    "y", [LABELS, LABELS.astype("float64"), LABELS[:, None], np.eye(2)[LABELS], LABELS.tolist()]
)
def test_class_weight_becomes_a_weight_of_each_row(y: Any) -> None:
    found = feed.make(np.ones((4, 2)), y, class_weight=CLASS_WEIGHT)
    assert found.arrays is not None
    assert found.arrays[2].tolist() == [1, 3, 3, 1]


def test_class_weight_times_sample_weight() -> None:
    found = feed.make(np.ones((4, 2)), LABELS, [2, 2, 1, 1], class_weight=CLASS_WEIGHT)
    assert found.arrays is not None
    assert found.arrays[2].tolist() == [2, 6, 3, 1]


def test_class_weight_of_a_stream() -> None:
    found = feed.make(((np.ones((4, 2)), LABELS) for _ in range(2)), class_weight=CLASS_WEIGHT)
    assert [batch[2].tolist() for batch in found.batches((0, 0))] == [[1, 3, 3, 1]] * 2


@pytest.mark.parametrize(
    ("class_weight", "y", "message"),
    [
        ({0: 1.0}, LABELS, r"lacks classes that y has: \[1\]"),
        ({0: 1.0, 2: 1.0}, LABELS, r"lacks .* \[1\]; it has \[2\]"),
        ({"0": 1.0, "1": 2.0}, LABELS, r"class numbers. Received: '0', '1' \(str\)"),
        ({0: -1.0, 1: 1.0}, LABELS, "negative for class 0"),
        (CLASS_WEIGHT, [LABELS + 0.0, LABELS + 0.0], r"2 outputs \(y\[0\], y\[1\]\)"),
        (CLASS_WEIGHT, None, "no y"),
        (CLASS_WEIGHT, [0.5, 1, 1, 0], "row 0 is no whole number"),
        (CLASS_WEIGHT, np.ones((4, 2)), "not one-hot"),
    ],
)
def test_class_weight_that_does_not_fit(class_weight: Any, y: Any, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        feed.make(np.ones((4, 2)), y, class_weight=class_weight)


def test_class_weight_must_be_a_dict() -> None:
    with pytest.raises(TypeError, match="must be a dict"):
        feed.make(np.ones((4, 2)), LABELS, class_weight=[1.0, 2.0])


# -- split -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "first"), [(0.25, 7), (0.33, 6), (0.5, 5), (0.05, 9)])
def test_the_last_rows_are_for_validation(share: float, first: int) -> None:
    train, validation = feed.split({"a": X}, Y, np.ones(10), share)
    assert train[1].tolist() == list(range(first))
    assert validation[1].tolist() == list(range(first, 10))
    np.testing.assert_array_equal(validation[0]["a"], X[first:])
    assert len(train[2]) == first


@pytest.mark.parametrize("share", [0.0, 1.0, -0.5, 1.5, 0.99])
def test_shares_that_leave_nothing(share: float) -> None:
    with pytest.raises(ValueError, match="validation_split"):
        feed.split(X, Y, None, share)


def test_only_arrays_are_split() -> None:
    with pytest.raises(BadInputError, match="pass validation_data"):
        feed.split((batch for batch in ()), None, None, 0.5)
