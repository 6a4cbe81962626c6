"""Activations by name, and those that differ from the op of the same name."""

import numpy as np
import pytest

from cornu import activations
from cornu.core.symbolic import KerasTensor
from cornu.errors import UnknownNameError

keras = pytest.importorskip("keras")

X = np.linspace(-4, 8, 25, dtype="float32").reshape(5, 5)
OURS = ("hard_sigmoid_of_keras_2",)  # of older files
SHARED = [name for name in activations.FAMILY.names if name not in OURS]
NAMES = [name for name in SHARED if name not in ("sparsemax", "threshold", "glu")]


@pytest.mark.parametrize("name", NAMES)
def test_values_are_those_of_keras(name):
    np.testing.assert_allclose(
        activations.get(name)(X), keras.activations.get(name)(X), rtol=2e-5, atol=1e-6
    )


@pytest.mark.parametrize(
    "arguments",
    [
        {"max_value": 6.0},
        {"negative_slope": 0.1},
        {"threshold": 1.0},
        {"negative_slope": 0.1, "max_value": 4.0, "threshold": 2.0},
    ],
    ids=str,
)
def test_relu_with_arguments(arguments):
    np.testing.assert_allclose(
        activations.relu(X, **arguments), keras.activations.relu(X, **arguments), rtol=1e-6
    )


def test_every_name_of_keras_is_there():
    theirs = {n for n in dir(keras.activations) if not n.startswith("_")}
    assert theirs <= set(dir(activations))


@pytest.mark.parametrize("name", SHARED)
def test_name_and_back(name):
    function = activations.get(name)
    assert activations.get(function) is function
    written = activations.serialize(function)
    assert written == keras.activations.serialize(keras.activations.get(name))
    assert activations.deserialize(written) is function


def test_none_is_linear():
    assert activations.get(None) is activations.linear


def test_unknown_names_get_a_hint():
    with pytest.raises(
        UnknownNameError, match="unknown activation 'sigmod'; did you mean 'sigmoid'"
    ):
        activations.get("sigmod")
    with pytest.raises(TypeError, match="activation"):
        activations.get(3)


def test_own_functions_pass_through():
    def double(x):
        return 2 * x

    assert activations.get(double) is double
    assert activations.deserialize(activations.serialize(double), {"double": double}) is double


def test_symbolic():
    assert activations.relu(KerasTensor((None, 3)), max_value=1.0).shape == (None, 3)
