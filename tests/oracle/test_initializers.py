"""Initializers against the real Keras: numbers, configs, names, signatures."""

import inspect
import json

import jax
import numpy as np
import pytest

from cornu import initializers
from cornu.core.random import SeedGenerator, set_random_seed

keras = pytest.importorskip("keras")

# (name, arguments, shape)
DRAWS = [
    ("RandomUniform", {"seed": 1}, (3, 4)),
    ("RandomUniform", {"minval": -2.0, "maxval": 5.0, "seed": 0}, (2, 3, 5)),
    ("RandomNormal", {"seed": 1}, (3, 4)),
    ("RandomNormal", {"mean": 3.0, "stddev": 2.0, "seed": 12345678}, (7,)),
    ("TruncatedNormal", {"seed": 1}, (3, 4)),
    ("TruncatedNormal", {"mean": 1.0, "stddev": 2.0, "seed": 2**32 - 1}, (40,)),
    ("GlorotUniform", {"seed": 1}, (3, 4)),
    ("GlorotUniform", {"seed": 1}, (3, 3, 2, 4)),
    ("GlorotUniform", {"seed": 1}, (5,)),
    ("GlorotUniform", {"seed": 1}, ()),
    ("GlorotUniform", {"seed": 1, "input_axes": (0,), "output_axes": (1, 2)}, (4, 2, 3)),
    ("GlorotNormal", {"seed": 2}, (3, 4)),
    ("HeUniform", {"seed": 3}, (3, 4)),
    ("HeNormal", {"seed": 4}, (3, 4)),
    ("LecunUniform", {"seed": 5}, (3, 4)),
    ("LecunNormal", {"seed": 6}, (3, 4)),
    ("VarianceScaling", {"scale": 3.0, "mode": "fan_out", "seed": 1}, (3, 4)),
    ("VarianceScaling", {"distribution": "untruncated_normal", "seed": 1}, (3, 4)),
    ("VarianceScaling", {"distribution": "Normal", "mode": "fan_avg", "seed": 1}, (3, 4)),
    ("Orthogonal", {"seed": 1}, (5, 3)),
    ("Orthogonal", {"gain": 2.0, "seed": 1}, (3, 5)),
    ("Orthogonal", {"seed": 1}, (2, 3, 4)),
]
FIXED = [
    ("Zeros", {}, (2, 3)),
    ("Ones", {}, (2, 3)),
    ("Constant", {"value": 3.5}, (2, 3)),
    ("Constant", {"value": np.arange(3.0)}, (2, 3)),
    ("Identity", {}, (2, 3)),
    ("STFT", {}, (8, 1, 5)),
    ("STFT", {"side": "imag", "window": "hamming", "periodic": True}, (8, 1, 4)),
    ("STFT", {"window": None}, (4, 1, 3)),
    ("STFT", {"window": [1.0, 2.0, 3.0, 4.0], "scaling": "spectrum"}, (4, 1, 3)),
    ("STFT", {"scaling": None}, (4, 1, 3)),
]


@pytest.mark.parametrize(("name", "arguments", "shape"), DRAWS + FIXED)
def test_numbers_and_configs_are_equal(name, arguments, shape) -> None:
    ours = getattr(initializers, name)(**arguments)
    theirs = getattr(keras.initializers, name)(**arguments)
    np.testing.assert_allclose(ours(shape), theirs(shape), rtol=1e-6, atol=1e-6)
    written = initializers.serialize(ours)
    assert json.dumps(written, sort_keys=True) == json.dumps(
        keras.initializers.serialize(theirs), sort_keys=True
    )
    again = keras.initializers.deserialize(written)
    np.testing.assert_allclose(again(shape), ours(shape), rtol=1e-6, atol=1e-6)


def test_a_generator_is_written_and_read_as_keras_does() -> None:
    ours = initializers.RandomNormal(seed=SeedGenerator(5))
    theirs = keras.initializers.RandomNormal(seed=keras.random.SeedGenerator(5))
    written = keras.initializers.serialize(theirs)
    assert initializers.serialize(ours) == written
    np.testing.assert_allclose(
        initializers.deserialize(written)((4,)), theirs((4,)), rtol=1e-6, atol=1e-6
    )


def test_a_constant_tensor_written_by_keras_is_read() -> None:
    theirs = keras.initializers.Constant(keras.ops.ones((2,)))
    ours = initializers.deserialize(keras.initializers.serialize(theirs))
    assert ours((3, 2)).tolist() == np.ones((3, 2)).tolist()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["RandomUniform", "RandomNormal", "TruncatedNormal", "HeNormal"])
def test_draws_in_sixteen_bits_are_equal(name, dtype) -> None:
    ours = getattr(initializers, name)(seed=1)((2, 4), dtype=dtype)
    theirs = getattr(keras.initializers, name)(seed=1)((2, 4), dtype=dtype)
    assert ours.dtype == theirs.dtype
    difference = np.abs(np.asarray(ours, "float32") - np.asarray(theirs, "float32"))
    assert (difference <= jax.numpy.finfo(dtype).eps * np.abs(np.asarray(theirs, "float32"))).all()


@pytest.mark.parametrize("name", ["GlorotUniform", "HeNormal", "RandomNormal", "Orthogonal"])
def test_after_set_random_seed_numbers_are_equal(name) -> None:
    set_random_seed(42)
    ours = [getattr(initializers, name)()((3, 4)) for _ in range(3)]
    keras.utils.set_random_seed(42)
    theirs = [getattr(keras.initializers, name)()((3, 4)) for _ in range(3)]
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6)


def test_every_name_that_keras_understands_is_understood() -> None:
    names = [name for name in dir(keras.initializers) if not name.startswith("_")]
    for name in ["one", "zero", "uniform", "normal", *names]:
        try:
            theirs = keras.initializers.get(name)
        except (ValueError, KeyError):  # Keras cannot make a Constant from its name
            continue
        if callable(theirs) and name != "Initializer":
            assert type(initializers.get(name)).__name__ == type(theirs).__name__


@pytest.mark.parametrize("name", sorted({name for name, _, _ in DRAWS + FIXED}))
def test_signatures_are_equal(name) -> None:
    ours = inspect.signature(getattr(initializers, name)).parameters
    theirs = inspect.signature(getattr(keras.initializers, name)).parameters
    assert {p.name: p.default for p in ours.values()} == {
        p.name: p.default for p in theirs.values()
    }
    assert list(ours) == list(theirs)
