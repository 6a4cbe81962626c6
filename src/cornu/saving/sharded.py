"""Weights in several files: `NAME.weights.json` says which part's arrays are in which file."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
from collections.abc import Iterator
from typing import Any, cast

from cornu.saving import atomic, hdf5, shard_index, trailer, weights
from cornu.saving.atomic import replacing
from cornu.saving.damage import DamagedError, FileError, shown
from cornu.saving.hdf5 import Group

Content = list[tuple[str, Any, dict[str, Any]]]
_TRIES = 20  # to load what another process replaces meanwhile


@dataclasses.dataclass(frozen=True)
class Index:
    """What an index says, before the shards have their names."""

    total_size: float
    parts: dict[str, int]  # number of the shard, by path in the file
    digests: list[str]  # by number


def save(model: Any, path: str, max_shard_size: float) -> None:
    """Write the shards, then the index that names them.

    Shards that an index already leads to stay until the new index is there: the new ones have other
    numbers at first. Only then do they get their usual names, and the old ones go.

    Args:
        model: the model, built.
        path: of the index, ending in `.weights.json`.
        max_shard_size: largest size of a shard in GB; one part is never divided.

    Raises:
        ValueError: if the size is not positive.
    """
    if not max_shard_size > 0:
        raise ValueError(f"max_shard_size must be positive. Received: {max_shard_size}")
    with atomic.alone(os.path.dirname(path)):
        _save(weights.collect(model), path, max_shard_size)


def _save(content: Content, path: str, max_shard_size: float) -> None:
    folder, stem = os.path.split(path.removesuffix(".weights.json"))
    shards = _divide(content, max_shard_size * (1 << 30))
    numbers = range(len(shards))
    usual = [_shard_name(stem, i) for i in numbers]
    old = _shards_of(path)
    names = [*itertools.islice(_unused(folder, stem, len(shards)), len(shards))] if old else usual
    fresh = {name for name in names if not os.path.exists(os.path.join(folder, name))}
    try:
        index = _write_shards(content, shards, folder, names)
        _write_index(path, index, names)
    except OSError as error:
        if isinstance(error, atomic.UnconfirmedError) and error.filename == path:
            raise
        _remove(folder, fresh)
        raise atomic.failure(error, path) from error
    if old:
        # The new weights are in place whatever happens now, so a failure here is none of saving.
        with contextlib.suppress(OSError):
            for name, number in zip(names, numbers, strict=True):
                atomic.link(os.path.join(folder, name), os.path.join(folder, usual[number]))
            _write_index(path, index, usual)
            _remove(folder, {*names, *old} - set(usual))


def _write_shards(content: Content, shards: list[Content], folder: str, names: list[str]) -> Index:
    """Write each shard; gives what the index says of them."""
    parts: dict[str, int] = {}
    digests: list[str] = []
    for number, (name, shard) in enumerate(zip(names, shards, strict=True)):
        with replacing(os.path.join(folder, name)) as file:
            weights.write_content(shard, file)
            digests.append((trailer.read(file) or {})["sha256"])
        for part_path, _, values in shard:
            if values:
                parts[f"/{part_path}/vars" if part_path else "/vars"] = number
    return Index(float(sum(_size(values) for _, _, values in content)), parts, digests)


def _write_index(path: str, index: Index, names: list[str]) -> None:
    digests = dict(zip(names, index.digests, strict=True))
    text = {
        "metadata": {"total_size": index.total_size, "sha256": digests},
        "weight_map": {part: [names[number]] for part, number in index.parts.items()},
    }
    with replacing(path) as file:
        file.write(json.dumps(text, indent=4).encode())


def _shard_name(stem: str, number: int) -> str:
    return f"{stem}_{number:05d}.weights.h5"


def _unused(folder: str, stem: str, start: int) -> Iterator[str]:
    """Names of shards from a number on that no file has."""
    taken = set(os.listdir(folder or "."))
    for number in itertools.count(start):
        if (name := _shard_name(stem, number)) not in taken:
            yield name


def _shards_of(path: str) -> set[str]:
    """The shards that the index at a path leads to; none where there is no sound one."""
    try:
        return set(_read_index(path)[1])
    except (OSError, FileError):
        return set()


def _remove(folder: str, names: set[str]) -> None:
    for name in names:
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(folder, name))


def _divide(content: Content, limit: float) -> list[Content]:
    shards: list[Content] = [[]]
    used = 0
    for item in content:
        size = _size(item[2])
        if used and used + size > limit:
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
    for _ in range(_TRIES):
        index = _read_index(path)
        try:
            _load(model, path, index, skip_mismatch)
            return
        except (OSError, DamagedError):
            if _read_index(path) == index:
                raise
    raise FileError(f"{shown(os.path.basename(path))} is written to all the time")


def _load(
    model: Any, path: str, index: tuple[dict[str, Any], list[str]], skip_mismatch: bool
) -> None:
    name = shown(os.path.basename(path))
    digests, names = index
    with contextlib.ExitStack() as stack:
        whole = Group("", {}, {}, {})
        for shard in names:
            part = stack.enter_context(open(os.path.join(os.path.dirname(path), shard), "rb"))
            reader = stack.enter_context(hdf5.Reader(cast(Any, part), shown(shard)))
            if reader.trailer and reader.trailer["sha256"] != digests.get(
                shard, reader.trailer["sha256"]
            ):
                raise DamagedError(f"{shown(shard)} is not the shard that {name} was saved with")
            _merge(whole, reader.root)
        weights.load(model, whole, skip_mismatch=skip_mismatch, what=name)


def _read_index(path: str) -> tuple[dict[str, Any], list[str]]:
    """(digest of each shard where it is known, names of all shards) of an index."""
    name = shown(os.path.basename(path))
    with open(path, "rb") as file:
        return shard_index.read(file.read(shard_index.MAX_BYTES + 1), name)


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
