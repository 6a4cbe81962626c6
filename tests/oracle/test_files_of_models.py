"""Whole models in files, both ways: nests, shared layers, ops, subclasses, further training."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import cornu
from oracle.test_files_of_layers import essential

Build = Callable[[Any], Any]
X = np.random.default_rng(3).uniform(-1, 1, (8, 4)).astype("float32")
Y = np.random.default_rng(4).uniform(0, 1, (8, 1)).astype("float32")


def stack(library: Any) -> Any:
    layers = library.layers
    nested = library.Sequential([layers.Dense(5, name="deep"), layers.BatchNormalization()])
    return library.Sequential(
        [library.Input((4,)), layers.Dense(3, "relu"), nested, layers.Dense(1), layers.Dense(1)]
    )


def graph(library: Any) -> Any:
    """Shared layers, a nested model called twice, ops with tensors, numbers, slices and arrays."""
    layers, ops = library.layers, library.ops
    a, b = library.Input((4,), name="a"), library.Input((4,), name="b")
    shared = layers.Dense(3, name="shared")
    start = library.Input((3,))
    nested = library.Model(start, layers.Dense(2, "tanh")(start) * 2.0, name="nested")
    left, right = shared(a), shared(b)
    mixed = ops.concatenate([nested(left), nested(right), left - right, a[:, 1:3]], axis=-1)
    mixed = ops.matmul(ops.relu(mixed), np.linspace(-1, 1, 18, dtype="float32").reshape(9, 2))
    mixed = ops.where(mixed > 0.1, mixed, 0.5) / (1.0 + ops.abs(mixed[..., :1]))
    steps = ops.reshape(ops.stack([a, b], axis=1), (-1, 2, 4))
    rolled = layers.Bidirectional(layers.LSTM(2))(steps)
    joined = layers.Concatenate()([ops.mean(mixed, axis=-1, keepdims=True), rolled])
    return library.Model({"a": a, "b": b}, layers.Dense(1, name="out")(joined), name="graph")


def masked(library: Any) -> Any:
    layers = library.layers
    ids = library.Input((4,), dtype="int32")
    vectors = layers.Embedding(6, 3, mask_zero=True)(ids)
    return library.Model(ids, layers.Dense(1)(layers.GRU(2)(vectors)))


def float16(library: Any) -> Any:
    policy = library.DTypePolicy("mixed_bfloat16")
    layers = library.layers
    return library.Sequential(
        [library.Input((4,)), layers.Dense(3, dtype="bfloat16"), layers.Dense(1, dtype=policy)]
    )


def subclass(library: Any) -> Any:
    """Parts in attributes, lists, dicts, own weights between others, a property, one part twice."""

    class Block(library.layers.Layer):
        def __init__(self, width: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.width = width
            self.frozen = self.add_weight(shape=(2,), name="frozen", trainable=False)
            self.extra = library.Variable(np.ones((1,), "float32"), name="extra")
            self.scale = self.add_weight(shape=(2,), name="scale")
            self.zeta = library.layers.Dense(width)
            self._hidden = library.layers.Dense(width)
            self.many = [library.layers.Dense(width), [library.layers.Dense(width)]]
            self.named = {"b": library.layers.Dense(width), "a": library.layers.Dense(width)}
            self.again = self.zeta

        @property
        def head(self) -> Any:
            return self.named["a"]

        def call(self, x: Any) -> Any:
            for layer in (self.zeta, self._hidden, self.many[0], self.many[1][0]):
                x = layer(x)
            x = self.named["b"](self.named["a"](x))
            return x * self.scale + self.frozen + self.extra

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "width": self.width}

    class Net(library.Model):
        def __init__(self, width: int = 2, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.width = width
            self.block = Block(width)
            self.a_first = library.layers.Dense(3)
            self.zz = library.layers.Dense(1)
            self.inner = library.Sequential([library.layers.Dense(width)])

        def call(self, x: Any) -> Any:
            return self.zz(self.inner(self.block(self.a_first(x))))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "width": self.width}

    model = Net(name="net")
    model(X)
    model.users_classes = (Block, Net)
    return model


MODELS: dict[str, tuple[Build, Any]] = {
    "stack": (stack, X),
    "graph": (graph, {"a": X, "b": X[::-1].copy()}),
    "masked": (masked, (np.arange(32).reshape(8, 4) % 5).astype("int32")),
    "bfloat16": (float16, X),
    "subclass": (subclass, X),
}


def users_classes(library: Any, name: str) -> dict[str, Any]:
    if name != "subclass":
        return {}
    return {cls.__name__: cls for cls in subclass(library).users_classes}


def shuffle(model: Any) -> None:
    numbers = np.random.default_rng(7)
    for variable in model.weights:
        variable.assign(numbers.uniform(0.1, 0.9, variable.shape))


def predict(model: Any, x: Any) -> np.ndarray:
    return np.asarray(model.predict(x, verbose=0), "float32")


@pytest.mark.parametrize("name", MODELS)
def test_models_go_both_ways_and_train_on(name: str, tmp_path: pathlib.Path) -> None:
    build, x = MODELS[name]
    theirs = build(keras)
    shuffle(theirs)
    theirs.compile("adam", "mean_squared_error", metrics=["mae"])
    theirs.fit(x, Y, batch_size=8, shuffle=False, verbose=0)
    theirs.save(tmp_path / "theirs.keras")

    ours = cornu.models.load_model(tmp_path / "theirs.keras", users_classes(cornu, name))
    tolerance = 0.02 if name == "bfloat16" else 1e-6
    np.testing.assert_allclose(predict(theirs, x), predict(ours, x), atol=tolerance, rtol=tolerance)
    assert_equal_states(theirs, ours)
    config, other = (essential(json.loads(m.to_json())["config"]) for m in (theirs, ours))
    assert config == other

    ours.save(tmp_path / "ours.keras")
    back = keras.models.load_model(tmp_path / "ours.keras", users_classes(keras, name))
    assert_equal_states(back, ours)
    assert essential(json.loads(back.to_json())["config"]) == config
    for model in (back, ours):
        model.fit(x, Y, batch_size=8, shuffle=False, verbose=0)
    if name != "bfloat16":
        # The gradient of a bias before a BatchNormalization is nothing but rounding errors, which
        # Adam makes as large as any.
        assert_equal_states(back, ours, rtol=5e-4, atol=2e-6)


def assert_equal_states(theirs: Any, ours: Any, **tolerance: float) -> None:
    pairs = zip(theirs.weights, ours.weights, strict=True)
    state = zip(theirs.optimizer.variables, ours.optimizer.variables, strict=True)
    for a, b in [*pairs, *state]:
        assert a.shape == b.shape
        x, y = np.asarray(a.value, "float32"), np.asarray(b.value, "float32")
        np.testing.assert_allclose(x, y, **{"rtol": 0, "atol": 0, **tolerance}, err_msg=b.path)


OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    "momentum": lambda k: k.SGD(0.1, momentum=0.9, weight_decay=0.01, clipnorm=1.0),
    "schedule": lambda k: k.RMSprop(k.schedules.ExponentialDecay(0.1, 5, 0.9), centered=True),
    "ema": lambda k: k.AdamW(1e-2, use_ema=True, ema_momentum=0.9),
    "accumulated": lambda k: k.Adam(1e-2, amsgrad=True, gradient_accumulation_steps=2),
    "loss_scale": lambda k: k.LossScaleOptimizer(k.Adam(1e-2), initial_scale=8.0),
    "adafactor": lambda k: k.Adafactor(1e-2),
    "ftrl": lambda k: k.Ftrl(1e-2),
    "nadam": lambda k: k.Nadam(1e-2),
    "muon": lambda k: k.Muon(1e-2),
    "lion": lambda k: k.Lion(1e-2),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers_keep_their_state(name: str, tmp_path: pathlib.Path) -> None:
    def compiled(library: Any) -> Any:
        model = library.Sequential([library.Input((4,)), library.layers.Dense(1)])
        model.compile(OPTIMIZERS[name](library.optimizers), "mse")
        return model

    theirs, ours = compiled(keras), compiled(cornu)
    shuffle(theirs)
    theirs.train_on_batch(X, Y)
    theirs.save(tmp_path / "theirs.keras")
    loaded = cornu.models.load_model(tmp_path / "theirs.keras")
    assert_equal_states(theirs, loaded)
    assert loaded.optimizer.get_config() == ours.optimizer.get_config()
    loaded.save(tmp_path / "ours.keras")
    assert_equal_states(keras.models.load_model(tmp_path / "ours.keras"), loaded)
