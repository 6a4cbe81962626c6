"""The ConvLSTM layers against the real Keras: outputs, weights, configs, files, training."""

from __future__ import annotations

import pathlib
from typing import Any

import keras
import numpy as np
import pytest

import cornu
from cornu import layers
from cornu.core.random import set_random_seed
from oracle.test_layers import (
    assert_alike,
    assert_close,
    assert_same_weights,
    data,
    name_of,
    pair,
    plain,
)

ROWS, IMAGES, VOLUMES = (2, 3, 6, 4), (2, 3, 5, 6, 2), (2, 2, 4, 3, 4, 2)
SMALL = {"filters": 2, "kernel_size": 2}
ALL = {"return_sequences": True, "return_state": True}
FIRST = {"data_format": "channels_first"}

CASES: list[tuple[str, dict[str, Any], Any]] = [
    ("ConvLSTM1D", {"filters": 3, "kernel_size": 3}, ROWS),
    ("ConvLSTM1D", {**SMALL, "strides": 2, "padding": "same", **ALL}, ROWS),
    ("ConvLSTM1D", {**SMALL, "dilation_rate": (2,), "go_backwards": True}, ROWS),
    ("ConvLSTM1D", {**SMALL, **FIRST, **ALL}, ROWS),
    ("ConvLSTM2D", {"filters": 3, "kernel_size": (2, 3)}, IMAGES),
    ("ConvLSTM2D", {"filters": 3, "kernel_size": 3, "padding": "same", **ALL}, IMAGES),
    ("ConvLSTM2D", {**SMALL, "strides": (2, 1), "go_backwards": True, **ALL}, IMAGES),
    ("ConvLSTM2D", {**SMALL, "dilation_rate": 2, "use_bias": False}, IMAGES),
    ("ConvLSTM2D", {**SMALL, **FIRST, "strides": 2, "padding": "SAME", **ALL}, IMAGES),
    ("ConvLSTM2D", {**SMALL, **FIRST, "dilation_rate": 2}, (2, 3, 2, 5, 6)),
    ("ConvLSTM2D", {**SMALL, "unit_forget_bias": False, "bias_initializer": "uniform"}, IMAGES),
    ("ConvLSTM2D", {**SMALL, "activation": "gelu", "recurrent_activation": "relu"}, IMAGES),
    (
        "ConvLSTM2D",
        {**SMALL, "dropout": 0.2, "recurrent_dropout": 0.1, "seed": 4, "stateful": False},
        IMAGES,
    ),
    (
        "ConvLSTM2D",
        {
            **SMALL,
            "kernel_regularizer": "l2",
            "recurrent_regularizer": "l1",
            "bias_regularizer": "l2",
            "activity_regularizer": "l2",
            "kernel_constraint": "max_norm",
            "recurrent_constraint": "non_neg",
            "bias_constraint": "unit_norm",
        },
        IMAGES,
    ),
    ("ConvLSTM3D", {**SMALL, "kernel_size": (2, 1, 3)}, VOLUMES),
    ("ConvLSTM3D", {**SMALL, "strides": 2, "padding": "same", **ALL}, VOLUMES),
    ("ConvLSTM3D", {**SMALL, **FIRST}, (2, 2, 2, 4, 3, 4)),
]


@pytest.mark.parametrize("row", CASES, ids=name_of)
def test_outputs_weights_and_configs(row: Any) -> None:
    assert_alike(*row)


MASK = np.array([[0, 1, 0]], bool)
MASKED = [
    {"return_state": True},
    {"return_sequences": True},
    {"return_sequences": True, "go_backwards": True, **FIRST},
    {"return_sequences": True, "activation": "gelu"},
]


@pytest.mark.parametrize("arguments", MASKED, ids=str)
def test_masks(arguments: dict[str, Any]) -> None:
    ours, theirs = pair(lambda module: module.ConvLSTM2D(**SMALL, **arguments))
    x = data((1, *IMAGES[1:]))  # of one row: for more, Keras's masks do not fit
    assert_close(ours(x, mask=MASK), theirs(x, mask=MASK))


@pytest.mark.parametrize("arguments", [{}, FIRST], ids=str)
def test_initial_state(arguments: dict[str, Any]) -> None:
    ours, theirs = pair(lambda module: module.ConvLSTM1D(**SMALL, **arguments, return_state=True))
    x = data(ROWS)
    shape = (2, 2, 3) if arguments else (2, 5, 2)
    states = [data(shape), data(shape) + 1]
    assert_close(ours(x, initial_state=states), theirs(x, initial_state=states))
    fresh, expected = ours.get_initial_state(2), theirs.get_initial_state(2)
    assert_close(fresh, expected)


def test_stateful() -> None:
    ours, theirs = pair(lambda module: module.ConvLSTM2D(**SMALL, stateful=True, return_state=True))
    x = data(IMAGES)
    for _ in range(3):
        assert_close(ours(x), theirs(x))
    ours.reset_state()
    theirs.reset_state()
    assert_close(ours(x), theirs(x))
    ours.reset_states()
    theirs.reset_state()
    assert_close(ours(x), theirs(x))
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]


