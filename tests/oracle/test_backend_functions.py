"""`cornu.backend` (Keras 2's `K`) against what Keras 3 has under other names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from cornu import backend as K

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 5)).astype("float32")
Y = RNG.normal(size=(4, 5)).astype("float32")
CUBE = RNG.normal(size=(2, 3, 4)).astype("float32")
P = ops.convert_to_numpy(ops.softmax(X))
ONE_HOT = np.eye(5, dtype="float32")[[0, 2, 1, 4]]
IMAGES = RNG.normal(size=(2, 6, 7, 3)).astype("float32")
STEPS = RNG.normal(size=(2, 8, 3)).astype("float32")
KERNEL = RNG.normal(size=(3, 3, 3, 4)).astype("float32")
TURNED = RNG.normal(size=(3, 3, 4, 3)).astype("float32")
SEQUENCE = RNG.normal(size=(3, 3, 4)).astype("float32")
VOLUMES = RNG.normal(size=(1, 4, 3, 4, 2)).astype("float32")
POINTS = RNG.normal(size=(1, 1, 3, 5)).astype("float32")

Case = tuple[Callable[[Any], Any], Callable[[Any], Any]]

# Ours, and the same of Keras 3; both get the array `X`.
CASES: dict[str, Case] = {
    **{
        name: (lambda x, name=name: getattr(K, name)(x), lambda x, name=name: getattr(ops, name)(x))
        for name in (
            *("abs", "square", "exp", "round", "sign", "sin", "cos", "sigmoid", "tanh", "softplus"),
            *("softsign", "elu", "softmax", "sum", "prod", "mean", "var", "std", "max", "min"),
            *("zeros_like", "ones_like", "transpose", "relu", "logsumexp"),
        )
    },
    **{
        f"{name} along axes": (
            lambda x, name=name: getattr(K, name)(CUBE, axis=[0, -1], keepdims=True),
            lambda x, name=name: getattr(ops, name)(CUBE, axis=(0, 2), keepdims=True),
        )
        for name in ("sum", "prod", "mean", "var", "std", "max", "min", "any", "all", "logsumexp")
    },
    **{
        name: (
            lambda x, name=name: getattr(K, name)(x, Y),
            lambda x, name=name: getattr(ops, name)(x, Y),
        )
        for name in (
            *("maximum", "minimum", "equal", "not_equal", "greater", "greater_equal", "less"),
            "less_equal",
        )
    },
    "log": (lambda x: K.log(K.abs(x)), lambda x: ops.log(ops.abs(x))),
    "pow": (lambda x: K.pow(x, 3), lambda x: ops.power(x, 3)),
    "clip": (lambda x: K.clip(x, -0.5, 0.5), lambda x: ops.clip(x, -0.5, 0.5)),
    "argmax": (K.argmax, lambda x: ops.argmax(x, axis=-1)),
    "argmin": (K.argmin, lambda x: ops.argmin(x, axis=-1)),
    "cumsum": (K.cumsum, lambda x: ops.cumsum(x, axis=0)),
    "cumprod": (lambda x: K.cumprod(x, 1), lambda x: ops.cumprod(x, axis=1)),
    "mean of booleans": (
        lambda x: K.mean(K.equal(K.argmax(x), [0, 1, 2, 3])),
        lambda x: ops.mean(ops.equal(ops.argmax(x, axis=-1), [0, 1, 2, 3])),
    ),
    "cast": (lambda x: K.cast(x, "int32"), lambda x: ops.cast(x, "int32")),
    "dot": (lambda x: K.dot(x, Y.T), lambda x: ops.matmul(x, Y.T)),
    "dot of many axes": (
        lambda x: K.dot(CUBE, CUBE.reshape(3, 4, 2)),
        lambda x: ops.dot(CUBE, CUBE.reshape(3, 4, 2)),
    ),
    "batch_dot of rows": (
        lambda x: K.batch_dot(x, Y, axes=1),
        lambda x: keras.layers.Dot(axes=1)([x, Y]),
    ),
    "batch_dot of matrices": (
        lambda x: K.batch_dot(CUBE, CUBE, axes=[2, 2]),
        lambda x: keras.layers.Dot(axes=2)([CUBE, CUBE]),
    ),
    "batch_dot by default": (
        lambda x: K.batch_dot(CUBE, CUBE.transpose(0, 2, 1)),
        lambda x: ops.matmul(CUBE, CUBE.transpose(0, 2, 1)),
    ),
    "reshape": (lambda x: K.reshape(x, (-1, 2)), lambda x: ops.reshape(x, (-1, 2))),
    "permute_dimensions": (
        lambda x: K.permute_dimensions(CUBE, (0, 2, 1)),
        lambda x: ops.transpose(CUBE, (0, 2, 1)),
    ),
    "expand_dims": (K.expand_dims, lambda x: ops.expand_dims(x, -1)),
    "squeeze": (lambda x: K.squeeze(x[:1], 0), lambda x: ops.squeeze(x[:1], 0)),
    "concatenate": (lambda x: K.concatenate([x, Y]), lambda x: ops.concatenate([x, Y], -1)),
    "stack": (lambda x: K.stack([x, Y], 1), lambda x: ops.stack([x, Y], 1)),
    "repeat": (lambda x: K.repeat(x, 3), lambda x: keras.layers.RepeatVector(3)(x)),
    "repeat_elements": (
        lambda x: K.repeat_elements(CUBE, 2, 1),
        lambda x: ops.repeat(CUBE, 2, axis=1),
    ),
    "tile": (lambda x: K.tile(x, (2, 1)), lambda x: ops.tile(x, (2, 1))),
    "flatten": (K.flatten, ops.ravel),
    "batch_flatten": (lambda x: K.batch_flatten(CUBE), lambda x: keras.layers.Flatten()(CUBE)),
    "reverse": (lambda x: K.reverse(x, (0, 1)), lambda x: ops.flip(x, (0, 1))),
    "slice": (
        lambda x: K.slice(x, [1, 0], [2, 3]),
        lambda x: ops.slice(x, [1, 0], [2, 3]),
    ),
    "gather": (lambda x: K.gather(x, [3, 0]), lambda x: ops.take(x, [3, 0], axis=0)),
    "one_hot": (lambda x: K.one_hot([1, 0], 3), lambda x: ops.one_hot([1, 0], 3)),
    "arange": (lambda x: K.arange(2, 9, 3), lambda x: ops.arange(2, 9, 3, dtype="int32")),
    "eye": (lambda x: K.eye(3), lambda x: ops.eye(3)),
    "constant": (lambda x: K.constant(2, shape=(2, 3)), lambda x: ops.full((2, 3), 2.0)),
    "l2_normalize": (
        lambda x: K.l2_normalize(x, axis=-1),
        lambda x: ops.normalize(x, axis=-1),
    ),
    "leaky relu": (
        lambda x: K.relu(x, alpha=0.1, max_value=0.5, threshold=0.2),
        lambda x: keras.activations.relu(x, negative_slope=0.1, max_value=0.5, threshold=0.2),
    ),
    "categorical_crossentropy": (
        lambda x: K.categorical_crossentropy(ONE_HOT, P),
        lambda x: ops.categorical_crossentropy(ONE_HOT, P),
    ),
    "categorical_crossentropy of logits": (
        lambda x: K.categorical_crossentropy(ONE_HOT, x, from_logits=True),
        lambda x: ops.categorical_crossentropy(ONE_HOT, x, from_logits=True),
    ),
    "sparse_categorical_crossentropy": (
        lambda x: K.sparse_categorical_crossentropy([0.0, 2.0, 1.0, 4.0], P),
        lambda x: ops.sparse_categorical_crossentropy([0, 2, 1, 4], P),
    ),
    "binary_crossentropy": (
        lambda x: K.binary_crossentropy(ONE_HOT, P),
        lambda x: ops.binary_crossentropy(ONE_HOT, P),
    ),
    "in_top_k": (
        lambda x: K.in_top_k(x, [0, 2, 1, 4], 2),
        lambda x: ops.in_top_k(np.array([0, 2, 1, 4]), x, 2),
    ),
    "batch_normalization": (
        lambda x: K.batch_normalization(x, X[0], Y[0] ** 2, Y[1], Y[2]),
        lambda x: ops.batch_normalization(x, X[0], Y[0] ** 2, -1, Y[1], Y[2]),
    ),
    "normalize_batch_in_training": (
        lambda x: K.normalize_batch_in_training(x, Y[0], Y[1], [0])[0],
        lambda x: ops.batch_normalization(x, X.mean(0), X.var(0), -1, Y[1], Y[0]),
    ),
    "bias_add": (
        lambda x: K.bias_add(IMAGES, np.arange(3.0)),
        lambda x: ops.add(IMAGES, np.arange(3, dtype="float32")),
    ),
    "conv1d": (lambda x: K.conv1d(STEPS, SEQUENCE), lambda x: ops.conv(STEPS, SEQUENCE)),
    "conv1d causal": (
        lambda x: K.conv1d(STEPS, SEQUENCE, padding="causal", dilation_rate=2),
        lambda x: ops.conv(np.pad(STEPS, ((0, 0), (4, 0), (0, 0))), SEQUENCE, dilation_rate=2),
    ),
    "conv2d": (
        lambda x: K.conv2d(IMAGES, KERNEL, strides=(2, 1), padding="same"),
        lambda x: ops.conv(IMAGES, KERNEL, strides=(2, 1), padding="same"),
    ),
    "conv2d_transpose": (
        lambda x: K.conv2d_transpose(IMAGES, TURNED, (2, 12, 14, 4), (2, 2), "same"),
        lambda x: ops.conv_transpose(IMAGES, TURNED, (2, 2), "same"),
    ),
    "depthwise_conv2d": (
        lambda x: K.depthwise_conv2d(IMAGES, KERNEL),
        lambda x: ops.depthwise_conv(IMAGES, KERNEL),
    ),
    "max pool2d": (
        lambda x: K.pool2d(IMAGES, (2, 2), (2, 2)),
        lambda x: ops.max_pool(IMAGES, 2, 2),
    ),
    "mean pool2d": (
        lambda x: K.pool2d(IMAGES, (3, 3), padding="same", pool_mode="avg"),
        lambda x: ops.average_pool(IMAGES, 3, 1, padding="same"),
    ),
    "max pool3d": (
        lambda x: K.pool3d(VOLUMES, (2, 2, 2), (2, 1, 2)),
        lambda x: ops.max_pool(VOLUMES, 2, (2, 1, 2)),
    ),
    "separable_conv1d": (
        lambda x: K.separable_conv1d(STEPS, STEPS[0, :3, :, None], POINTS[0]),
        lambda x: ops.separable_conv(STEPS, STEPS[0, :3, :, None], POINTS[0]),
    ),
    "separable_conv2d": (
        lambda x: K.separable_conv2d(IMAGES, KERNEL[..., :1], POINTS, padding="same"),
        lambda x: ops.separable_conv(IMAGES, KERNEL[..., :1], POINTS, padding="same"),
    ),
    "spatial_3d_padding": (
        lambda x: K.spatial_3d_padding(VOLUMES, ((1, 0), (0, 2), (1, 1))),
        lambda x: keras.layers.ZeroPadding3D(((1, 0), (0, 2), (1, 1)))(VOLUMES),
    ),
    "resize_volumes": (
        lambda x: K.resize_volumes(VOLUMES, 2, 1, 2, "channels_last"),
        lambda x: keras.layers.UpSampling3D((2, 1, 2))(VOLUMES),
    ),
    "identity": (K.identity, lambda x: x),
    "to_dense": (K.to_dense, lambda x: x),
    "stop_gradient": (K.stop_gradient, ops.stop_gradient),
    "spatial_2d_padding": (
        lambda x: K.spatial_2d_padding(IMAGES, ((1, 0), (2, 3))),
        lambda x: keras.layers.ZeroPadding2D(((1, 0), (2, 3)))(IMAGES),
    ),
    "temporal_padding": (
        lambda x: K.temporal_padding(STEPS, (1, 2)),
        lambda x: keras.layers.ZeroPadding1D((1, 2))(STEPS),
    ),
    "resize_images": (
        lambda x: K.resize_images(IMAGES, 2, 3, "channels_last"),
        lambda x: keras.layers.UpSampling2D((2, 3))(IMAGES),
    ),
    "resize_images bilinear": (
        lambda x: K.resize_images(IMAGES, 2, 3, "channels_last", interpolation="bilinear"),
        lambda x: keras.layers.UpSampling2D((2, 3), interpolation="bilinear")(IMAGES),
    ),
    "random_normal": (
        lambda x: K.random_normal((3,), 1.0, 2.0, seed=7),
        lambda x: keras.random.normal((3,), 1.0, 2.0, seed=7),
    ),
    "random_uniform": (
        lambda x: K.random_uniform((3,), -1, 1, seed=7),
        lambda x: keras.random.uniform((3,), -1, 1, seed=7),
    ),
    "truncated_normal": (
        lambda x: K.truncated_normal((3,), seed=7),
        lambda x: keras.random.truncated_normal((3,), seed=7),
    ),
    "random_binomial": (
        lambda x: K.random_binomial((20,), 0.3, seed=7),
        lambda x: keras.random.binomial((20,), 1, 0.3, seed=7),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_keras(name: str) -> None:
    ours, theirs = CASES[name]
    found, expected = np.asarray(ours(X)), ops.convert_to_numpy(theirs(X))
    assert found.shape == expected.shape
    assert found.dtype.kind == expected.dtype.kind
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-5)


def test_rnn_follows_simple_rnn() -> None:
    layer = keras.layers.SimpleRNN(4, return_sequences=True)
    expected = ops.convert_to_numpy(layer(STEPS))
    kernel, recurrent, bias = (np.asarray(weight.value) for weight in layer.weights)

    def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        output = K.tanh(K.dot(x, kernel) + K.dot(states[0], recurrent) + bias)
        return output, [output]

    for unroll in (False, True):
        last, outputs, states = K.rnn(step, STEPS, [np.zeros((2, 4))], unroll=unroll)
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(last, expected[:, -1], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(states[0], last)


@pytest.mark.parametrize("dtypes", [(), ("int32", "float16"), (int, "bfloat16"), ("int8", "uint8")])
def test_result_type(dtypes: tuple[Any, ...]) -> None:
    assert K.result_type(*dtypes) == keras.backend.result_type(*dtypes)
