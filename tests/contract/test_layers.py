"""What every public layer keeps: eager, jitted and symbolic calls agree, and it can be rebuilt."""

from __future__ import annotations

import json
import pickle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import layers
from cornu.core import tree
from cornu.core.scope import pure
from cornu.core.symbolic import KerasTensor
from cornu.layers.base.layer import Layer
from cornu.serialization import codec

VECTOR, STEPS, IMAGE, VOLUME = (4, 6), (4, 5, 3), (2, 6, 6, 4), (2, 4, 4, 4, 2)


def double(x: Any) -> Any:
    return x * 2


# Constructor arguments and the shape of an input, where `(name)()` and a vector will not do.
CASES: dict[str, tuple[dict[str, Any], Any]] = {
    "Activation": ({"activation": "tanh"}, VECTOR),
    "AdditiveAttention": ({}, [STEPS, STEPS]),
    "AlphaDropout": ({"rate": 0.3}, VECTOR),
    "Attention": ({"use_scale": True}, [STEPS, STEPS]),
    "Bidirectional": ({"layer": layers.SimpleRNN(2)}, STEPS),
    "ConvLSTM1D": ({"filters": 2, "kernel_size": 2}, IMAGE),
    "ConvLSTM2D": ({"filters": 2, "kernel_size": 2}, VOLUME),
    "ConvLSTM3D": ({"filters": 2, "kernel_size": 2}, (2, 2, 3, 3, 3, 2)),
    "CategoryEncoding": ({"num_tokens": 9}, VECTOR),
    "Dense": ({"units": 3}, VECTOR),
    "Discretization": ({"bin_boundaries": [-0.5, 0.0, 0.5], "output_mode": "one_hot"}, VECTOR),
    "Dot": ({"axes": 1}, [VECTOR, VECTOR]),
    "Dropout": ({"rate": 0.3}, VECTOR),
    "EinsumDense": (
        {"equation": "abc,cd->abd", "output_shape": (None, 2), "bias_axes": "d"},
        STEPS,
    ),
    "Embedding": ({"input_dim": 9, "output_dim": 3}, VECTOR),
    "Flatten": ({}, IMAGE),
    "GRU": ({"units": 3}, STEPS),
    "GaussianDropout": ({"rate": 0.3}, VECTOR),
    "GaussianNoise": ({"stddev": 0.3}, VECTOR),
    "GroupNormalization": ({"groups": 2}, IMAGE),
    "LSTM": ({"units": 3}, STEPS),
    "Lambda": ({"function": double}, VECTOR),
    "GroupQueryAttention": (
        {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2},
        [STEPS, STEPS],
    ),
    "MelSpectrogram": ({"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4}, (4, 40)),
    "MultiHeadAttention": ({"num_heads": 2, "key_dim": 2}, [STEPS, STEPS]),
    "Normalization": ({"mean": 0.5, "variance": 2.0}, VECTOR),
    "Permute": ({"dims": (2, 1)}, STEPS),
    "RNN": ({"cell": layers.LSTMCell(3)}, STEPS),
    "RepeatVector": ({"n": 2}, VECTOR),
    "ReversibleEmbedding": ({"input_dim": 9, "output_dim": 3}, VECTOR),
    "Rescaling": ({"scale": 0.5, "offset": 1.0}, VECTOR),
    "Reshape": ({"target_shape": (2, 3)}, VECTOR),
    "STFTSpectrogram": ({"frame_length": 8}, (4, 40, 2)),
    "SimpleRNN": ({"units": 3}, STEPS),
    "SpatialDropout1D": ({"rate": 0.3}, STEPS),
    "SpatialDropout2D": ({"rate": 0.3}, IMAGE),
    "SpatialDropout3D": ({"rate": 0.3}, VOLUME),
    "SpectralNormalization": ({"layer": layers.Dense(2)}, STEPS),
    "TimeDistributed": ({"layer": layers.Dense(2)}, STEPS),
}
TAKES_IDS = ("CategoryEncoding", "Embedding", "ReversibleEmbedding")
TWO_ARGUMENTS = (layers.GroupQueryAttention, layers.MultiHeadAttention)
MERGING = ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
ABSTRACT = (
    "Layer",
    "InputLayer",
    "Wrapper",
    "GRUCell",
    "LSTMCell",
    "SimpleRNNCell",
    "StackedRNNCells",
)
BY_RANK = {"1D": STEPS, "2D": IMAGE, "3D": VOLUME}


def case(name: str) -> tuple[dict[str, Any], Any]:
    if name in CASES:
        return CASES[name]
    if name in MERGING:
        return {}, [VECTOR, VECTOR]
    rank = next((r for r in BY_RANK if r in name), None)
    if rank is None:
        return {}, STEPS
    arguments = {"pool_size": 2} if name.startswith("Average") else {}
    if name.startswith("Adaptive"):
        arguments = {"output_size": 3}  # divides some of the sizes
    if "Conv" in name:
        arguments = {"kernel_size": 2} if "Depthwise" in name else {"filters": 2, "kernel_size": 2}
    return arguments, BY_RANK[rank]


def public_layers() -> list[str]:
    found = {
        value.__name__
        for value in vars(layers).values()
        if isinstance(value, type) and issubclass(value, Layer)
    }
    return sorted(found - set(ABSTRACT))


NAMES = public_layers()


def make(name: str, **more: Any) -> tuple[Layer, Any]:
    arguments, shape = case(name)
    return getattr(layers, name)(**arguments, **more), data(name, shape)


def data(name: str, shape: Any) -> Any:
    if isinstance(shape, list):
        return [data(name, one) for one in shape]
    numbers = np.random.default_rng(2)
    if name in TAKES_IDS:
        return jnp.asarray(numbers.integers(0, 9, shape), "int32")
    return jnp.asarray(numbers.normal(size=shape), "float32")


def call(layer: Layer, x: Any, **kwargs: Any) -> Any:
    return layer(*x, **kwargs) if isinstance(layer, TWO_ARGUMENTS) else layer(x, **kwargs)


def test_there_are_layers() -> None:
    assert len(NAMES) > 70


@pytest.mark.parametrize("name", NAMES)
def test_eager_jitted_and_symbolic_agree(name: str) -> None:
    layer, x = make(name)
    eager = call(layer, x)
    variables = layer.variables
    run = pure(lambda value: call(layer, value), variables)
    jitted = jax.jit(lambda values, value: run(values, value).result)(
        [v.value for v in variables], x
    )
    tree.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5), eager, jitted
    )
    inputs = tree.map_structure(lambda a: KerasTensor((None, *a.shape[1:]), a.dtype), x)
    fresh, _ = make(name)
    symbolic = call(fresh, inputs)
    for tensor, array in zip(tree.flatten(symbolic), tree.flatten(eager), strict=True):
        assert tensor.shape == (None, *array.shape[1:])
        assert tensor.dtype == array.dtype.name


