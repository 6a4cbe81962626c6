"""Whole models and weights in the `.h5` format of Keras 1, 2 and tf.keras.

Attributes say what the model is (`model_config`, `training_config`, JSON) and which arrays belong
to which layer (`layer_names`, `weight_names`); long lists are split over `weight_names0`, ...
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from cornu.errors import warn
from cornu.saving import (
    archive,
    hdf5,
    legacy_config,
    legacy_optimizers,
    legacy_values,
    plain_json,
    revive,
)
from cornu.saving.atomic import replacing
from cornu.saving.damage import FileError, listed, shown
from cornu.saving.hdf5 import Group
from cornu.saving.weights import values_of
from cornu.serialization import codec

_TOP = "top_level_model_weights"


def is_legacy(root: Group) -> bool:
    """Whether a file has the names of layers in attributes, as Keras 1 and 2 wrote them."""
    return "model_weights" in root.groups or bool(_names(root, "layer_names", None))


def is_legacy_config(config: Any) -> bool:
    """Whether a config is one of Keras 1 or 2."""
    return legacy_config.is_old(config)


# -- writing ---------------------------------------------------------------------------------------


def save_model(model: Any, path: str, *, include_optimizer: bool = True) -> None:
    """Write a whole model, atomically."""
    attributes: dict[str, dict[str, Any]] = {"": _about()}
    record = _old_record(codec.serialize(model))
    attributes[""]["model_config"] = json.dumps(record)
    optimizer = getattr(model, "optimizer", None)
    compiled = model.get_compile_config() if hasattr(model, "get_compile_config") else None
    if include_optimizer and compiled and optimizer is not None:
        optimizer_config = compiled.pop("optimizer")
        kept = {key: optimizer_config[key] for key in ("class_name", "config")}
        attributes[""]["training_config"] = json.dumps({**compiled, "optimizer_config": kept})
    arrays = list(_layer_arrays(model, "model_weights", attributes))
    if include_optimizer and optimizer is not None and optimizer.built:
        arrays += _named_arrays(optimizer.variables, "optimizer_weights", attributes)
    _write(path, arrays, attributes)


def save_weights(model: Any, path: str) -> None:
    """Write the weights of a model, atomically."""
    attributes: dict[str, dict[str, Any]] = {}
    arrays = list(_layer_arrays(model, "", attributes))
    _write(path, arrays, attributes)


def _write(path: str, arrays: list[tuple[str, Any]], attributes: dict[str, dict[str, Any]]) -> None:
    made = ((p, np.asarray(v.value), np.asarray(v.value).dtype.name) for p, v in arrays)
    with replacing(path) as file:
        hdf5.write(file, made, attributes)


def _about() -> dict[str, Any]:
    return {"keras_version": archive.KERAS_VERSION, "backend": "jax"}


def _layer_arrays(
    model: Any, base: str, attributes: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, Any]]:
    layers = list(model.layers)
    attributes.setdefault(base, {}).update(
        {**_about(), "layer_names": [layer.name for layer in layers]}
    )
    for layer in layers:
        yield from _named_arrays(_weights_of(layer), _under(base, layer.name), attributes)
    yield from _named_arrays(model.saved_variables(), _under(base, _TOP), attributes)


def _named_arrays(
    variables: list[Any], base: str, attributes: dict[str, dict[str, Any]]
) -> list[tuple[str, Any]]:
    names: dict[str, Any] = {}
    for variable in variables:
        name, number = variable.path, 1
        while name in names:
            name, number = f"{variable.path}_{number}", number + 1
        names[name] = variable
    attributes[base] = {"weight_names": list(names)}
    return [(_under(base, name), variable) for name, variable in names.items()]


def _under(base: str, name: str) -> str:
    return f"{base}/{name}" if base else name


def _weights_of(layer: Any) -> list[Any]:
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _old_record(record: dict[str, Any]) -> dict[str, Any]:
    """Today's record of a model as older readers know it: layers by class name alone."""
    config = dict(record["config"])
    if isinstance(config.get("layers"), list):
        config["layers"] = [_old_layer(layer) for layer in config["layers"]]
    return {"class_name": record["class_name"], "config": config}


def _old_layer(record: dict[str, Any]) -> dict[str, Any]:
    found = _old_record(record)
    if str(record.get("module", "")).startswith(("keras.src.ops.", "cornu.ops.")):
        found["module"] = record["module"]
        found["registered_name"] = record["registered_name"]
    return {**found, **{key: record[key] for key in ("name", "inbound_nodes") if key in record}}


# -- reading ---------------------------------------------------------------------------------------


def load_model(path: str, *, compile: bool = True) -> Any:
    """The model of a whole-model file.

    Raises:
        FileError: if it holds weights only, is damaged or does not fit together.
    """
    name = shown(os.path.basename(path))
    with open(path, "rb") as file, hdf5.Reader(cast(Any, file), name) as reader:
        root = reader.root
        text = root.attributes.get("model_config")
        if not isinstance(text, str):
            raise FileError(f"{name} holds weights only: make the model, then `load_weights`")
        config = plain_json.parse(text.encode(), "model_config")
        model = revive_config(config, _writer(root)[0])
        stored = root.groups.get("model_weights")
        if stored is None:
            raise FileError(f"{name} lacks the group 'model_weights'")
        load_weights(model, stored, what=name)
        training = root.attributes.get("training_config")
        if compile and isinstance(training, str):
            _compile(model, plain_json.parse(training.encode(), "training_config"), root)
    return model


def revive_config(config: Any, version: int = 2) -> Any:
    """The model of a config of Keras 1 or 2, or of the same form by Keras 3."""
    return revive.old_model(config, version)


