from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cornu.utils import pad_sequences

RAGGED = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4, "value": 9, "dtype": "float32"}, [[9, 9, 9, 1], [9, 9, 2, 3], [9, 4, 5, 6]]),
        ({"maxlen": 0}, [[], [], []]),
    ],
)
def test_sequences_become_equally_long(options: dict[str, Any], expected: Any) -> None:
    found = pad_sequences(RAGGED, **options)
    assert found.dtype == options.get("dtype", "int32")
    assert found.tolist() == expected


def test_items_may_have_axes() -> None:
    found = pad_sequences([[], [[1, 2]], [[3, 4], [5, 6]]], padding="post")
    assert found.tolist() == [[[0, 0], [0, 0]], [[1, 2], [0, 0]], [[3, 4], [5, 6]]]


def test_texts() -> None:
    found = pad_sequences([["a"], ["b", "c"]], dtype=object, value="-")
    assert found.tolist() == [["-", "a"], ["b", "c"]]


def test_no_sequences() -> None:
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences(np.ones((2, 3))).tolist() == [[1, 1, 1], [1, 1, 1]]


@pytest.mark.parametrize(
    ("sequences", "options", "message"),
    [
        (RAGGED, {"padding": "left"}, "padding must be 'pre' or 'post'"),
        (RAGGED, {"truncating": "left"}, "truncating must be 'pre' or 'post'"),
        (RAGGED, {"value": "x"}, "dtype=object"),
        ([[1], 2], {}, "number 1 is int"),
        (5, {}, "Received: int"),
        ([[[1, 2]], [[3]]], {}, r"sequence 1 has items of shape \(1,\), those before it \(2,\)"),
    ],
)
def test_what_cannot_be_padded(sequences: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pad_sequences(sequences, **options)
