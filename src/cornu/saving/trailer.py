"""Checksums behind an HDF5 file: where its readers do not look, so that all of them still read it.

The trailer is a line of JSON between two marks, after the last byte that HDF5 knows of:

    {"bytes": 40436, "sha256": "...", "arrays": {"layers/dense/vars/0": [800, 48, 30541], ...}}

`sha256` covers all bytes before the trailer, so any flipped byte is seen before the file is
parsed at all; place, size and CRC-32 of each array's bytes then tell which array was hit. HDF5 cuts
the trailer off when a file is opened for writing, so a file that was edited on purpose has none and
loads unchecked, as files of other writers do.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from typing import Any, BinaryIO

from cornu.saving import passes, plain_json
from cornu.saving.damage import FileError

_START = b"\ncornu-checksums "
_END = b"cornu-end\n"
_LENGTH = struct.Struct("<I")
_MAX = 64 << 20


Place = tuple[int, int, int]  # offset, size and CRC-32 of the bytes of an array


def append(file: BinaryIO, arrays: dict[str, Place]) -> None:
    """Write the trailer behind the content of `file`.

    Args:
        file: open for writing and reading.
        arrays: where each array is and its checksum, by its path.
    """
    size = file.seek(0, os.SEEK_END)
    text = json.dumps(
        {"bytes": size, "sha256": passes.sha256(file, size), "arrays": arrays}
    ).encode()
    file.seek(0, os.SEEK_END)
    file.write(_START + text + b"\n" + _LENGTH.pack(len(text)) + _END)


def read(file: BinaryIO) -> dict[str, Any] | None:
    """What the trailer says, or None where there is no whole one."""
    size = file.seek(0, os.SEEK_END)
    tail = len(_END) + _LENGTH.size + 1
    if size < tail + len(_START):
        return None
    file.seek(size - tail)
    end = file.read(tail)
    if not end.endswith(_END) or end[:1] != b"\n":
        return None
    (length,) = _LENGTH.unpack(end[1 : 1 + _LENGTH.size])
    start = size - tail - length - len(_START)
    if length > _MAX or start < 0:
        return None
    file.seek(start)
    content = file.read(len(_START) + length)
    if not content.startswith(_START):
        return None
    try:
        found = plain_json.parse(content[len(_START) :], "the checksums")
    except FileError:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("arrays"), dict):
        return None
    return found if type(found.get("bytes")) is int and found["bytes"] == start else None


def is_intact(file: BinaryIO, trailer: dict[str, Any]) -> bool:
    """Whether the bytes before the trailer are those that it was written for."""
    return passes.sha256(file, trailer["bytes"]) == trailer.get("sha256")


def damaged_arrays(file: BinaryIO, trailer: dict[str, Any]) -> list[str]:
    """Paths of the arrays whose bytes are not those that were written."""
    found, left = [], trailer["bytes"]  # arrays do not overlap
    for path, place in trailer["arrays"].items():
        is_place = (
            isinstance(place, list) and len(place) == 3 and all(type(n) is int for n in place)
        )
        if not is_place or not 0 <= place[0] <= place[0] + place[1] <= trailer["bytes"]:
            continue
        left -= place[1]
        if left < 0:
            break
        file.seek(place[0])
        if zlib.crc32(file.read(place[1])) != place[2]:
            found.append(path)
    return found
