from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest

from cornu.errors import BadInputError
from cornu.settings import settings
from cornu.training.feed.values import to_tree


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("float64", "float32"),
        ("float32", "float32"),
        ("float16", "float32"),
        (ml_dtypes.bfloat16, "float32"),
        ("int64", "int32"),
        ("uint64", "uint32"),
        ("int32", "int32"),
        ("int8", "int8"),
        ("uint8", "uint8"),
        ("bool", "bool"),
    ],
)
def test_dtypes(given: Any, held: str) -> None:
    found = to_tree(np.array([[0, 1], [1, 0]], dtype=given), "x")
    assert found.dtype == held
    assert found.tolist() == [[0, 1], [1, 0]]


def test_floats_follow_floatx() -> None:
    settings.floatx = "float16"
    assert to_tree(np.ones(2), "x").dtype == np.float16


def test_an_array_in_the_held_dtype_is_not_copied() -> None:
    given = np.ones((3, 2), "float32")
    assert np.shares_memory(to_tree(given, "x"), given)


@pytest.mark.parametrize(
    ("given", "expected", "dtype"),
    [
        ([1, 2], [1, 2], "int32"),
        ([1.5, 2], [1.5, 2], "float32"),
        ((1, 2), [1, 2], "int32"),
        ([[1, 2], [3, 4]], [[1, 2], [3, 4]], "int32"),
        ([(1, 2), (3, 4)], [[1, 2], [3, 4]], "int32"),
        ([np.float64(1), np.float64(2)], [1, 2], "float32"),
        (range(3), [0, 1, 2], "int32"),
        ([True, False], [True, False], "bool"),
        (np.array([1, 2.5, True], object), [1, 2.5, 1], "float32"),
        (np.array([np.ones(2), np.zeros(2), None], object)[:2], [[1, 1], [0, 0]], "float32"),
        (jnp.ones(2), [1, 1], "float32"),
    ],
)
def test_one_array(given: Any, expected: Any, dtype: str) -> None:
    found = to_tree(given, "x")
    assert type(found) is np.ndarray
    assert found.dtype == dtype
    assert found.tolist() == expected


@pytest.mark.parametrize(
    "given",
    [
        [np.ones(2), np.zeros((2, 3))],
        (np.ones(2), [1, 2]),
        {"a": np.ones(2), "b": [1, 2]},
        [{"a": np.ones(2)}, np.ones(2)],
        [np.ones(2), None],
    ],
)
def test_several_arrays_keep_their_nest(given: Any) -> None:
    found = to_tree(given, "x")
    assert type(found) is type(given)
    keys = given if isinstance(given, dict) else range(len(given))
    for key in keys:
        if isinstance(given[key], np.ndarray):
            np.testing.assert_array_equal(found[key], given[key])
    assert len(found) == len(given)


BAD = {
    "ragged": ([[1, 2, 3, 4]] * 3 + [[1, 2]], r"row 3 has length 2, others length 4"),
    "ragged below": ([[[1], [1, 2]], [[1], [1, 2]]], "inner lists"),
    "ragged objects": (
        np.array([np.ones(2), np.ones(2), np.ones(3)], object),
        "row 2 has length 3",
    ),
    "None": ([1, None, 3], "x row 1 is None"),
    "None inside": ([[1, 2], [3, None]], r"x row 1 at \[1\] is None"),
    "text": (np.array(["cat", "dog", "cat"]), "x is text .* 2 different values"),
    "text objects": (np.array(["cat", 1], object), "x is text"),
    "text list": (["1", "2"], "x is text"),
    "objects": ([object(), object()], r"no numbers \(object\)"),
    "dates": (np.array(["2020-01-01"], "M8[D]"), "dates or times"),
    "complex": (np.array([1j]), "x is complex"),
    "id too large": (np.array([[1, 2**32]]), r"x\[0, 1\] is outside int32"),
    "id too small": (np.array([-(2**40)]), r"x\[0\] is outside int32"),
    "unsigned": (np.array([2**40], "uint64"), r"x\[0\] is outside uint32"),
    "overflow": (np.array([[1.0], [1e39]]), r"x\[1, 0\] is 1e\+39, beyond float32"),
    "negative overflow": (np.array([np.inf, -1e39]), r"x\[1\] is -1e\+39, beyond float32"),
    "no rows axis": (np.array(3.0), "x is a single number"),
    "masked": (np.ma.masked_array([1.0, 2], [False, True]), "masked array"),
    "structured": (np.zeros(2, [("a", "f4")]), "structured"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=list(BAD))
def test_what_cannot_be_numbers(given: Any, message: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        to_tree(given, "x")
    assert len(str(caught.value)) <= 400
    assert "cat" not in str(caught.value)  # no data in messages


def test_the_part_of_a_nest_is_named() -> None:
    with pytest.raises(BadInputError, match=r"y\['b'\]\[1\] is text"):
        to_tree({"a": [1], "b": [np.ones(1), np.array(["u"])]}, "y")


def test_large_whole_numbers_in_float64_warn() -> None:
    with pytest.warns(UserWarning, match=r"x\[1\] is an integer too large for float32"):
        to_tree(np.array([1.0, 1700000001.0]), "x")


@pytest.mark.parametrize("value", [2.0**24, 2.0**40, 0.1, 1e30 / 3, np.nan, np.inf])
def test_ordinary_rounding_is_silent(value: float) -> None:
    np.testing.assert_array_equal(to_tree(np.array([value]), "x"), np.float32([value]))
