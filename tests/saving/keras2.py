"""Files as Keras 1.2, Keras 2 and tf.keras wrote them, made with h5py alone."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import h5py
import numpy as np

Arrays = list[tuple[str, np.ndarray]]


def write(
    path: pathlib.Path,
    config: Any,
    layers: list[tuple[str, Arrays]],
    *,
    version: str,
    training: Any = None,
    optimizer: Arrays = (),  # type: ignore[assignment]
    split: int = 0,
    backend: str = "tensorflow",
) -> None:
    """A whole-model file; without `config` one of weights alone.

    Args:
        path: where.
        config: `model_config`.
        layers: name and named arrays of each layer.
        version: of Keras.
        training: `training_config`.
        optimizer: named arrays of the optimizer.
        split: put lists of names into attributes `...0`, `...1` of that many entries.
        backend: of Keras.
    """
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = version.encode()
        file.attrs["backend"] = backend.encode()
        root = file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
            root = file.create_group("model_weights")
            root.attrs["keras_version"] = version.encode()
            root.attrs["backend"] = backend.encode()
        put_names(root, "layer_names", [name for name, _ in layers], split)
        for name, arrays in layers:
            put_arrays(root.create_group(name), arrays, split)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training).encode()
        if optimizer:
            put_arrays(file.create_group("optimizer_weights"), list(optimizer), split)


def put_arrays(group: h5py.Group, arrays: Arrays, split: int) -> None:
    put_names(group, "weight_names", [name for name, _ in arrays], split)
    for name, array in arrays:
        group[name] = array


def put_names(group: h5py.Group, attribute: str, names: list[str], split: int) -> None:
    encoded = [name.encode() for name in names]
    if not split or len(encoded) <= split:
        group.attrs[attribute] = encoded if encoded else np.zeros(0)
        return
    for i in range(0, len(encoded), split):
        group.attrs[f"{attribute}{i // split}"] = encoded[i : i + split]


def layer(name: str, class_name: str, /, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": {"name": name, "trainable": True, **config}}


def node(record: dict[str, Any], *calls: Any) -> dict[str, Any]:
    return {**record, "name": record["config"]["name"], "inbound_nodes": list(calls)}


def call(*places: Any, **kwargs: Any) -> list[Any]:
    return [[name, number, index, kwargs] for name, number, index in places]
