"""Layers against the real Keras: weights of equal seeds, outputs, configs, names, shapes, masks."""

from __future__ import annotations

import json
import random
from typing import Any

import keras
import numpy as np
import pytest

from cornu import layers
from cornu.core.random import set_random_seed
from cornu.layers.base.layer import Layer

RNG = np.random.default_rng(3)
VECTOR, STEPS, IMAGE, VOLUME = (4, 6), (4, 5, 3), (2, 6, 5, 4), (2, 5, 4, 5, 2)
FIRST = {"data_format": "channels_first"}

# (layer, arguments, shape of the input or list of them)
LAYERS: list[tuple[str, dict[str, Any], Any]] = [
    ("Activation", {"activation": "tanh"}, VECTOR),
    ("Activation", {"activation": None}, VECTOR),
    ("ReLU", {"max_value": 0.5, "negative_slope": 0.1, "threshold": 0.2}, VECTOR),
    ("LeakyReLU", {}, VECTOR),
    ("ELU", {"alpha": 0.5}, VECTOR),
    ("PReLU", {"alpha_initializer": "uniform"}, STEPS),
    ("PReLU", {"alpha_initializer": "uniform", "shared_axes": 1}, STEPS),
    ("Softmax", {}, VECTOR),
    ("Softmax", {"axis": 1}, STEPS),
    ("Dropout", {"rate": 0.5, "seed": 3}, VECTOR),
    ("Dropout", {"rate": 0, "noise_shape": (None, 1)}, VECTOR),
    ("SpatialDropout1D", {"rate": 0.3}, STEPS),
    ("SpatialDropout2D", {"rate": 0.3}, IMAGE),
    ("SpatialDropout3D", {"rate": 0.3, **FIRST}, VOLUME),
    ("GaussianNoise", {"stddev": 0.3}, VECTOR),
    ("GaussianDropout", {"rate": 0.3}, VECTOR),
    ("AlphaDropout", {"rate": 0.3}, VECTOR),
    ("ActivityRegularization", {"l1": 0.1, "l2": 0.2}, VECTOR),
    ("Identity", {}, VECTOR),
    ("Masking", {"mask_value": 1.0}, STEPS),
    ("Flatten", {}, IMAGE),
    ("Flatten", FIRST, IMAGE),
    ("Flatten", {}, (4,)),
    ("Reshape", {"target_shape": (2, -1)}, VECTOR),
    ("Reshape", {"target_shape": [3, 5]}, STEPS),
    ("Permute", {"dims": (3, 1, 2)}, IMAGE),
    ("RepeatVector", {"n": 3}, VECTOR),
    ("Cropping1D", {"cropping": (1, 2)}, STEPS),
    ("Cropping2D", {"cropping": (1, 2)}, IMAGE),
    ("Cropping2D", {}, IMAGE),
    ("Cropping3D", {"cropping": ((1, 0), (0, 2), (1, 1)), **FIRST}, (2, 2, 5, 4, 5)),
    ("ZeroPadding1D", {"padding": 2}, STEPS),
    ("ZeroPadding1D", {"padding": (0, 1), **FIRST}, STEPS),
    ("ZeroPadding2D", {"padding": (1, 2)}, IMAGE),
    ("ZeroPadding3D", {"padding": 1}, VOLUME),
    ("UpSampling1D", {"size": 3}, STEPS),
    ("UpSampling2D", {"size": (2, 3)}, IMAGE),
    ("UpSampling2D", {"size": 2, "interpolation": "bilinear", **FIRST}, IMAGE),
    ("UpSampling2D", {"size": 2, "interpolation": "bicubic"}, IMAGE),
    ("UpSampling3D", {}, VOLUME),
    ("Conv1D", {"filters": 4, "kernel_size": 3}, STEPS),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "padding": "causal", "dilation_rate": 2}, STEPS),
    ("Conv1D", {"filters": 4, "kernel_size": 2, "padding": "causal", **FIRST}, STEPS),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "SAME", "activation": "relu"}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": (3, 2), "strides": 2, "use_bias": False}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 2, "groups": 2, "dilation_rate": 2}, IMAGE),
    ("Conv2D", {"filters": 4, "kernel_size": 3, "kernel_regularizer": "l2", **FIRST}, IMAGE),
    ("Conv3D", {"filters": 3, "kernel_size": 2, "strides": (1, 2, 1)}, VOLUME),
    ("Conv1DTranspose", {"filters": 4, "kernel_size": 3, "strides": 2}, STEPS),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, IMAGE),
    ("Conv2DTranspose", {"filters": 3, "kernel_size": 3, "strides": 2, "output_padding": 1}, IMAGE),
    ("Conv3DTranspose", {"filters": 2, "kernel_size": 2, "strides": 2}, VOLUME),
    ("DepthwiseConv1D", {"kernel_size": 3, "depth_multiplier": 2}, STEPS),
    ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same", "bias_initializer": "ones"}, IMAGE),
    ("SeparableConv1D", {"filters": 4, "kernel_size": 3}, STEPS),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "depth_multiplier": 2, **FIRST}, IMAGE),
    ("MaxPooling1D", {}, STEPS),
    ("MaxPooling2D", {"pool_size": (3, 2), "strides": 1, "padding": "same"}, IMAGE),
    ("MaxPooling2D", FIRST, IMAGE),
    ("MaxPooling3D", {}, VOLUME),
    ("AveragePooling1D", {"pool_size": 2, "padding": "same"}, STEPS),
    ("AveragePooling2D", {"pool_size": 2, "strides": (1, 2)}, IMAGE),
    ("AveragePooling3D", {"pool_size": 2}, VOLUME),
    ("AdaptiveAveragePooling1D", {"output_size": 3}, STEPS),
    ("AdaptiveAveragePooling2D", {"output_size": (3, 2)}, IMAGE),
    ("AdaptiveAveragePooling2D", {"output_size": 7, **FIRST}, IMAGE),
    ("AdaptiveAveragePooling3D", {"output_size": [1, 2, 3]}, VOLUME),
    ("AdaptiveMaxPooling1D", {"output_size": 2, **FIRST}, STEPS),
    ("AdaptiveMaxPooling2D", {"output_size": 4}, IMAGE),
    ("AdaptiveMaxPooling3D", {"output_size": 2}, VOLUME),
    ("GlobalMaxPooling1D", {}, STEPS),
    ("GlobalMaxPooling2D", {"keepdims": True}, IMAGE),
    ("GlobalMaxPooling3D", {}, VOLUME),
    ("GlobalAveragePooling1D", FIRST, STEPS),
    ("GlobalAveragePooling2D", FIRST, IMAGE),
    ("GlobalAveragePooling3D", {}, VOLUME),
    ("BatchNormalization", {}, STEPS),
    ("BatchNormalization", {"axis": 1, "scale": False, "momentum": 0.8, "epsilon": 0.1}, IMAGE),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmax": 3.0, "dmax": 5.0}}, STEPS),
    ("LayerNormalization", {}, STEPS),
    ("LayerNormalization", {"axis": [1, 2], "center": False, "beta_initializer": "ones"}, STEPS),
    ("GroupNormalization", {"groups": 2}, IMAGE),
    ("GroupNormalization", {"groups": 2, "axis": 1}, IMAGE),
    ("RMSNormalization", {}, STEPS),
    ("UnitNormalization", {"axis": [1, 2]}, STEPS),
    ("Add", {}, [VECTOR, VECTOR, VECTOR]),
    ("Subtract", {}, [STEPS, STEPS]),
    ("Multiply", {}, [STEPS, (4, 3)]),
    ("Average", {}, [VECTOR, VECTOR, VECTOR]),
    ("Maximum", {}, [VECTOR, VECTOR]),
    ("Minimum", {}, [VECTOR, VECTOR]),
    ("Concatenate", {}, [VECTOR, (4, 2)]),
    ("Concatenate", {"axis": 1}, [STEPS, (4, 2, 3)]),
    ("Dot", {"axes": 1}, [VECTOR, VECTOR]),
    ("Dot", {"axes": (2, 1), "normalize": True}, [STEPS, (4, 3, 2)]),
    ("SimpleRNN", {"units": 4, "dropout": 0.2}, STEPS),
    ("SimpleRNN", {"units": 4, "return_sequences": True, "go_backwards": True}, STEPS),
    ("LSTM", {"units": 4}, STEPS),
    ("LSTM", {"units": 4, "return_sequences": True, "return_state": True, "unroll": True}, STEPS),
    ("LSTM", {"units": 4, "unit_forget_bias": False, "recurrent_dropout": 0.1, "seed": 4}, STEPS),
    ("LSTM", {"units": 4, "use_bias": False, "kernel_constraint": "max_norm"}, STEPS),
    ("GRU", {"units": 4, "return_state": True}, STEPS),
    ("GRU", {"units": 4, "reset_after": False, "bias_initializer": "uniform"}, STEPS),
    ("GRU", {"units": 4, "bias_initializer": "uniform", "use_cudnn": False}, STEPS),
]  # fmt: skip