COMPOSED = {
    "bidirectional": (lambda m: m.Bidirectional(m.ConvLSTM2D(2, 2)), IMAGES),
    "bidirectional rows": (
        lambda m: m.Bidirectional(m.ConvLSTM1D(2, 2, return_sequences=True), merge_mode="sum"),
        ROWS,
    ),
    "bidirectional states": (
        lambda m: m.Bidirectional(m.ConvLSTM2D(2, 2, return_state=True, padding="same"), "ave"),
        IMAGES,
    ),
    "time distributed": (lambda m: m.TimeDistributed(m.ConvLSTM1D(2, 2)), (2, 2, *ROWS[1:])),
}


@pytest.mark.parametrize("case", COMPOSED)
def test_layers_of_layers(case: str) -> None:
    make, shape = COMPOSED[case]
    ours, theirs = pair(make)
    x = data(shape)
    assert_close(ours(x), theirs(x))
    assert_same_weights(ours, theirs)
    unbuilt, expected = pair(make)
    assert plain(unbuilt.get_config()) == plain(expected.get_config())


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_dtype_policies(policy: str) -> None:
    ours, theirs = pair(lambda module: module.ConvLSTM2D(**SMALL, dtype=policy))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    a, b = (np.asarray(layer(data(IMAGES))) for layer in (ours, theirs))
    assert a.dtype == b.dtype
    np.testing.assert_allclose(a.astype("float32"), b.astype("float32"), rtol=0.05, atol=0.05)


def frames(library: Any, stateful: bool) -> Any:
    """A model of a layer of each rank, of which one may keep its state."""
    rows = library.Input((3, 6, 4), batch_size=2)
    images, volumes = (library.Input(shape[1:], batch_size=2) for shape in (IMAGES, VOLUMES))
    make = library.layers
    outputs = [
        make.ConvLSTM1D(2, 3, stateful=stateful, strides=2, return_sequences=True)(rows),
        make.Bidirectional(make.ConvLSTM2D(2, 2, padding="same"), merge_mode="ave")(images),
        make.ConvLSTM3D(2, 2, dilation_rate=2, kernel_regularizer="l2")(volumes),
    ]
    outputs = [make.Flatten()(output) for output in outputs]
    return library.Model([rows, images, volumes], make.Dense(1)(make.Concatenate()(outputs)))


def compiled_pair(stateful: bool = True) -> tuple[Any, Any]:
    models = []
    for library, seed in ((cornu, set_random_seed), (keras, keras.utils.set_random_seed)):
        seed(5)
        model = frames(library, stateful)
        model.compile(library.optimizers.SGD(0.1, momentum=0.9), "mean_squared_error")
        models.append(model)
    return models[0], models[1]


INPUTS = [data(ROWS), data(IMAGES), data(VOLUMES)]
TARGETS = np.array([[1.0], [-1.0]], "float32")


def test_training_is_that_of_keras() -> None:
    # Without kept states: in training, the real Keras on JAX leaves them where they are.
    ours, theirs = compiled_pair(stateful=False)
    assert_same_weights(ours, theirs)
    for _ in range(3):
        ours.fit(INPUTS, TARGETS, verbose=0)
        theirs.fit(INPUTS, TARGETS, verbose=0)
    found = ours.evaluate(INPUTS, TARGETS, verbose=0)
    np.testing.assert_allclose(found, theirs.evaluate(INPUTS, TARGETS, verbose=0), rtol=1e-4)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("suffix", [".keras", ".h5", ".weights.h5"])
def test_files_go_both_ways(suffix: str, tmp_path: pathlib.Path) -> None:
    ours, theirs = compiled_pair()
    for model in (ours, theirs):
        model.train_on_batch(INPUTS, TARGETS)
    files = [tmp_path / f"{name}{suffix}" for name in ("ours", "theirs")]
    models = []
    for library, model, path in ((keras, ours, files[0]), (cornu, theirs, files[1])):
        if suffix == ".weights.h5":
            model.save_weights(path)
            again = compiled_pair()[library is keras]
            again.train_on_batch(INPUTS, TARGETS)  # so that the optimizer has its variables
            again.load_weights(path)
        else:
            model.save(path)
            again = library.models.load_model(path)
        for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        models.append((model, again))
    for model, again in models:
        for one in (model, again):
            next(layer for layer in one.layers if "lstm1d" in layer.name).reset_state()
        assert_close(model.predict(INPUTS, verbose=0), again.predict(INPUTS, verbose=0))


def test_configs_cross_over() -> None:
    for name, arguments, _ in CASES:
        made = getattr(keras.layers, name)(**arguments)
        again = layers.deserialize(keras.layers.serialize(made))
        assert plain(again.get_config()) == plain(made.get_config())
