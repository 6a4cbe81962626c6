"""Values of arrays: NaN and infinities, ids out of range, bytes where unit scale is meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cornu.core import tree
from cornu.errors import BadInputError, warn
from cornu.layers.core.embedding import Embedding
from cornu.layers.preprocessing.category_encoding import CategoryEncoding

# Layers that take ids, and their argument that says how many there are.
_ID_COUNTS = {Embedding: "input_dim", CategoryEncoding: "num_tokens"}
_SCALING = {"Rescaling", "Normalization", "Embedding", "Lambda", "BatchNormalization"}


def has_no_rows(x: Any) -> bool:
    """Whether `x` is arrays with zero rows."""
    leaves = tree.flatten(x)
    return bool(leaves) and all(isinstance(a, np.ndarray) and a.ndim and not len(a) for a in leaves)


_hinted: set[str] = set()


def hint_bytes(model: Any, name: str, array: np.ndarray) -> None:
    """Say once a process that images of bytes train better when scaled."""
    if array.dtype != np.uint8 or array.ndim < 3 or not array.size or "bytes" in _hinted:
        return
    if _SCALING & {type(layer).__name__ for layer in model.walk()}:
        return
    if array.max() > 1:
        _hinted.add("bytes")
        warn(
            f"{name} holds bytes in 0..{array.max()}: training goes better on {name} / 255, or "
            "with a Rescaling(1/255) layer in front"
        )


def check_ids(model: Any, x: Any) -> None:
    """Ids that an Embedding or a CategoryEncoding looks up directly.

    Raises:
        BadInputError: for fractions, and naming the first row with an id out of range.
    """
    for name, array, layer in _embedded(model, x):
        if not array.size:
            continue
        kind, count = type(layer).__name__, getattr(layer, _ID_COUNTS[type(layer)])
        if array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
            raise BadInputError(
                f"{name} goes into {kind} '{layer.name}' but holds fractions, no whole ids"
            )
        if array.min() >= 0 and array.max() < count:
            continue
        wrong = (array < 0) | (array >= count)
        place = np.unravel_index(int(wrong.argmax()), array.shape)
        raise BadInputError(
            f"id {int(array[place])} at {name} row {place[0]} is out of range for {kind} "
            f"'{layer.name}': ids must be in 0..{count - 1}"
        )


def named(structure: Any, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a nest with the name a user would give each."""
    if isinstance(structure, dict):
        for key, value in structure.items():
            yield from named(value, f"{name}['{key}']")
    elif isinstance(structure, list | tuple):
        for i, value in enumerate(structure):
            yield from named(value, f"{name}[{i}]")
    elif isinstance(structure, np.ndarray):
        yield name, structure


def _embedded(model: Any, x: Any) -> Iterator[tuple[str, np.ndarray, Any]]:
    """Arrays that go straight into a layer of `_ID_COUNTS`, with that layer."""
    graph = getattr(model, "_graph", None) or model
    nodes = getattr(graph, "_nodes", None)
    if nodes is None:
        return
    inputs = {id(tensor): i for i, tensor in enumerate(graph.inputs)}
    if isinstance(x, dict):
        names = graph.input_names
        arrays = [(f"x['{n}']", x[n]) for n in names if isinstance(x.get(n), np.ndarray)]
    else:
        arrays = list(named(x, "x"))
    if len(arrays) != len(inputs):
        return
    for node in nodes:
        takes_ids = type(node.operation) in _ID_COUNTS and node.inputs
        if takes_ids and id(node.inputs[0]) in inputs:
            name, array = arrays[inputs[id(node.inputs[0])]]
            yield name, array, node.operation
