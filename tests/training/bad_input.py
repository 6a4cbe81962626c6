"""Small models, data and calls for the table of bad input."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

import cornu
from cornu import layers

_random = np.random.default_rng(7)
X = _random.normal(size=(32, 4)).astype("float32")
COLUMN = X[:, :1]
IDS = _random.integers(0, 3, 32)
ONE_HOT = np.eye(3, dtype="float32")[IDS]
BINARY = (X[:, 0] > 0).astype("int32")
TOKENS = _random.integers(0, 5, (32, 6)).astype("int32")
SERIES = _random.normal(size=(32, 8, 2)).astype("float32")
IMAGES = _random.integers(0, 256, (32, 6, 6, 3)).astype("uint8")

Model = Any
Build = Callable[[], Model]
Act = Callable[[Model], Any]

# -- models ----------------------------------------------------------------------------------------


def stack(*parts: Callable[[], Any], shape: tuple[int, ...] = (4,), **compiled: Any) -> Build:
    """A Sequential of fresh layers, compiled."""

    def build() -> Model:
        model = cornu.Sequential([cornu.Input(shape), *(part() for part in parts)])
        model.compile(**{"optimizer": "sgd", **compiled})
        return model

    return build


def dense(units: int, activation: Any = None, loss: Any = "mse", **compiled: Any) -> Build:
    return stack(lambda: layers.Dense(units, activation), loss=loss, **compiled)


def classes(loss: Any = "sparse_categorical_crossentropy", **compiled: Any) -> Build:
    return dense(3, "softmax", loss, **compiled)


def binary() -> Build:
    return dense(1, "sigmoid", "binary_crossentropy")


def tokens() -> Build:
    def build() -> Model:
        inputs = cornu.Input((6,), dtype="int32", name="tokens")
        hidden = layers.Flatten()(layers.Embedding(5, 2)(inputs))
        model = cornu.Model(inputs, layers.Dense(1)(hidden))
        model.compile("sgd", "mse")
        return model

    return build


def two_outputs(loss: Any = "mse", **compiled: Any) -> Build:
    def build() -> Model:
        inputs = cornu.Input((4,), name="x")
        outputs = {"p": layers.Dense(1, name="p")(inputs), "q": layers.Dense(1, name="q")(inputs)}
        model = cornu.Model(inputs, outputs)
        model.compile("sgd", loss, **compiled)
        return model

    return build


def two_inputs() -> Build:
    def build() -> Model:
        inputs = {"a": cornu.Input((4,), name="a"), "b": cornu.Input((4,), name="b")}
        merged = layers.Concatenate()([inputs["a"], inputs["b"]])
        model = cornu.Model(inputs, layers.Dense(1)(merged))
        model.compile("sgd", "mse")
        return model

    return build


def calling(function: Callable[[Any], Any]) -> Build:
    """A model with a layer of the user's own, whose `call` is `function`."""

    def build() -> Model:
        class Own(layers.Layer):
            def call(self, inputs):
                return function(inputs)

        return stack(lambda: layers.Dense(4), Own, lambda: layers.Dense(1), loss="mse")()

    return build


def hidden_layer() -> Build:
    def build() -> Model:
        class Holder:
            pass

        class Hiding(cornu.Model):
            def __init__(self):
                super().__init__()
                self.holder = Holder()
                self.holder.layer = layers.Dense(4, name="d")
                self.head = layers.Dense(1)

            def call(self, inputs):
                return self.head(self.holder.layer(inputs))

        model = Hiding()
        model.compile("sgd", "mse")
        return model

    return build


def unused_layer() -> Build:
    def build() -> Model:
        class Unused(cornu.Model):
            def __init__(self):
                super().__init__()
                self.used = layers.Dense(1)
                self.idle = layers.Dense(1, name="idle")

            def call(self, inputs):
                return self.used(inputs) + 0 * jax.lax.stop_gradient(self.idle(inputs))

        model = Unused()
        model.compile("sgd", "mse")
        return model

    return build


def masked_lstm() -> Build:
    return stack(lambda: layers.LSTM(3), lambda: layers.Dense(1), shape=(8, 2), loss="mse")


# -- what is done with them ------------------------------------------------------------------------


def fit(x: Any = X, y: Any = COLUMN, **options: Any) -> Act:
    return lambda model: model.fit(x, y, **{"verbose": 0, **options})


def evaluate(x: Any = X, y: Any = COLUMN, **options: Any) -> Act:
    return lambda model: model.evaluate(x, y, verbose=0, **options)


def predict(x: Any = X, **options: Any) -> Act:
    return lambda model: model.predict(x, verbose=0, **options)


def fit_stream(*batches: Any, endless: bool = False, **options: Any) -> Act:
    def act(model: Model) -> Any:
        source = itertools.cycle(batches) if endless else iter(batches)
        return model.fit((batch for batch in source), verbose=0, **options)

    return act


def compiling(**options: Any) -> Act:
    return lambda model: model.compile(**{"optimizer": "sgd", "loss": "mse", **options})


def changed(array: np.ndarray, place: Any, value: Any) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


WITH_NAN = changed(X, (3, 2), np.nan)
