"""Every public layer in files: Keras's are read by Cornu and Cornu's by Keras, with equal results.

Layers that take inputs of one shape stand side by side in one model, so that a few models, compiled
once each, cover all layers there are, and those still to come.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import keras
import numpy as np
import pytest

import cornu
from contract.test_layers import NAMES, TAKES_IDS, TWO_ARGUMENTS, case, data, double

GROUPS: dict[str, list[str]] = {}
for _name in NAMES:
    _shape = case(_name)[1]
    _key = json.dumps(_shape) + ("ids" if _name in TAKES_IDS else "")
    GROUPS.setdefault(_key, []).append(_name)


def translated(value: Any, library: Any) -> Any:
    """A constructor argument, where it is a layer, as one of `library`."""
    if isinstance(value, cornu.layers.Layer):
        return library.layers.deserialize(cornu.layers.serialize(value))
    return value


def model_of(library: Any, names: list[str]) -> Any:
    """One model with all these layers, each on the same inputs."""
    shape = case(names[0])[1]
    dtype = "int32" if names[0] in TAKES_IDS else "float32"
    shapes = shape if isinstance(shape, list) else [shape]
    inputs = [library.Input(one[1:], dtype=dtype, name=f"in{i}") for i, one in enumerate(shapes)]
    outputs = {}
    for name in names:
        arguments = {k: translated(v, library) for k, v in case(name)[0].items()}
        layer = getattr(library.layers, name)(**arguments, name=f"the_{name.lower()}")
        several = inputs if isinstance(shape, list) else inputs[0]
        outputs[name] = (
            layer(*inputs) if name in {c.__name__ for c in TWO_ARGUMENTS} else layer(several)
        )
    return library.Model(inputs, outputs, name="all")


def shuffle_weights(model: Any) -> None:
    numbers = np.random.default_rng(7)
    model.set_weights(
        [numbers.uniform(0.2, 0.9, w.shape).astype(w.dtype) for w in model.get_weights()]
    )


def inputs_for(names: list[str]) -> list[Any]:
    found = data(names[0], case(names[0])[1])
    return [np.asarray(x) for x in (found if isinstance(found, list) else [found])]


def assert_same(names: list[str], expected: Any, found: Any) -> None:
    for name in names:
        # Decibels are logarithms: of powers near 1 nothing but rounding may be left.
        least = 1e-4 if name == "MelSpectrogram" else 1e-6
        flat = [expected[name]] if not isinstance(expected[name], list) else expected[name]
        other = [found[name]] if not isinstance(found[name], list) else found[name]
        for a, b in zip(flat, other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=least, err_msg=name)


def essential(value: Any) -> Any:
    """A config without what says nothing: ids of shared objects, `mask=None`, lists of one axis."""
    if isinstance(value, list):
        return [essential(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {k: essential(v) for k, v in value.items() if k != "shared_object_id"}
    axis = kept.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        kept["axis"] = axis[0]
    if "args" in kept and "kwargs" in kept:
        kept["kwargs"] = {k: v for k, v in kept["kwargs"].items() if v not in (None, False)}
    return kept


def config_by_layer(model: Any) -> dict[str, Any]:
    """Records by name; shapes only of layers with weights: others are built by every call anew."""
    layers = json.loads(model.to_json())["config"]["layers"]
    found = {record["name"]: essential(record) for record in layers}
    for layer in model.layers:
        if not layer.weights:
            found[layer.name].pop("build_config", None)
    return found


@pytest.mark.parametrize("key", GROUPS)
def test_layers_go_both_ways(key: str, tmp_path: pathlib.Path) -> None:
    names = GROUPS[key]
    custom = {"double": double}
    theirs = model_of(keras, names)
    shuffle_weights(theirs)
    x = inputs_for(names)
    expected = theirs.predict(x, verbose=0)

    theirs.save(tmp_path / "theirs.keras")
    ours = cornu.models.load_model(tmp_path / "theirs.keras", custom_objects=custom)
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert_same(names, expected, ours.predict(x, verbose=0))
    assert config_by_layer(ours) == config_by_layer(theirs)

    native = model_of(cornu, names)
    native.set_weights(theirs.get_weights())
    native.save(tmp_path / "ours.keras")
    back = keras.models.load_model(tmp_path / "ours.keras", custom_objects=custom)
    for a, b in zip(theirs.get_weights(), back.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert config_by_layer(native) == config_by_layer(back)

    native.save(tmp_path / "ours.h5")
    again = cornu.models.load_model(tmp_path / "ours.h5", custom_objects=custom)
    for a, b in zip(native.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    again.load_weights(tmp_path / "theirs.weights.h5")
