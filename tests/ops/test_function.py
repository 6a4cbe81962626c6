"""Function: a graph of ops applied to new values, as in Keras."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest

import cornu

A, B = np.full((1, 3), 0.5, "float32"), np.arange(3, dtype="float32").reshape(1, 3)


def pair(k: Any) -> Any:
    x, y = k.KerasTensor((None, 3)), k.KerasTensor((None, 3))
    return k.Function([x, y], {"sigmoid": k.ops.sigmoid(x + y), "sum": k.ops.sum(x * y, -1)})


def test_values_shapes_and_operations_are_keras() -> None:
    keras.utils.clear_session()  # its automatic names count over the whole process
    ours, theirs = pair(cornu), pair(keras)
    found, expected = ours([A, B]), theirs([A, B])
    assert found.keys() == expected.keys()
    for key, value in found.items():
        np.testing.assert_allclose(value, expected[key], rtol=1e-6)
    shapes = [(4, 3), (4, 3)]
    assert ours.compute_output_shape(shapes) == theirs.compute_output_shape(shapes)
    names = [[op.name for op in function.operations] for function in (ours, theirs)]
    assert sorted(names[0]) == sorted(names[1])
    assert (len(ours.inputs), len(ours.outputs)) == (2, 2)


def test_jit_and_grad() -> None:
    run = pair(cornu)
    slope = jax.jit(jax.grad(lambda a: run([a, B])["sum"][0]))(A)
    np.testing.assert_allclose(slope, B)


def test_symbolic_call() -> None:
    outputs = pair(cornu)([cornu.KerasTensor((5, 3)), cornu.KerasTensor((5, 3))])
    assert outputs["sum"].shape == (5,)
    again = cornu.Function(outputs["sum"].node.inputs, outputs["sum"])
    np.testing.assert_allclose(again([np.tile(A, (5, 1)), np.tile(B, (5, 1))]), np.full(5, 1.5))


def test_dict_of_inputs() -> None:
    x, y = cornu.KerasTensor((None, 3)), cornu.KerasTensor((None, 2))
    run = cornu.Function({"b": x, "a": y}, cornu.ops.concatenate([y, x], -1))
    assert run({"a": np.ones((1, 2)), "b": A}).shape == (1, 5)
    assert run.compute_output_shape({"a": (7, 2), "b": (7, 3)}) == (7, 5)


def test_layers_in_the_graph() -> None:
    x = cornu.KerasTensor((None, 3))
    layer = cornu.layers.Dense(2)
    run = cornu.Function(x, layer(x))
    np.testing.assert_allclose(run(A), layer(A))
    assert run.operations == [layer]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, x: f(A), "nested as"),
        (lambda f, x: f([A]), "nested as"),
        (lambda f, x: f([A, np.ones((1, 4))]), r"has the shape \(None, 3\).*\(1, 4\)"),
        (lambda f, x: cornu.Function([x[0]], x[0] + x[1]), "made by no layer"),
    ],
)
def test_what_does_not_fit_is_named(call, message: str) -> None:
    x = cornu.KerasTensor((None, 3)), cornu.KerasTensor((None, 3))
    with pytest.raises(ValueError, match=message):
        call(pair(cornu), x)


def test_arrays_are_no_symbolic_tensors() -> None:
    with pytest.raises(TypeError, match="symbolic tensors"):
        cornu.Function([A], [A])
