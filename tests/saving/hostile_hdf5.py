"""HDF5 files with what no weights file has: links, other files, virtual arrays, odd types."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import h5py
import numpy as np

ELSEWHERE = "secret.h5"  # beside the file that points to it


def shuffled(content: bytes, count: int) -> Iterator[bytes]:
    """The same file so many times, with pieces of it over other ones."""
    numbers = random.Random(3)
    for _ in range(count):
        damaged = bytearray(content)
        for _ in range(numbers.choice((1, 2, 8))):
            start, size = numbers.randrange(len(content)), numbers.choice((1, 2, 4, 8))
            other = numbers.randrange(len(content))
            damaged[start : start + size] = content[other : other + size]
        yield bytes(damaged)


def elsewhere(file: h5py.File) -> None:
    file["x"] = np.ones((3, 2), "float32")


def place(file: h5py.File) -> h5py.Group:
    group = file.require_group("layers/dense/vars")
    group["1"] = np.ones(2, "float32")
    return group


def external_link(file: h5py.File) -> None:
    place(file)["0"] = h5py.ExternalLink(ELSEWHERE, "x")


def soft_link(file: h5py.File) -> None:
    place(file)["0"] = h5py.SoftLink("/layers/dense/vars/1")


def external_group(file: h5py.File) -> None:
    file["layers"] = h5py.ExternalLink(ELSEWHERE, "/")


def external_storage(file: h5py.File) -> None:
    place(file).create_dataset("0", (3, 2), "f4", external=[("/etc/passwd", 0, 24)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[...] = h5py.VirtualSource(ELSEWHERE, "x", (3, 2))
    place(file).create_virtual_dataset("0", layout)


def bomb(file: h5py.File) -> None:
    place(file).create_dataset("0", (10**6, 10**6), "f4")


def chunked_bomb(file: h5py.File) -> None:
    place(file).create_dataset("0", (10**6, 10**6), "f4", chunks=(1000, 1000))


def circle(file: h5py.File) -> None:
    group = place(file)
    group["again"] = file["layers"]


def twice(file: h5py.File) -> None:
    group = place(file)
    group["0"] = group["1"]


def deep(file: h5py.File) -> None:
    file.create_group("/".join("a" * 200))


def lzf(file: h5py.File) -> None:
    place(file).create_dataset("0", data=np.ones((3, 2), "f4"), compression="lzf")


def scale_offset(file: h5py.File) -> None:
    place(file).create_dataset("0", data=np.ones((3, 2), "i4"), scaleoffset=0)


def fletcher(file: h5py.File) -> None:
    place(file).create_dataset("0", data=np.ones((3, 2), "f4"), fletcher32=True)


def strings(file: h5py.File) -> None:
    place(file).create_dataset("0", data=["a", "b"], dtype=h5py.string_dtype())


def references(file: h5py.File) -> None:
    group = place(file)
    group.create_dataset("0", data=[group.ref], dtype=h5py.ref_dtype)


def compound(file: h5py.File) -> None:
    place(file)["0"] = np.zeros(2, [("a", "f4"), ("b", "i4")])


def named_type(file: h5py.File) -> None:
    place(file)["0"] = np.dtype("f8")


def opaque(file: h5py.File) -> None:
    place(file)["0"] = np.zeros(3, "V77")


def other_shape(file: h5py.File) -> None:
    place(file)["0"] = np.ones((30, 20), "float32")


def other_kind(file: h5py.File) -> None:
    place(file)["0"] = np.ones((3, 2), "int32")


def left_over(file: h5py.File) -> None:
    place(file)["0"] = np.ones((3, 2), "float32")
    file["layers/other/vars/0"] = np.ones(3, "float32")


def lacking(file: h5py.File) -> None:
    place(file)


CASES: tuple[Callable[[h5py.File], None], ...] = (
    external_link,
    soft_link,
    external_group,
    external_storage,
    virtual,
    bomb,
    chunked_bomb,
    circle,
    twice,
    deep,
    lzf,
    scale_offset,
    fletcher,
    strings,
    references,
    compound,
    named_type,
    opaque,
    other_shape,
    other_kind,
    left_over,
    lacking,
)
