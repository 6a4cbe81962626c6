"""Weights in several files: `NAME.weights.json` says which part's arrays are in which file."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any, cast

from cornu.saving import hdf5, shard_index, weights
from cornu.saving.atomic import replacing
from cornu.saving.damage import FileError, shown
from cornu.saving.hdf5 import Group

Content = list[tuple[str, Any, dict[str, Any]]]


def save(model: Any, path: str, max_shard_size: float) -> None:
    """Write the shards, then the index that names them.

    Args:
        model: the model, built.
        path: of the index, ending in `.weights.json`.
        max_shard_size: largest size of a shard in GB; one part is never divided.

    Raises:
        ValueError: if the size is not positive.
    """
    if not max_shard_size > 0:
        raise ValueError(f"max_shard_size must be positive. Received: {max_shard_size}")
    content = weights.collect(model)
    stem = os.path.basename(path).removesuffix(".weights.json")
    shards = _divide(content, max_shard_size * (1 << 30))
    where: dict[str, list[str]] = {}
    for number, shard in enumerate(shards):
        name = f"{stem}_{number:05d}.weights.h5"
        with replacing(os.path.join(os.path.dirname(path), name)) as file:
            weights.write_content(shard, file)
        for part_path, _, values in shard:
            if values:
                where[f"/{part_path}/vars" if part_path else "/vars"] = [name]
    total = sum(_size(values) for _, _, values in content)
    index = {"metadata": {"total_size": float(total)}, "weight_map": where}
    with replacing(path) as file:
        file.write(json.dumps(index, indent=4).encode())


def _divide(content: Content, limit: float) -> list[Content]:
    shards: list[Content] = [[]]
    used = 0
    for item in content:
        size = _size(item[2])
        if shards[-1] and used + size > limit:
            shards.append([])
            used = 0
        shards[-1].append(item)
        used += size
    return shards


def _size(values: dict[str, Any]) -> int:
    return sum(getattr(v, "value", v).nbytes for v in values.values())


def load(model: Any, path: str, *, skip_mismatch: bool = False) -> None:
    """Set a model's weights from the shards that an index names; they lie beside it.

    Raises:
        FileError: as for a single file.
    """
    name = shown(os.path.basename(path))
    with open(path, "rb") as file:
        names = shard_index.shards(file.read(shard_index.MAX_BYTES + 1), name)
    with contextlib.ExitStack() as stack:
        whole = Group("", {}, {}, {})
        for shard in names:
            part = stack.enter_context(open(os.path.join(os.path.dirname(path), shard), "rb"))
            reader = stack.enter_context(hdf5.Reader(cast(Any, part), shown(shard)))
            _merge(whole, reader.root)
        weights.load(model, whole, skip_mismatch=skip_mismatch, what=name)


def _merge(target: Group, source: Group) -> None:
    for name, array in source.arrays.items():
        if name in target.arrays:
            raise FileError(f"array '{shown(array.path)}' stands in two shards")
        target.arrays[name] = array
    for name, group in source.groups.items():
        if name in target.groups:
            _merge(target.groups[name], group)
        else:
            target.groups[name] = group
