"""A flipped byte in a file is an error, or changes nothing."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

from cornu.saving import container, hdf5, trailer
from cornu.saving.damage import DamagedError, FileError

NUMBERS = np.random.default_rng(5)
ARRAYS = {
    f"layers/dense_{i}/vars/{j}": NUMBERS.normal(size=shape).astype("float32")
    for i in range(3)
    for j, shape in enumerate(((6, 5), (5,)))
}
ATTRIBUTES = {f"layers/dense_{i}/vars": {"name": f"dense_{i}"} for i in range(3)}
TEXTS = {container.CONFIG: b'{"class_name": "Sequential"}' * 9, container.METADATA: b"{}"}


def weights_file() -> bytes:
    file = io.BytesIO()
    hdf5.write(file, ((path, a, a.dtype.name) for path, a in ARRAYS.items()), ATTRIBUTES)
    return file.getvalue()


def keras_file() -> bytes:
    file = io.BytesIO()
    container.write(file, TEXTS, lambda member: member.write(weights_file()), {})
    return file.getvalue()


def read_weights(content: bytes) -> Any:
    with hdf5.Reader(io.BytesIO(content), "it") as reader:
        return described(reader.root)


def described(root: hdf5.Group) -> Any:
    names = {group.path: dict(group.attributes) for group in root.walk() if group.attributes}
    return names, {array.path: array.read().tobytes() for array in root.all_arrays()}


def read_keras(content: bytes) -> Any:
    archive = container.Container(io.BytesIO(content))
    config = archive.read(container.CONFIG)
    with archive.open(container.WEIGHTS) as stored, hdf5.Reader(stored, "it") as reader:
        return config, described(reader.root)


FORMATS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], Any]]] = {
    ".weights.h5": (weights_file, read_weights),
    ".keras": (keras_file, read_keras),
}


def flip_and_read(kind: str, count: int, seed: int) -> tuple[int, int]:
    """How many of `count` flips were errors, and how many changed nothing."""
    write, read = FORMATS[kind]
    content, numbers = write(), random.Random(seed)
    expected = read(content)
    seen = 0
    for _ in range(count):
        place, bit = numbers.randrange(len(content)), 1 << numbers.randrange(8)
        damaged = bytearray(content)
        damaged[place] ^= numbers.choice((bit, 0xFF))
        try:
            assert read(bytes(damaged)) == expected, f"byte {place} of {len(content)}"
        except FileError as error:
            seen += 1
            assert len(str(error)) < 300
    return seen, count - seen


@pytest.mark.parametrize("kind", FORMATS)
def test_flipped_bytes(kind: str) -> None:
    seen, harmless = flip_and_read(kind, 900, seed=1)
    assert seen > 10 * harmless


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", FORMATS)
def test_every_byte_flipped_in_every_way_that_matters(kind: str) -> None:
    """Each bit of each byte alone, and all eight at once: more than 100,000 flips a format."""
    write, read = FORMATS[kind]
    content = bytearray(write())
    expected = read(bytes(content))
    harmless = 0
    for place in range(len(content)):
        for mask in (1, 2, 4, 8, 16, 32, 64, 128, 255):
            content[place] ^= mask
            try:
                assert read(bytes(content)) == expected, f"byte {place}, mask {mask}"
                harmless += 1
            except FileError as error:
                assert len(str(error)) < 300
            content[place] ^= mask
    flips = 9 * len(content)
    seen = flips - harmless
    print(f"{kind}: {flips} flips, {seen} detected, {harmless} harmless, 0 wrong values")
    assert flips > 100_000
    assert harmless < flips / 10


def test_the_damaged_array_is_named() -> None:
    content = bytearray(weights_file())
    place = content.index(ARRAYS["layers/dense_1/vars/0"].tobytes())
    content[place + 7] ^= 4
    with pytest.raises(DamagedError, match=r"checksum of layers/dense_1/vars/0 is wrong"):
        read_weights(bytes(content))


@pytest.mark.parametrize("kind", FORMATS)
def test_files_cut_short(kind: str) -> None:
    write, read = FORMATS[kind]
    content = write()
    for size in (0, 3, 100, len(content) // 2, len(content) - 600, len(content) - 1):
        try:
            assert read(content[:size]) == read(content)
        except FileError:
            continue
        assert size == len(content) - 1  # only the mark behind the checksums is gone


def with_checksums(content: bytes, text: str) -> bytes:
    found = content[: trailer.read(io.BytesIO(content))["bytes"]]  # type: ignore[index]
    text = text.replace("SIZE", str(len(found)))
    return (
        found + b"\ncornu-checksums " + text.encode() + b"\n" + struct.pack("<I", len(text))
    ) + b"cornu-end\n"


@pytest.mark.parametrize(
    "text",
    [
        '{"bytes": SIZE.0, "arrays": {}, "sha256": ""}',
        '{"bytes": SIZE, "arrays": [], "sha256": ""}',
        '{"bytes": true, "arrays": {}}',
        "[" * 100_000,
        "{" + '"bytes": SIZE, "arrays": {"a": [' + "[]," * 600_000 + "[]]}}",
    ],
    ids=["float", "list", "bool", "deep", "many"],
)
def test_checksums_of_another_form_are_none(text: str) -> None:
    content = with_checksums(weights_file(), text)
    assert trailer.read(io.BytesIO(content)) is None
    assert read_weights(content) == read_weights(weights_file())


def test_arrays_that_overlap_are_not_all_looked_at() -> None:
    everything = ", ".join(f'"{i}": [0, SIZE, 1]' for i in range(50_000))
    text = f'{{"bytes": SIZE, "sha256": "", "arrays": {{{everything}}}}}'
    with pytest.raises(DamagedError, match="checksum of 0 is wrong"):
        read_weights(with_checksums(weights_file(), text))


def test_files_without_checksums_load() -> None:
    content = weights_file()
    bare = content[: trailer.read(io.BytesIO(content))["bytes"]]  # type: ignore[index]
    assert read_weights(bare) == read_weights(content)


def test_editing_a_file_takes_its_checksums_away(tmp_path: Any) -> None:
    path = tmp_path / "edited.weights.h5"
    path.write_bytes(weights_file())
    with h5py.File(path, "r+") as file:
        file["layers/dense_0/vars/1"][...] = 3
    with open(path, "rb") as file, hdf5.Reader(file, "it") as reader:
        assert reader.trailer is None
        assert (reader.root.array("layers/dense_0/vars/1").read() == 3).all()
