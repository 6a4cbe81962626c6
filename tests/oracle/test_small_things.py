"""Regularizers, constraints and dtype policies against the real Keras."""

import json

import jax.numpy as jnp
import numpy as np
import pytest

from cornu import constraints, dtype_policies, regularizers

keras = pytest.importorskip("keras")

MATRIX = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], "float32")


def text(config) -> str:
    return json.dumps(config, sort_keys=True)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("L1", {}),
        ("L1", {"l1": 0.1}),
        ("L1", {"l1": None}),
        ("L2", {}),
        ("L2", {"l2": 0.3}),
        ("L1L2", {}),
        ("L1L2", {"l1": 0.1, "l2": 0.2}),
        ("OrthogonalRegularizer", {}),
        ("OrthogonalRegularizer", {"factor": 0.3, "mode": "columns"}),
    ],
)
def test_regularizers(name, arguments) -> None:
    ours = getattr(regularizers, name)(**arguments)
    theirs = getattr(keras.regularizers, name)(**arguments)
    x = jnp.asarray(MATRIX)
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-6)
    assert text(regularizers.serialize(ours)) == text(keras.regularizers.serialize(theirs))
    back = regularizers.deserialize(keras.regularizers.serialize(theirs))
    np.testing.assert_allclose(back(x), ours(x), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("MaxNorm", {}),
        ("MaxNorm", {"max_value": 3, "axis": [0, 1]}),
        ("NonNeg", {}),
        ("UnitNorm", {}),
        ("UnitNorm", {"axis": 1}),
        ("MinMaxNorm", {}),
        ("MinMaxNorm", {"min_value": 0.5, "max_value": 2.0, "rate": 0.3, "axis": 1}),
    ],
)
def test_constraints(name, arguments) -> None:
    ours = getattr(constraints, name)(**arguments)
    theirs = getattr(keras.constraints, name)(**arguments)
    np.testing.assert_allclose(ours(MATRIX), theirs(MATRIX), rtol=1e-6, atol=1e-7)
    assert text(constraints.serialize(ours)) == text(keras.constraints.serialize(theirs))
    back = constraints.deserialize(keras.constraints.serialize(theirs))
    np.testing.assert_array_equal(back(MATRIX), ours(MATRIX))


@pytest.mark.parametrize(
    "name",
    [
        "float32",
        "mixed_float16",
        "mixed_bfloat16",
        "float64",
        "int32",
        "int8_from_mixed_bfloat16",
        "int4_from_float32",
        "float8_from_float32",
        "int4/128_from_float32",
        "gptq/4/-1_from_float32",
        "awq/4/128_from_mixed_bfloat16",
    ],
)
def test_policies(name) -> None:
    ours, theirs = dtype_policies.get(name), keras.dtype_policies.get(name)
    for fact in ("name", "compute_dtype", "variable_dtype", "quantization_mode"):
        assert getattr(ours, fact) == getattr(theirs, fact)
    assert repr(ours) == repr(theirs)
    written = keras.dtype_policies.serialize(theirs)
    assert text(dtype_policies.serialize(ours)) == text(written)
    assert dtype_policies.get(written) == ours


def test_policy_maps_are_read_by_keras() -> None:
    ours = dtype_policies.DTypePolicyMap("mixed_bfloat16", {"a": "float32", "b/.*": "float16"})
    theirs = keras.dtype_policies.get(dtype_policies.serialize(ours))
    for path in ("a", "b/c", "d"):
        assert theirs[path].name == ours[path].name
