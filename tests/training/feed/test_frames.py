from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cornu.errors import BadInputError
from cornu.training.feed import feed
from cornu.training.feed.values import to_tree

FINE = {
    "floats": (pd.DataFrame({"a": [1.0, 2], "b": [3.0, 4]}), [[1, 3], [2, 4]], "float32"),
    "mixed": (pd.DataFrame({"a": [1, 2], "b": [0.5, 4]}), [[1, 0.5], [2, 4]], "float32"),
    "ints": (pd.DataFrame({"a": [1, 2]}), [[1], [2]], "int32"),
    "nullable": (pd.DataFrame({"a": pd.array([1, 2], "Int64")}), [[1], [2]], "int32"),
    "nullable float": (pd.DataFrame({"a": pd.array([1, 2.5], "Float64")}), [[1], [2.5]], "float32"),
    "nullable bool": (pd.DataFrame({"a": pd.array([True, False], "boolean")}), [[1], [0]], "bool"),
    "category": (pd.DataFrame({"a": pd.Categorical(["u", "v", "u"])}), [[0], [1], [0]], "int8"),
    "objects": (pd.DataFrame({"a": pd.Series([1, 2.5], dtype=object)}), [[1], [2.5]], "float32"),
    "series": (pd.Series([1, 2]), [[1], [2]], "int32"),
    "series of categories": (pd.Series(["u", "v"], dtype="category"), [[0], [1]], "int8"),
}


@pytest.mark.parametrize(("given", "expected", "dtype"), FINE.values(), ids=list(FINE))
def test_frames_become_columns(given: Any, expected: Any, dtype: str) -> None:
    found = to_tree(given, "x")
    assert found.dtype == dtype
    assert found.tolist() == expected


BAD = {
    "text": (
        pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}),
        "column 'b' of x is text .* 2 different",
    ),
    "missing": (
        pd.DataFrame({"a": pd.array([1, None], "Int64")}),
        r"column 'a' of x \(Int64\) has 1 missing value\(s\), the first in row 1",
    ),
    "missing category": (pd.DataFrame({"c": pd.Categorical(["u", None])}), "'c' .* missing"),
    "dates": (pd.DataFrame({"d": pd.to_datetime(["2020", "2021"])}), "'d' of x holds dates"),
    "text series": (pd.Series(["u", "v"], name="label"), "'label' of x is text"),
}


@pytest.mark.parametrize(("given", "message"), BAD.values(), ids=list(BAD))
def test_the_column_is_named(given: Any, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        to_tree(given, "x")


def test_different_indexes_warn() -> None:
    x = pd.DataFrame({"a": [1.0, 2, 3]})
    y = pd.Series([1, 2, 3], index=[2, 0, 1])
    with pytest.warns(UserWarning, match="x and y have different pandas indexes"):
        feed.make(x, y)


def test_equal_indexes_and_plain_arrays_do_not_warn() -> None:
    x = pd.DataFrame({"a": [1.0, 2, 3]}, index=[2, 0, 1])
    feed.make(x, pd.Series([1, 2, 3], index=x.index))
    feed.make(x, np.ones(3))
