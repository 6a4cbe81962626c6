"""Graphs in files: the order of layers, which weights go by, and the names and arguments of ops."""

from __future__ import annotations

import inspect
import json
import pathlib
import random
import sys
from typing import Any

import keras
import numpy as np
import pytest

import cornu
from cornu.core.operators import TABLE
from cornu.models import op_records


def random_graph(library: Any, seed: int) -> Any:
    """A graph of equal Dense layers, sums and shared calls, the same for both libraries."""
    numbers = random.Random(seed)
    layers = library.layers
    inputs = [library.Input((3,), name=f"in{i}") for i in range(numbers.randint(1, 3))]
    tensors, shared = list(inputs), [layers.Dense(3, name=f"shared{i}") for i in range(2)]
    for i in range(numbers.randint(4, 14)):
        kind = numbers.choice(["dense", "dense", "add", "op", "shared", "nested"])
        x, y = numbers.choice(tensors), numbers.choice(tensors)
        if kind == "dense":
            out = layers.Dense(3, name=f"dense{i}")(x)
        elif kind == "add":
            out = layers.Add(name=f"add{i}")([x, y])
        elif kind == "op":
            out = x * y + 1.0
        elif kind == "shared":
            out = numbers.choice(shared)(x)
        else:
            start = library.Input((3,), name=f"start{i}")
            inside = layers.Dense(3, name=f"inside{i}")(start)
            out = library.Model(start, inside, name=f"nested{i}")(x)
        tensors.append(out)
    outputs = numbers.sample(tensors[len(inputs) :], k=min(3, len(tensors) - len(inputs)))
    needed = [*outputs, *inputs]
    return library.Model(inputs, layers.Concatenate(name="all")(needed), name="random")


@pytest.mark.parametrize("seed", range(40))
def test_layers_stand_in_keras_order(seed: int) -> None:
    theirs, ours = random_graph(keras, seed), random_graph(cornu, seed)
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    again = cornu.models.model_from_json(theirs.to_json())
    assert [layer.name for layer in again.layers] == [layer.name for layer in theirs.layers]
    back = keras.models.model_from_json(ours.to_json())
    assert [layer.name for layer in back.layers] == [layer.name for layer in theirs.layers]