def name_of(row: Any) -> str:
    return f"{row[0]}-{'-'.join(map(str, row[1]))}"


def data(shape: Any) -> Any:
    if isinstance(shape, list):
        return [data(one) for one in shape]
    return np.random.default_rng(5).normal(size=shape).astype("float32")


def pair(make: Any) -> tuple[Any, Any]:
    """What `make` gives for Cornu's layers and for Keras's, from the same seed."""
    made, following = [], []
    for module, seed in ((layers, set_random_seed), (keras.layers, keras.utils.set_random_seed)):
        seed(11)
        made.append(make(module))
        following.append(random.random())
    # What is drawn next must be equal too, or layers after this one would start differently.
    assert following[0] == following[1]
    return made[0], made[1]


def plain(config: Any) -> Any:
    return json.loads(json.dumps(config))


def leaves(outputs: Any) -> list[np.ndarray]:
    if isinstance(outputs, list | tuple):
        return [leaf for item in outputs for leaf in leaves(item)]
    return [np.asarray(outputs)]


def assert_close(ours: Any, theirs: Any, tolerance: float = 2e-5) -> None:
    ours, theirs = leaves(ours), leaves(theirs)
    assert [x.shape for x in ours] == [x.shape for x in theirs]
    for a, b in zip(ours, theirs, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_same_weights(ours: Any, theirs: Any) -> None:
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    assert [v.trainable for v in ours.weights] == [v.trainable for v in theirs.weights]
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("row", LAYERS, ids=name_of)
def test_outputs_weights_and_configs(row: Any) -> None:
    assert_alike(*row)


def assert_alike(name: str, arguments: dict[str, Any], shape: Any) -> None:
    """The layer of this name has Keras's config, weights, outputs, losses and output shape."""
    ours, theirs = pair(lambda module: getattr(module, name)(**arguments))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert ours.supports_masking == theirs.supports_masking
    x = data(shape)
    assert_close(ours(x), theirs(x))
    assert_same_weights(ours, theirs)
    np.testing.assert_allclose(sum(ours.losses), sum(theirs.losses), rtol=1e-5)
    unknown = [(None, *s[1:]) for s in shape] if isinstance(shape, list) else (None, *shape[1:])
    assert plain(ours.compute_output_shape(unknown)) == plain(theirs.compute_output_shape(unknown))


TRAINED = [
    ("BatchNormalization", {}, STEPS),
    ("BatchNormalization", {"axis": 1, "momentum": 0.7}, IMAGE),
    ("BatchNormalization", {"renorm": True, "renorm_clipping": {"rmin": 0.5, "rmax": 2.0}}, STEPS),
    ("GaussianNoise", {"stddev": 0.5, "seed": 3}, VECTOR),
    ("GaussianDropout", {"rate": 0.5, "seed": 3}, VECTOR),
]


@pytest.mark.parametrize("row", TRAINED, ids=name_of)
def test_training(row: Any) -> None:
    name, arguments, shape = row
    ours, theirs = pair(lambda module: getattr(module, name)(**arguments))
    x = data(shape)
    for _ in range(3):
        assert_close(ours(x, training=True), theirs(x, training=True), 1e-4)
    assert_same_weights(ours, theirs)
    assert_close(ours(x), theirs(x))


@pytest.mark.parametrize("rate", [0.3, 1.0])
@pytest.mark.parametrize("name", ["Dropout", "SpatialDropout1D", "AlphaDropout"])
def test_dropout_with_the_bits_of_keras(name: str, rate: float, monkeypatch: Any) -> None:
    if name == "AlphaDropout" and rate == 1:
        pytest.skip("divides by 0 in both")
    monkeypatch.setattr("cornu.settings.settings.dropout_bits", "threefry")
    ours, theirs = pair(lambda module: getattr(module, name)(rate, seed=2))
    x = data(STEPS)
    if name == "AlphaDropout":  # drawn by another distribution: compare what the values can be
        assert_close(np.unique(np.round(ours(np.ones_like(x), training=True), 3)).size, 2)
        return
    assert_close(ours(x, training=True), theirs(x, training=True))


MASK = np.array([[1, 1, 0, 1, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 1], [0, 1, 0, 0, 0]], bool)
MASKED = [
    ("SimpleRNN", {"units": 3, "return_sequences": True, "return_state": True}),
    ("LSTM", {"units": 3}),
    ("LSTM", {"units": 3, "return_sequences": True, "go_backwards": True, "return_state": True}),
    ("LSTM", {"units": 3, "return_sequences": True, "zero_output_for_mask": True}),
    ("GRU", {"units": 3, "return_sequences": True, "zero_output_for_mask": True}),
    ("GRU", {"units": 3, "unroll": True}),
    ("GlobalAveragePooling1D", {}),
    ("GlobalAveragePooling1D", {"keepdims": True}),
    ("BatchNormalization", {}),
]


@pytest.mark.parametrize("row", MASKED, ids=name_of)
def test_masks(row: Any) -> None:
    name, arguments = row
    ours, theirs = pair(lambda module: getattr(module, name)(**arguments))
    x = data(STEPS)
    assert_close(ours(x, mask=MASK), theirs(x, mask=MASK))
    if name == "BatchNormalization":
        assert_close(ours(x, mask=MASK, training=True), theirs(x, mask=MASK, training=True))
        assert_same_weights(ours, theirs)


@pytest.mark.parametrize("name", ["Add", "Multiply", "Concatenate", "Subtract", "Dot"])
@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("axis", [1, -1])
def test_masks_of_merged_inputs(name: str, both: bool, axis: int) -> None:
    ids = [np.array([[0, 1, 2, 0]]), np.array([[0, 0, 1, 0]])]

    def merged_mask(module: Any) -> Any:
        inputs = [
            module.Embedding(5, 3, mask_zero=zero)(x)
            for x, zero in zip(ids, (True, both), strict=True)
        ]
        arguments = {"Concatenate": {"axis": axis}, "Dot": {"axes": axis}}.get(name, {})
        return getattr(getattr(module, name)(**arguments)(inputs), "_keras_mask", None)

    ours, theirs = pair(merged_mask)
    assert (ours is None) == (theirs is None)
    if theirs is not None:
        np.testing.assert_array_equal(ours, theirs)


def test_softmax_mask() -> None:
    ours, theirs = pair(lambda module: module.Softmax())
    x, mask = data((4, 5)), MASK
    assert_close(ours(x, mask=mask), theirs(x, mask=mask))


@pytest.mark.parametrize(
    "arguments",
    [{}, {"mask_zero": True}, {"embeddings_initializer": "ones", "name": "words"}],
)
def test_embedding(arguments: dict[str, Any]) -> None:
    ours, theirs = pair(lambda module: module.Embedding(7, 3, **arguments))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    ids = np.array([[1, 0, 6], [2, 2, 0]])
    for x in (ids, ids.astype("float32"), ids.astype("uint8")):
        assert_close(ours(x), theirs(x))
    assert_same_weights(ours, theirs)
    assert ours.compute_output_shape((None, 4)) == theirs.compute_output_shape((None, 4))
    mask, expected = (getattr(layer(ids), "_keras_mask", None) for layer in (ours, theirs))
    np.testing.assert_array_equal(mask, expected)


COMPOSED = {
    "rnn of a cell": (lambda m: m.RNN(m.LSTMCell(3), return_sequences=True), STEPS),
    "rnn of two cells": (lambda m: m.RNN([m.LSTMCell(3), m.GRUCell(2)], return_state=True), STEPS),
    "rnn of stacked cells": (
        lambda m: m.RNN(m.StackedRNNCells([m.SimpleRNNCell(3), m.LSTMCell(2)])),
        STEPS,
    ),
    "bidirectional": (lambda m: m.Bidirectional(m.LSTM(3)), STEPS),
    "bidirectional sequences": (
        lambda m: m.Bidirectional(m.GRU(3, return_sequences=True), merge_mode="sum"),
        STEPS,
    ),
    "bidirectional apart": (lambda m: m.Bidirectional(m.SimpleRNN(3), merge_mode=None), STEPS),
    "bidirectional states": (
        lambda m: m.Bidirectional(m.LSTM(3, return_sequences=True, return_state=True), "ave"),
        STEPS,
    ),
    "bidirectional of two": (
        lambda m: m.Bidirectional(
            m.LSTM(3), merge_mode="mul", backward_layer=m.GRU(3, go_backwards=True)
        ),
        STEPS,
    ),
    "time distributed": (lambda m: m.TimeDistributed(m.Dense(4)), STEPS),
    "time distributed images": (lambda m: m.TimeDistributed(m.Conv2D(2, 2)), (2, 3, 4, 4, 2)),
}


@pytest.mark.parametrize("case", COMPOSED)
@pytest.mark.parametrize("masked", [False, True])
def test_layers_of_layers(case: str, masked: bool) -> None:
    make, shape = COMPOSED[case]
    ours, theirs = pair(make)
    x = data(shape)
    if masked and shape is not STEPS:
        return
    given = {"mask": MASK} if masked else {}
    assert_close(ours(x, **given), theirs(x, **given))
    assert_same_weights(ours, theirs)
    unbuilt, expected = pair(make)
    assert plain(unbuilt.get_config()) == plain(expected.get_config())
    if case == "rnn of two cells":
        return  # Keras's shapes of nested states are not those of its outputs
    unknown = (None, *shape[1:])
    found, wanted = unbuilt.compute_output_shape(unknown), theirs.compute_output_shape(unknown)
    assert plain(found) == plain(wanted)


def test_initial_state() -> None:
    ours, theirs = pair(lambda module: module.LSTM(3, return_state=True))
    x, states = data(STEPS), [data((4, 3)), data((4, 3)) + 1]
    assert_close(ours(x, initial_state=states), theirs(x, initial_state=states))


def test_stateful() -> None:
    ours, theirs = pair(lambda module: module.LSTM(3, stateful=True))
    x = data(STEPS)
    for _ in range(3):
        assert_close(ours(x), theirs(x))
    ours.reset_state()
    theirs.reset_state()
    assert_close(ours(x), theirs(x))
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


def times(x: Any, factor: float = 2.0) -> Any:
    return x * factor


def test_lambda_config() -> None:
    ours, theirs = pair(lambda module: module.Lambda(times, arguments={"factor": 3.0}))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert_close(ours(data(VECTOR)), theirs(data(VECTOR)))
    ours, theirs = pair(lambda module: module.Lambda(lambda x, b=2: x * b))
    found, expected = ours.get_config(), theirs.get_config()
    assert found == expected
    again = layers.Lambda.from_config(expected, safe_mode=False)
    assert_close(again(data(VECTOR)), theirs(data(VECTOR)))


NARROW = [
    ("Conv2D", {"filters": 4, "kernel_size": 3}, IMAGE),
    ("LSTM", {"units": 4}, STEPS),
    ("GRU", {"units": 4}, STEPS),
    ("BatchNormalization", {}, STEPS),
    ("LayerNormalization", {}, STEPS),
    ("GroupNormalization", {"groups": 2}, IMAGE),
    ("MaxPooling2D", {}, IMAGE),
    ("AdaptiveAveragePooling2D", {"output_size": 4}, IMAGE),
    ("Add", {}, [VECTOR, VECTOR]),
    ("RMSNormalization", {}, STEPS),
]


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("row", NARROW, ids=name_of)
def test_dtype_policies(row: Any, policy: str) -> None:
    name, arguments, shape = row
    ours, theirs = pair(lambda module: getattr(module, name)(**arguments, dtype=policy))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    x = data(shape)
    a, b = leaves(ours(x)), leaves(theirs(x))
    assert [v.dtype for v in a] == [v.dtype for v in b]
    for one, other in zip(a, b, strict=True):
        np.testing.assert_allclose(
            one.astype("float32"), other.astype("float32"), rtol=0.05, atol=0.05
        )
    assert [v.dtype for v in ours.variables] == [v.dtype for v in theirs.variables]


def test_every_layer_is_compared() -> None:
    compared = {row[0] for row in LAYERS} | {"Embedding", "Lambda", "RNN", "StackedRNNCells"}
    compared |= {f"ConvLSTM{rank}D" for rank in (1, 2, 3)}  # in test_conv_lstm.py
    compared |= {  # in test_attention.py
        "AdditiveAttention",
        "Attention",
        "EinsumDense",
        "GroupQueryAttention",
        "MultiHeadAttention",
        "ReversibleEmbedding",
    }
    compared |= {"MelSpectrogram", "STFTSpectrogram"}  # in test_spectrograms.py
    compared |= {  # in test_preprocessing.py
        "CategoryEncoding",
        "Discretization",
        "Normalization",
        "Rescaling",
    }
    compared |= {
        "Bidirectional",
        "SpectralNormalization",  # in test_spectral_normalization.py
        "TimeDistributed",
        "LSTMCell",
        "GRUCell",
        "SimpleRNNCell",
        "Dense",
    }
    public = {
        value.__name__ for value in vars(layers).values()
        if isinstance(value, type) and issubclass(value, Layer)
    }  # fmt: skip
    assert public - compared <= {"Layer", "InputLayer", "Wrapper"}
