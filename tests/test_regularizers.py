"""Regularizers against their formulas, and how users name them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import regularizers
from cornu.core.variable import Variable
from cornu.errors import UnknownNameError
from cornu.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

X = np.array([[1.0, -2.0, 2.0], [3.0, 0.0, -4.0]], "float32")
COSINE_OF_ROWS = abs(1 * 3 - 2 * 4) / (3 * 5)


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (L1(0.1), 0.1 * 12),
        (L2(0.1), 0.1 * 34),
        (L1L2(0.1, 0.2), 0.1 * 12 + 0.2 * 34),
        (L1L2(), 0.0),
        (L1(None), 0.01 * 12),
        (OrthogonalRegularizer(0.5), 0.5 * COSINE_OF_ROWS),
        (Regularizer(), 0.0),
    ],
)
@pytest.mark.parametrize("wrap", [np.asarray, jnp.asarray, Variable])
def test_values(regularizer, expected, wrap) -> None:
    assert float(regularizer(wrap(X))) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("regularizer", [L1(), L2(), L1L2(0.1, 0.1), OrthogonalRegularizer()])
def test_dtype_is_that_of_the_weight(regularizer, dtype) -> None:
    assert regularizer(jnp.asarray(X, dtype)).dtype == dtype


def test_orthogonal_counts_columns_where_told() -> None:
    by_columns = OrthogonalRegularizer(0.5, "columns")(X)
    assert float(by_columns) == pytest.approx(float(OrthogonalRegularizer(0.5)(X.T)), rel=1e-6)
    assert float(OrthogonalRegularizer()(np.eye(3))) == 0


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.ones((1, 2))])
def test_orthogonal_is_finite_with_its_gradient(matrix) -> None:
    value, slope = jax.value_and_grad(OrthogonalRegularizer())(jnp.asarray(matrix, "float32"))
    assert float(value) == 0
    assert np.isfinite(slope).all()


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("l1", L1),
        ("L2", L2),
        ("l1_l2", L1L2),
        ("l1l2", L1L2),
        ("orthogonal_regularizer", OrthogonalRegularizer),
        (L1, L1),
        ({"class_name": "L1", "config": {"l1": 0.5}}, L1),
    ],
)
def test_get(identifier, expected) -> None:
    assert type(regularizers.get(identifier)) is expected


def test_get_leaves_none_objects_and_functions_alone() -> None:
    two = L2()
    assert regularizers.get(None) is None
    assert regularizers.get(two) is two
    assert regularizers.get(jnp.sum) is jnp.sum


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'orthogonal_regularizer'"):
        regularizers.get("orthogonal_regulariser")
    with pytest.raises(TypeError, match="could not understand regularizer"):
        regularizers.get(3)


@pytest.mark.parametrize(
    "regularizer", [L1(0.3), L2(0.3), L1L2(0.1, 0.2), OrthogonalRegularizer(0.3, "columns")]
)
def test_config_round_trip(regularizer) -> None:
    again = regularizers.deserialize(regularizers.serialize(regularizer))
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()
    assert float(again(X)) == float(regularizer(X))


@pytest.mark.parametrize("value", [-1, "x", float("nan"), float("inf"), [1]])
def test_factors_must_be_finite_and_not_negative(value) -> None:
    for make in (L1, L2, L1L2, OrthogonalRegularizer):
        with pytest.raises(ValueError, match="not negative"):
            make(value)


def test_orthogonal_refuses_other_modes_and_shapes() -> None:
    with pytest.raises(ValueError, match="did you mean 'columns'"):
        OrthogonalRegularizer(mode="column")
    with pytest.raises(ValueError, match=r"takes a matrix. Received shape \(3,\)"):
        OrthogonalRegularizer()(np.ones(3))
