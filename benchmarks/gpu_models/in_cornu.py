"""The models as a user of Keras writes them; `keras` is handed in."""

from __future__ import annotations

from typing import Any

import mlp
import vgg
from gpu_models.cases import Case, ResNet, Transformer


def build(keras: Any, case: Case) -> Any:
    """The compiled model of a case; sets the process's dtype policy."""
    mixed = case.dtype == "bfloat16"
    keras.mixed_precision.set_global_policy("mixed_bfloat16" if mixed else "float32")
    return _BUILDERS[case.model](keras, case.sizes)


def _resnet(keras: Any, sizes: ResNet) -> Any:
    layers = keras.layers

    def convolved(x: Any, filters: int, kernel: int, stride: int = 1) -> Any:
        if stride > 1 and kernel > 1:  # "same" would fill up one side only
            x = layers.ZeroPadding2D(kernel // 2)(x)
        padding = "same" if stride == 1 else "valid"
        x = layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False)(x)
        return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)

    def block(x: Any, width: int, stride: int, changes: bool) -> Any:
        y = layers.ReLU()(convolved(x, width, 1))
        y = layers.ReLU()(convolved(y, width, 3, stride))
        y = convolved(y, 4 * width, 1)
        shortcut = convolved(x, 4 * width, 1, stride) if changes else x
        return layers.ReLU()(layers.Add()([y, shortcut]))

    inputs = keras.Input((sizes.side, sizes.side, 3))
    x = layers.ReLU()(convolved(inputs, sizes.width, 7, 2))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for width, stride, count in sizes.stages():
        for number in range(count):
            x = block(x, width, 1 if number else stride, changes=number == 0)
    x = layers.GlobalAveragePooling2D()(x)
    model = keras.Model(inputs, layers.Dense(sizes.classes)(x))
    sgd = keras.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True)
    return _compiled(keras, model, sgd)


def _bert(keras: Any, sizes: Transformer) -> Any:
    layers = keras.layers
    inputs = keras.Input((sizes.length,), dtype="int32")
    x = _embedding(keras, sizes)(inputs)
    x = layers.Dropout(sizes.dropout)(layers.LayerNormalization(epsilon=1e-12)(x))
    for _ in range(sizes.layers):
        attention = layers.MultiHeadAttention(sizes.heads, sizes.width // sizes.heads)
        y = layers.Dropout(sizes.dropout)(attention(x, x))
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, y]))
        y = layers.Dense(4 * sizes.width, activation="gelu")(x)
        y = layers.Dropout(sizes.dropout)(layers.Dense(sizes.width)(y))
        x = layers.LayerNormalization(epsilon=1e-12)(layers.Add()([x, y]))
    x = layers.Dense(sizes.width, activation="tanh")(x[:, 0])
    model = keras.Model(inputs, layers.Dense(sizes.classes)(x))
    return _compiled(keras, model, keras.optimizers.AdamW(1e-4, weight_decay=0.01))


def _gpt2(keras: Any, sizes: Transformer) -> Any:
    layers = keras.layers

    def gelu(x: Any) -> Any:
        return keras.activations.gelu(x, approximate=True)

    inputs = keras.Input((sizes.length,), dtype="int32")
    embedding = _embedding(keras, sizes)
    x = layers.Dropout(sizes.dropout)(embedding(inputs))
    for _ in range(sizes.layers):
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        attention = layers.MultiHeadAttention(sizes.heads, sizes.width // sizes.heads)
        y = attention(y, y, use_causal_mask=True)
        x = layers.Add()([x, layers.Dropout(sizes.dropout)(y)])
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = layers.Dense(sizes.width)(layers.Dense(4 * sizes.width, activation=gelu)(y))
        x = layers.Add()([x, layers.Dropout(sizes.dropout)(y)])
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    model = keras.Model(inputs, embedding(x, reverse=True))
    return _compiled(keras, model, keras.optimizers.AdamW(1e-4, weight_decay=0.01))


def _embedding(keras: Any, sizes: Transformer) -> Any:
    """Tokens and positions to vectors; `reverse=True` gives logits with the same weights."""

    class TokensAndPositions(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            del input_shape
            shapes = ((sizes.vocabulary, sizes.width), (sizes.length, sizes.width))
            normal = keras.initializers.RandomNormal(stddev=0.02)
            self.tokens, self.positions = (
                self.add_weight(shape=shape, initializer=normal) for shape in shapes
            )

        def call(self, x: Any, reverse: bool = False) -> Any:
            if reverse:
                return keras.ops.matmul(x, keras.ops.transpose(self.tokens))
            return keras.ops.take(self.tokens, x, axis=0) + self.positions

    return TokensAndPositions()


def _compiled(keras: Any, model: Any, optimizer: Any) -> Any:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss)
    return model


def _noted(make: Any) -> Any:
    """A model of the notes, as their script makes it, its dropout off where the sizes say so."""

    def build_noted(keras: Any, sizes: Any) -> Any:
        model = make(keras)[0]
        for layer in model.layers:
            if isinstance(layer, keras.layers.Dropout) and not sizes.dropout:
                layer.rate = 0.0
        return model

    return build_noted


_BUILDERS = {
    "mlp": _noted(mlp.make),
    "vgg": _noted(vgg.make),
    "resnet": _resnet,
    "bert": _bert,
    "gpt2": _gpt2,
}
