"""What every op takes: arrays, lists, numbers, variables, symbolic tensors; and operators."""

import inspect

import jax.numpy as jnp
import numpy as np
import pytest

from cornu import ops
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.settings import settings


@pytest.mark.parametrize(
    "make", [list, tuple, np.asarray, jnp.asarray, Variable], ids=lambda make: make.__name__
)
def test_kinds_of_input(make):
    x = make([1.0, 2.0, 3.0])
    assert ops.sum(x) == 6
    assert ops.multiply(x, 2).tolist() == [2, 4, 6]
    assert ops.stack([x, x]).shape == (2, 3)
    assert ops.concatenate([x, x]).shape == (6,)


def test_list_of_variables():
    parts = [Variable(1.0), Variable(2.0)]
    assert ops.stack(parts).tolist() == [1, 2]
    assert ops.convert_to_tensor(parts).tolist() == [1, 2]
    assert ops.convert_to_numpy(parts).tolist() == [1, 2]


OPERATORS = [
    (lambda x, y: x + y, 1),
    (lambda x, y: x - y, 1),
    (lambda x, y: x * y, 2),
    (lambda x, y: x / y, 2),
    (lambda x, y: x // y, 2),
    (lambda x, y: x % y, 2),
    (lambda x, y: x**y, 2),
    (lambda x, y: x < y, 2),
    (lambda x, y: x >= y, 2),
    (lambda x, y: x == y, 2),
    (lambda x, y: x != y, 2),
    (lambda x, y: abs(-x) + y, 2),
    (lambda x, y: x.round() * y if hasattr(x, "round") else round(x) * y, 2),
    (lambda x, y: x[1:, :1] * y, 2),
    (lambda x, y: x[..., None] * y, 2),
]


@pytest.mark.parametrize(("operator", "other"), OPERATORS)
def test_operators_of_variables_and_symbolic_tensors(operator, other):
    data = np.array([[1.5, 2.0], [-3.0, 2.5]], "float32")
    expected = operator(data, np.float32(other))
    found = operator(Variable(data), other)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    symbolic = operator(KerasTensor((2, 2)), other)
    assert (symbolic.shape, symbolic.dtype) == (expected.shape, found.dtype.name)
    if not isinstance(other, str):
        np.testing.assert_allclose(
            (other - Variable(data)) @ Variable(data), (other - data) @ data, rtol=1e-6
        )


@pytest.mark.parametrize("x", [Variable(1.0), KerasTensor((2,))], ids=["variable", "symbolic"])
@pytest.mark.parametrize("other", [None, "a", pytest.param(object(), id="object"), {}], ids=str)
def test_equality_with_odd_objects_is_identity(x, other):
    assert (x == other) is False
    assert (x != other) is True
    assert x in [other, x][1:]


@pytest.mark.parametrize("floatx", ["float32", "bfloat16", "float16"])
def test_floatx_is_what_integers_and_python_floats_become(floatx):
    settings.floatx = floatx
    assert ops.convert_to_tensor(1.5).dtype == floatx
    assert ops.convert_to_tensor([1.5, 2]).dtype == floatx
    assert ops.sqrt([1, 2]).dtype == floatx
    assert ops.divide([1, 2], 2).dtype == floatx
    assert ops.mean(np.arange(3)).dtype == floatx
    assert ops.multiply(np.arange(3), 0.5).dtype == floatx
    assert ops.zeros((2,)).dtype == floatx


def test_python_numbers_adapt_and_results_are_not_weak():
    half = jnp.ones(2, "float16")
    assert ops.add(half, 1.5).dtype == "float16"
    assert ops.add(jnp.ones(2, "int8"), 1).dtype == "int8"
    assert not ops.add(1.0, 2.0).weak_type
    assert ops.add(ops.convert_to_tensor(1.0), half).dtype == "float32"


def test_unknown_sizes_stay_unknown():
    x = KerasTensor((None, 4))
    assert ops.concatenate([x, x], axis=0).shape == (None, 4)
    assert ops.concatenate([x, x], axis=1).shape == (None, 8)
    assert ops.shape(x) == (None, 4)
    assert ops.reshape(x, (-1, 2, 2)).shape == (None, 2, 2)


def test_every_public_op_has_a_docstring_and_a_signature():
    for name in dir(ops):
        function = getattr(ops, name)
        if name.startswith("_") or inspect.ismodule(function) or not callable(function):
            continue
        assert function.__doc__, name
        assert all(
            p.annotation is not p.empty for p in inspect.signature(function).parameters.values()
        )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.reshape(np.ones(6), (4, 2)), r"\(6,\).*\(4, 2\)"),
        (lambda: ops.reshape(np.ones(6), (4, -1)), r"\(6,\)"),
        (lambda: ops.where(True, 1), "together"),
        (lambda: ops.conv(np.ones((1, 5, 3)), np.ones((2, 2, 1))), "3 channels"),
        (lambda: ops.scatter_update([1], [[0]], [2], "sum"), "reduction"),
        (lambda: ops.cholesky(np.ones((2, 3))), r"\(2, 3\)"),
        (lambda: ops.convert_to_tensor([1], sparse=True), "sparse"),
        (lambda: ops.multi_hot([1, 2]), "num_classes"),
        (lambda: ops.unstack(np.ones((2, 3)), num=3), "num=3"),
        (lambda: ops.rearrange(np.ones((2, 3)), "a b -> a c"), "pattern"),
    ],
)
def test_wrong_values_are_told(call, message):
    with pytest.raises(ValueError, match=message):
        call()