@pytest.mark.parametrize("seed", [3, 7])
def test_weights_of_graphs_go_both_ways(seed: int, tmp_path: pathlib.Path) -> None:
    theirs = random_graph(keras, seed)
    numbers = np.random.default_rng(seed)
    theirs.set_weights([numbers.normal(size=w.shape) for w in theirs.get_weights()])
    x = [numbers.normal(size=(2, 3)).astype("float32") for _ in theirs.inputs]
    theirs.save(tmp_path / "m.keras")
    ours = cornu.models.load_model(tmp_path / "m.keras")
    ours.save(tmp_path / "n.keras")
    back = keras.models.load_model(tmp_path / "n.keras")
    expected = np.asarray(theirs(x))
    np.testing.assert_allclose(ours(x), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(back(x), expected, rtol=1e-5, atol=1e-5)


# -- ops -------------------------------------------------------------------------------------------

HOMES = ("core", "image", "linalg", "math", "nn", "numpy")
# Classes behind functions that take functions, or that no call of a public op makes.
WITHOUT_OP = {"JVP", "Ndim", "SegmentReduction"}
TAKE_FUNCTIONS = {
    "AssociativeScan", "Cond", "CustomGradient", "ForiLoop", "Map", "Scan", "Switch",
    "VectorizedMap", "WhileLoop",
}  # fmt: skip


def classes_of_keras() -> dict[tuple[str, str], type]:
    found = {}
    for home in HOMES:
        module = sys.modules[f"keras.src.ops.{home}"]
        for name, cls in vars(module).items():
            is_op = inspect.isclass(cls) and issubclass(cls, keras.Operation)
            if is_op and cls.__module__ == module.__name__:
                found[module.__name__, name] = cls
    return found


CLASSES = classes_of_keras()


def test_every_op_of_keras_has_its_name_here() -> None:
    known = set(op_records._by_class())
    lacking = [name for name in CLASSES if name not in known and name[1] not in WITHOUT_OP]
    assert lacking == []


@pytest.mark.parametrize(("module", "name"), [k for k in CLASSES if k[1] not in WITHOUT_OP])
def test_arguments_stand_where_keras_has_them(module: str, name: str) -> None:
    if name in TAKE_FUNCTIONS:
        return
    key = op_records._by_class()[module, name]
    cls, function = CLASSES[module, name], TABLE[key]
    in_call = op_records._call_arguments(key.partition(".")[2], function)
    expected = [p for p in inspect.signature(cls.call).parameters if p not in ("self", "kwargs")]
    assert list(in_call) == expected
    in_config = set(inspect.signature(cls.__init__).parameters)
    ours = set(inspect.signature(function).parameters) - set(in_call) - {"kwargs"}
    assert ours <= in_config


def ops_model(library: Any) -> Any:
    """A call of many ops at once, one output each."""
    ops = library.ops
    a = library.Input((4,), name="a")
    images = ops.reshape(a, (-1, 2, 2, 1))
    ids = library.Input((6,), dtype="int32", name="ids")
    outputs = [
        a[:, 0], a[..., 1:3], a[:, None], ops.where(a > 0.5, a, 0.0), ops.cast(ids, "float32"),
        ops.einsum("ab,cb->ac", a, np.ones((3, 4), "float32")), ops.split(a, 2, axis=-1)[1],
        ops.stack([a, a], axis=1), ops.sum(a, keepdims=True), ops.softmax(a), ops.clip(a, 0, 1),
        ops.full_like(a, 3.0), 1.0 - a, a @ np.ones((4, 2), "float32"), ops.one_hot(ids, 5),
        ops.top_k(a, 2)[0], -a, a**2, ops.image.resize(images, (4, 4)),
        ops.logical_not(a > 1), ops.pad(a, ((0, 0), (1, 1))), ops.take(a, [0, 1], axis=1),
        ops.conv(images, np.ones((1, 1, 1, 3), "float32"), strides=1), ops.squeeze(a[:, :1], -1),
        ops.logsumexp(a, axis=-1), ops.expand_dims(a, 1), ops.argmax(a, axis=-1), ops.gelu(a),
        ops.max_pool(images, 2, 2), ops.cumsum(a, axis=-1), ops.mean(a, axis=[1]), ops.relu6(a),
        ops.isin(ids, [1, 2]), ops.flip(a, axis=1), ops.tile(a, (1, 2)), ops.leaky_relu(a, 0.3),
        ops.layer_normalization(a, axis=-1), ops.linspace(a, a + 1.0, num=3, axis=-1),
        library.activations.elu(a),
    ]  # fmt: skip
    return library.Model([a, ids], outputs, name="ops")


def test_calls_of_ops_go_both_ways() -> None:
    x = np.linspace(-1, 1, 8, dtype="float32").reshape(2, 4)
    ids = np.arange(12, dtype="int32").reshape(2, 6) % 5
    theirs, ours = ops_model(keras), ops_model(cornu)
    expected = theirs([x, ids])
    read = cornu.models.model_from_json(theirs.to_json())
    back = keras.models.model_from_json(ours.to_json())
    for model in (ours, read, back):
        for name, a, b in zip(theirs.output_names, expected, model([x, ids]), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5, err_msg=name)
    named = {layer["name"]: layer for layer in json.loads(theirs.to_json())["config"]["layers"]}
    for layer in json.loads(read.to_json())["config"]["layers"]:
        assert layer["class_name"] == named[layer["name"]]["class_name"]
        assert layer["module"] == named[layer["name"]]["module"]
