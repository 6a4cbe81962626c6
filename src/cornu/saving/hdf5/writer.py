"""Writes HDF5 files with their checksums: the one place where the HDF5 library is used.

It makes files and reads none; those are read by `hdf5.py` and the files beside it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import h5py
import numpy as np

from cornu.saving import trailer
from cornu.saving.hdf5.types import WIDTHS


def write(
    file: BinaryIO,
    arrays: Iterable[tuple[str, Any, str]],
    attributes: Mapping[str, Mapping[str, Any]],
) -> None:
    """Write an HDF5 file with its checksums.

    Args:
        file: empty, open for writing and reading.
        arrays: (path, array, dtype name) each; made one at a time, so that a generator can bring
            values from a device piece by piece.
        attributes: by path of a group, which is made even if it holds no arrays.
    """
    target = _Noting(file)
    try:
        with h5py.File(target, "w") as h5:
            places = _fill(h5, arrays, attributes)
    except Exception:
        target.check()  # what HDF5 says of a disk's error helps nobody
        raise
    target.check()
    trailer.append(file, places)


def _fill(
    h5: h5py.File,
    arrays: Iterable[tuple[str, Any, str]],
    attributes: Mapping[str, Mapping[str, Any]],
) -> dict[str, trailer.Place]:
    """Write groups and arrays; gives place, size and checksum of each array's bytes."""
    places: dict[str, trailer.Place] = {}
    for path, values in attributes.items():
        group = h5.require_group(path) if path else h5
        for name, value in values.items():
            _set_attribute(group, name, value)
    for path, array, dtype in arrays:
        array = np.asarray(array)
        raw = dtype in WIDTHS
        dataset = h5.create_dataset(path, data=array.view(f"V{WIDTHS[dtype]}") if raw else array)
        if raw:
            dataset.attrs["dtype"] = dtype
        if array.size:
            places[path] = (dataset.id.get_offset(), array.nbytes, _checksum(array))
    return places


def _checksum(array: np.ndarray) -> int:
    return zlib.crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)


class _Noting:
    """A file for HDF5 to write to, which cannot bear errors: the first is kept for afterwards."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._error: OSError | None = None

    def seek(self, offset: int, whence: int = 0) -> int:
        # A buffered file writes when it is moved about.
        return self._guarded(lambda place: self._file.seek(place, whence), offset, offset)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        return self._guarded(self._file.read, size, b"")

    def readinto(self, target: Any) -> int:
        return self._guarded(self._file.readinto, target, 0)  # type: ignore[attr-defined]

    def write(self, data: Any) -> int:
        return self._guarded(self._file.write, data, len(data))

    def truncate(self, size: int) -> int:
        return self._guarded(self._file.truncate, size, size)

    def flush(self) -> None:
        self._guarded(lambda _: self._file.flush(), None, 0)

    def _guarded(self, call: Any, argument: Any, otherwise: Any) -> Any:
        if self._error is None:
            try:
                return call(argument)
            except OSError as error:
                self._error = error
        return otherwise

    def check(self) -> None:
        """Raise the error that there was, if any."""
        if self._error is not None:
            raise self._error


_ATTRIBUTE_LIMIT = 64512  # bytes; HDF5 keeps small attributes in the object's header


def _set_attribute(group: h5py.Group, name: str, value: Any) -> None:
    """A text or number as it is; a list of text as bytes, in pieces where it is long."""
    if not isinstance(value, list):
        group.attrs[name] = value
        return
    items = [text.encode("utf-8") for text in value]
    width = max(map(len, items), default=1)
    pieces = max(1, -(-width * len(items) // _ATTRIBUTE_LIMIT))
    if pieces == 1:
        group.attrs[name] = np.array(items, dtype=f"S{max(width, 1)}")
        return
    for i, part in enumerate(np.array_split(np.array(items), pieces)):
        group.attrs[f"{name}{i}"] = part
