from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu.errors import BadInputError
from cornu.utils import normalize, to_categorical


@pytest.mark.parametrize(
    ("x", "num_classes", "expected"),
    [
        ([0, 2, 1], None, [[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
        ([0, 1], 3, [[1, 0, 0], [0, 1, 0]]),
        ([[1], [0]], None, [[0, 1], [1, 0]]),
        ([[0, 1], [1, 0]], 2, [[[1, 0], [0, 1]], [[0, 1], [1, 0]]]),
        (2, None, [0, 0, 1]),
        ([1.0, 0.0], None, [[0, 1], [1, 0]]),
        (["1", "0"], None, [[0, 1], [1, 0]]),
        ([True, False], None, [[0, 1], [1, 0]]),
    ],
)
def test_one_hot_rows(x: Any, num_classes: int | None, expected: Any) -> None:
    found = to_categorical(x, num_classes)
    assert found.dtype == np.float64
    assert found.tolist() == expected


def test_jax_in_jax_out() -> None:
    found = to_categorical(jnp.array([1, 0]))
    assert isinstance(found, jax.Array)
    assert found.tolist() == [[0, 1], [1, 0]]


def test_no_rows_of_known_classes() -> None:
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([0, 5, 1], r"x\[1\] is 5; 3 classes are numbered 0 to 2"),
        ([[0, 1], [2, -1]], r"x\[1, 1\] is -1"),
        ([0, 1.7], r"x\[1\] is 1.7, which is no class number"),
        ([0, np.nan], r"x\[1\] is nan"),
        (["cat", "dog"], "no numbers"),
    ],
)
def test_what_is_no_class(x: Any, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        to_categorical(x, 3)


def test_no_rows_need_a_number_of_classes() -> None:
    with pytest.raises(BadInputError, match="num_classes"):
        to_categorical([])


@pytest.mark.parametrize("kind", [np.array, jnp.array])
@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("order", [1, 2, 3, np.inf])
def test_vectors_have_norm_1(kind: Any, axis: int, order: Any) -> None:
    found = normalize(kind([[3.0, -4.0], [1.0, 2.0]]), axis, order)
    assert isinstance(found, np.ndarray if kind is np.array else jax.Array)
    norms = np.linalg.norm(np.asarray(found), order, axis)
    np.testing.assert_allclose(norms, 1, rtol=4 * np.finfo("float32").eps)


def test_zero_vectors_stay_zero() -> None:
    assert normalize(np.array([[0.0, 0.0], [3.0, 4.0]])).tolist() == [[0, 0], [0.6, 0.8]]