def _compile(model: Any, training: Any, root: Group) -> None:
    config = legacy_config.compile_config(training, str(root.attributes.get("keras_version", "1.")))
    if config is None:
        return
    revive.compile_old(model, config)
    stored = root.groups.get("optimizer_weights")
    optimizer = model.optimizer
    if stored is None or optimizer is None or not model.built:
        return
    names = _names(stored, "weight_names", [])
    optimizer.build(model.trainable_variables)
    arrays = [values_of(array) for array in _arrays(stored, names)]
    weights = _trained(root.groups["model_weights"]) if _writer(root)[0] == 1 else None
    if arrays and not legacy_optimizers.restore(optimizer, names, arrays, weights):
        warn(f"state of optimizer '{optimizer.name}' not loaded: that of the file does not fit")


def _trained(root: Group) -> list[str]:
    """Names of the trained weights in a file of Keras 1."""
    groups = [root.find(name) for name in _names(root, "layer_names", [])]
    names = [name for group in groups if group for name in _names(group, "weight_names", [])]
    return [name for name in names if "_running_" not in name]


def load_weights(
    model: Any,
    root: Group,
    *,
    by_name: bool = False,
    skip_mismatch: bool = False,
    what: str = "the file",
) -> None:
    """Set a model's weights, layer by layer in order, or by the layers' names.

    Args:
        model: built.
        root: description of a weights file, or of a whole model's.
        by_name: match layers by name; layers of either side that the other lacks are left.
        skip_mismatch: leave out, with a warning, what does not fit.
        what: the file's name in messages.

    Raises:
        FileError: if numbers or shapes differ; no value has changed then.
    """
    root = root.groups.get("model_weights", root)
    stored = {
        name: _arrays(group, _names(group, "weight_names", []))
        for name in _names(root, "layer_names", [])
        if (group := root.find(name)) is not None
    }
    layers = [layer for layer in model.layers if _weights_of(layer)]
    held = {name: arrays for name, arrays in stored.items() if arrays}
    problems: list[str] = []
    if by_name:
        pairs = [(layer, held[layer.name]) for layer in layers if layer.name in held]
    else:
        if len(layers) != len(held):
            problems.append(
                f"{len(held)} layers with weights in the file ({listed(held, 3)}), "
                f"{len(layers)} in the model ({listed([x.name for x in layers], 3)})"
            )
        pairs = list(zip(layers, held.values(), strict=False))
    version, theano = _writer(root)
    assignments: list[tuple[Any, np.ndarray]] = []
    for layer, arrays in [*pairs, *_top_level(model, root)]:
        _match(layer, arrays, version, theano, assignments, problems)
    if problems and not skip_mismatch:
        more = f" (and {len(problems) - 2} more)" if len(problems) > 2 else ""
        raise FileError(f"{what} does not fit the model: {'; '.join(problems[:2])}{more}")
    if problems:
        warn(f"{what}: not loaded: {listed(problems, 6)}")
    for variable, value in assignments:
        variable.assign(value)


def _match(
    layer: Any,
    arrays: list[Any],
    version: int,
    theano: bool,
    assignments: list[tuple[Any, np.ndarray]],
    problems: list[str],
) -> None:
    """Line the arrays of one layer up with its weights; note what does not fit."""
    variables = layer if isinstance(layer, list) else _weights_of(layer)
    name = "the model itself" if isinstance(layer, list) else f"layer '{layer.name}'"
    total = sum(a.nbytes for a in arrays)
    if total > 16 + 2 * sum(8 * v.size for v in variables):  # before anything is allocated
        problems.append(f"{name}: {total} bytes in the file, far more than its weights have")
        return
    values = [values_of(array) for array in arrays]
    if not isinstance(layer, list):
        with revive.as_file_error(f"{name}: what the file holds for it"):
            values = legacy_values.convert(layer, values, version, theano)
    if len(values) != len(variables):
        problems.append(f"{name} has {len(values)} arrays in the file, expected {len(variables)}")
        return
    for variable, value in zip(variables, values, strict=True):
        if value.shape != variable.shape:
            problems.append(
                f"{name}: '{variable.name}' has shape {shown(value.shape)} in the file, expected "
                f"{variable.shape}"
            )
            return
    assignments += zip(variables, values, strict=True)


def _top_level(model: Any, root: Group) -> list[tuple[list[Any], list[Any]]]:
    group = root.groups.get(_TOP)
    arrays = _arrays(group, _names(group, "weight_names", [])) if group is not None else []
    return [(model.saved_variables(), arrays)] if arrays else []


def _writer(root: Group) -> tuple[int, bool]:
    """Major version of the Keras that wrote the file, and whether its backend was Theano."""
    version = str(root.attributes.get("keras_version", "1"))
    major = int(version[0]) if re.match(r"[1-9]\.", version) else 1
    return major, root.attributes.get("backend") == "theano"


def _arrays(group: Group, names: list[str]) -> list[Any]:
    found = [group.array(name) for name in names]
    if None in found:
        lost = names[found.index(None)]
        raise FileError(f"group '{shown(group.path)}' names an array it lacks: '{shown(lost)}'")
    return found


def _names(group: Group, attribute: str, default: Any) -> Any:
    """A list of names, put together where it was split."""
    found = _list(group, attribute)
    if found is not None:
        return found
    pieces: list[list[str]] = []
    while (piece := _list(group, f"{attribute}{len(pieces)}")) is not None:
        pieces.append(piece)
    return [name for piece in pieces for name in piece] if pieces else default


def _list(group: Group, attribute: str) -> list[str] | None:
    found = group.attributes.get(attribute)
    if not isinstance(found, list):
        return None
    if not all(isinstance(name, str) for name in found):
        raise FileError(f"attribute '{attribute}' of '{shown(group.path)}' holds no names")
    return found