@pytest.mark.parametrize("name", NAMES)
def test_config_makes_an_equal_layer(name: str) -> None:
    layer, x = make(name)
    config = json.loads(json.dumps(layers.serialize(layer)))
    assert config["module"] == "keras.layers"
    again = layers.deserialize(config, custom_objects={"double": double})
    assert json.dumps(codec.serialize(again)) == json.dumps(codec.serialize(layer))
    expected = call(layer, x)
    call(again, x)
    again.set_weights(layer.get_weights())
    tree.map_structure(lambda a, b: np.testing.assert_array_equal(a, b), call(again, x), expected)


@pytest.mark.parametrize("name", [n for n in NAMES if "layer" not in case(n)[0]])
def test_mixed_policy_computes_in_bfloat16(name: str) -> None:
    layer, x = make(name, dtype="mixed_bfloat16")
    for output in tree.flatten(call(layer, x)):
        assert output.dtype == jnp.bfloat16
        assert np.isfinite(np.asarray(output, "float32")).all()
    assert all(v.value.dtype == jnp.float32 for v in layer.weights)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_are_finite_in_training(name: str) -> None:
    layer, x = make(name)
    call(layer, x)
    weights = layer.trainable_variables
    frozen = [v.value for v in layer.non_trainable_variables]
    run = pure(
        lambda value: (
            call(layer, value, training=True) if name not in ("Lambda",) else call(layer, value)
        ),
        [*weights, *layer.non_trainable_variables],
    )
    x_float = [] if name in TAKES_IDS else x

    def total(values: Any, value: Any) -> Any:
        result = run([*values, *frozen], x if name in TAKES_IDS else value, step=0).result
        return sum(jnp.sum(jnp.sin(leaf)) for leaf in tree.flatten(result))

    gradients = jax.jit(jax.grad(total, argnums=(0, 1)))([v.value for v in weights], x_float)
    for gradient in jax.tree.leaves(gradients):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", NAMES)
def test_pickling_keeps_weights(name: str) -> None:
    layer, x = make(name)
    expected = call(layer, x)
    again = pickle.loads(pickle.dumps(layer))
    tree.map_structure(lambda a, b: np.testing.assert_array_equal(a, b), call(again, x), expected)


@pytest.mark.parametrize("name", NAMES)
def test_empty_batches(name: str) -> None:
    layer, x = make(name)
    expected = call(layer, x)
    nothing = tree.map_structure(lambda a: a[:0], x)
    for output, full in zip(
        tree.flatten(call(layer, nothing)), tree.flatten(expected), strict=True
    ):
        assert output.shape == (0, *full.shape[1:])
