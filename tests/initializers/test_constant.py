"""Initializers without randomness."""

import jax
import numpy as np
import pytest

from cornu import initializers
from cornu.core.variable import Variable
from cornu.settings import settings


@pytest.mark.parametrize(
    ("initializer", "expected"),
    [
        (initializers.Zeros(), [[0.0, 0.0], [0.0, 0.0]]),
        (initializers.Ones(), [[1.0, 1.0], [1.0, 1.0]]),
        (initializers.Constant(2.5), [[2.5, 2.5], [2.5, 2.5]]),
        (initializers.Constant([1.0, 2.0]), [[1.0, 2.0], [1.0, 2.0]]),
        (initializers.Identity(3.0), [[3.0, 0.0], [0.0, 3.0]]),
    ],
)
def test_values(initializer, expected) -> None:
    found = initializer((2, 2))
    assert isinstance(found, jax.Array)
    assert found.dtype == "float32"
    np.testing.assert_array_equal(found, expected)


def test_dtype_is_the_one_asked_for_and_floatx_otherwise() -> None:
    assert initializers.Ones()((2,), dtype="int32").dtype == "int32"
    assert initializers.Ones()((2,), dtype="bool").tolist() == [True, True]
    settings.floatx = "bfloat16"
    assert initializers.Zeros()((2,)).dtype == "bfloat16"


def test_a_number_is_a_shape() -> None:
    assert initializers.Zeros()(3).shape == (3,)


def test_identity_of_a_wide_matrix_ends_in_zeros() -> None:
    assert initializers.Identity()((2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    "value", [np.ones((2, 3)), jax.numpy.ones((2, 3)), Variable(np.ones((2, 3)))]
)
def test_an_array_stands_for_itself(value) -> None:
    initializer = initializers.get(value)
    assert initializer((2, 3)).tolist() == np.ones((2, 3)).tolist()
    with pytest.raises(ValueError, match=r"shape \(2, 3\), but the weight has shape \(4, 2, 3\)"):
        initializer((4, 2, 3))
    again = initializers.deserialize(initializers.serialize(initializer))
    assert again((2, 3)).tolist() == np.ones((2, 3)).tolist()


def test_a_constant_that_does_not_fit_names_both_shapes() -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 3\), but the weight has shape \(2,\)"):
        initializers.Constant(np.ones((2, 3)))((2,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.Zeros()((None, 2)), "fully known"),
        (lambda: initializers.Zeros()((-1, 2)), "non-negative"),
        (lambda: initializers.Zeros()((2,), dtype="float23"), "did you mean 'float32'"),
        (lambda: initializers.Zeros()((2,), dtype="string"), "numbers or booleans"),
        (lambda: initializers.Identity()((2, 3, 4)), "must have 2 sizes"),
    ],
)
def test_bad_calls_are_clear(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_arguments_that_are_not_taken_are_refused() -> None:
    with pytest.raises(TypeError):
        initializers.Zeros(3)  # type: ignore[call-arg]


def test_base_class_says_what_is_missing() -> None:
    class Half(initializers.Initializer):
        pass

    with pytest.raises(NotImplementedError, match="Half does not define `__call__`"):
        Half()((2,))


def test_a_users_initializer_writes_its_own_config() -> None:
    class Fill(initializers.Initializer):
        def __init__(self, level=1.0):
            self.level = level

        def __call__(self, shape, dtype=None):
            return initializers.Constant(self.level)(shape, dtype)

    assert Fill(3.0).get_config() == {"level": 3.0}
    assert Fill(3.0).clone()((1,)).tolist() == [3.0]
