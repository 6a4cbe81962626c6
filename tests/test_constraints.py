"""Constraints: what holds after them, and how users name them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import constraints
from cornu.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from cornu.core.variable import Variable
from cornu.errors import UnknownNameError

W = np.array([[3.0, 0.3, -6.0], [4.0, -0.4, 8.0]], "float32")  # columns of length 5, 0.5, 10


def lengths(w, axis=0) -> np.ndarray:
    return np.linalg.norm(np.asarray(w), axis=axis)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (MaxNorm(), [2, 0.5, 2]),
        (MaxNorm(7), [5, 0.5, 7]),
        (UnitNorm(), [1, 1, 1]),
        (MinMaxNorm(), [1, 0.5, 1]),
        (MinMaxNorm(1.0, 6.0), [5, 1, 6]),
        (MinMaxNorm(1.0, 6.0, rate=0.5), [5, 0.75, 8]),
        (Constraint(), [5, 0.5, 10]),
    ],
)
@pytest.mark.parametrize("wrap", [np.asarray, jnp.asarray, Variable])
def test_lengths_of_columns(constraint, expected, wrap) -> None:
    found = constraint(wrap(W))
    np.testing.assert_allclose(lengths(found), expected, rtol=1e-6)
    np.testing.assert_allclose(found / lengths(found), W / lengths(W), rtol=1e-5)


def test_axes_may_be_a_list() -> None:
    found = np.asarray(UnitNorm(axis=[0, 1])(W))
    assert np.linalg.norm(found) == pytest.approx(1, rel=1e-6)
    np.testing.assert_allclose(lengths(UnitNorm(axis=1)(W), 1), [1, 1], rtol=1e-6)


def test_nonneg_keeps_what_is_not_negative() -> None:
    assert NonNeg()(np.array([-1.0, 0.0, 2.0, -np.inf])).tolist() == [0, 0, 2, 0]


@pytest.mark.parametrize("constraint", [MaxNorm(), UnitNorm(), MinMaxNorm(0.5)])
def test_zero_vectors_stay_zero(constraint) -> None:
    assert constraint(np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("constraint", [MaxNorm(), NonNeg(), UnitNorm(), MinMaxNorm()])
def test_dtype_stays_and_it_traces(constraint) -> None:
    w = jnp.asarray(W, "bfloat16")
    assert jax.jit(constraint)(w).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("max_norm", MaxNorm),
        ("MinMaxNorm", MinMaxNorm),
        ("non_neg", NonNeg),
        (UnitNorm, UnitNorm),
        ({"class_name": "MaxNorm", "config": {"max_value": 3}}, MaxNorm),
    ],
)
def test_get(identifier, expected) -> None:
    assert type(constraints.get(identifier)) is expected


def test_get_leaves_none_and_functions_alone() -> None:
    assert constraints.get(None) is None
    assert constraints.get(jnp.abs) is jnp.abs


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'MaxNorm'"):
        constraints.get("maxnorm")
    with pytest.raises(TypeError, match="could not understand constraint"):
        constraints.get(3)


@pytest.mark.parametrize(
    "constraint", [MaxNorm(3, [0, 1]), NonNeg(), UnitNorm(1), MinMaxNorm(0.1, 0.2, 0.3, 1)]
)
def test_config_round_trip(constraint) -> None:
    again = constraints.deserialize(constraints.serialize(constraint))
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()
    np.testing.assert_array_equal(again(W), constraint(W))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MaxNorm(-1), "max_value=-1"),
        (lambda: MaxNorm(float("nan")), "max_value=nan"),
        (lambda: MinMaxNorm(3.0, 1.0), "min_value=3.0, max_value=1.0"),
        (lambda: MinMaxNorm(-1.0), "min_value=-1.0"),
        (lambda: MinMaxNorm(rate=2.0), "rate=2.0"),
    ],
)
def test_lengths_that_cannot_be(make, message) -> None:
    """Keras takes them, and turns weights around."""
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("constraint", [MaxNorm(), NonNeg(), UnitNorm(), MinMaxNorm(0.1, 0.2)])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 2, 2)])
def test_every_shape_keeps_its_shape(constraint, shape) -> None:
    found = constraint(np.ones(shape, "float32"))
    assert found.shape == shape
    assert np.isfinite(found).all()
