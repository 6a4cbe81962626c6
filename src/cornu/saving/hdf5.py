"""HDF5 files as plain descriptions: groups, their text attributes, and arrays not yet read.

Of HDF5's many features only those are followed that Keras's writers use: hard links to groups and
to plain numeric datasets, stored in one piece or in chunks with deflate and shuffle. The rest, as
external files, links, virtual datasets, references, other filters, is refused by name. The size of
a dataset is held against the bytes that are really there before anything is allocated.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

import h5py
import numpy as np
from h5py import h5d, h5z  # type: ignore[attr-defined]

from cornu.saving import passes, precheck, trailer
from cornu.saving.damage import DamagedError, FileError, UnsafeError, listed, shown

MAX_DEPTH = 64
MAX_OBJECTS = 1_000_000
MAX_NAME = 1024
MAX_INFLATION = 1100  # deflate itself cannot expand more
_FILTERS = {h5z.FILTER_DEFLATE, h5z.FILTER_SHUFFLE}
_LAYOUTS = {h5d.CONTIGUOUS, h5d.CHUNKED, h5d.COMPACT}
# Dtypes that NumPy lacks: Keras stores their raw bytes and the name in an attribute.
WIDTHS = {
    **dict.fromkeys(("bfloat16",), 2),
    **dict.fromkeys(("float8_e4m3fn", "float8_e5m2", "int4", "uint4"), 1),
}


@dataclasses.dataclass(frozen=True)
class StoredArray:
    """An array in a file: known by shape and dtype, read when asked."""

    path: str
    shape: tuple[int, ...]
    dtype: str
    _dataset: h5py.Dataset

    @property
    def nbytes(self) -> int:
        """Size of the values."""
        return math.prod(self.shape) * self._dataset.dtype.itemsize

    def read(self) -> np.ndarray:
        """The values; those of a dtype that NumPy lacks as raw bytes (`dtype` says which)."""
        try:
            return np.asarray(self._dataset[()])
        except (OSError, ValueError, RuntimeError) as error:
            raise DamagedError(f"array '{shown(self.path)}' cannot be read: {error}") from None


@dataclasses.dataclass
class Group:
    """What stands at one path of the file."""

    path: str
    attributes: Mapping[str, Any]
    arrays: dict[str, StoredArray]
    groups: dict[str, Group]

    def walk(self) -> Iterator[Group]:
        """This group and all below."""
        yield self
        for group in self.groups.values():
            yield from group.walk()

    def find(self, path: str) -> Group | None:
        """The group at a path below this one."""
        found: Group | None = self
        for part in filter(None, path.split("/")):
            found = found.groups.get(part) if found is not None else None
        return found

    def array(self, path: str) -> StoredArray | None:
        """The array at a path below this group."""
        parent, _, name = path.rpartition("/")
        group = self.find(parent)
        return group.arrays.get(name) if group is not None else None

    def all_arrays(self) -> Iterator[StoredArray]:
        """All arrays in this group and below."""
        for group in self.walk():
            yield from group.arrays.values()


class Reader:
    """An HDF5 file, checked and described; a context manager that closes it.

    Args:
        file: the file, open for reading in binary.
        what: its name in messages.

    Raises:
        DamagedError: if a checksum is wrong or it is no HDF5 file.
        UnsafeError: if it holds what loading never follows.
    """

    def __init__(self, file: BinaryIO, what: str) -> None:
        self.trailer = trailer.read(file)
        size = file.seek(0, 2)
        heaps = _check_bytes(file, size, self.trailer, what)
        try:
            precheck.check(file, size, what, heaps)
            self._h5 = h5py.File(file, "r")
        except FileError:
            raise
        except Exception as error:  # HDF5 has many ways to stumble over a damaged file
            raise DamagedError(f"{what} is damaged or no HDF5 file: {shown(error, 120)}") from None
        try:
            self.root = _Description(size).group(self._h5, "", 0)
        except FileError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise DamagedError(f"{what} is damaged: {shown(error, 120)}") from None

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._h5.close()


def _check_bytes(
    file: BinaryIO, size: int, sums: dict[str, Any] | None, what: str
) -> precheck.Heaps:
    """Compare the content with its digest, where it has one; gives where heaps may be."""
    heaps, digest = precheck.Heaps(), hashlib.sha256()
    covered = sums["bytes"] if sums is not None else 0
    passes.over(file, 0, covered, digest.update, heaps.look)
    passes.over(file, covered, size - covered, heaps.look)
    if sums is not None and digest.hexdigest() != sums.get("sha256"):
        wrong = trailer.damaged_arrays(file, sums)
        place = f"checksum of {listed(wrong)} is wrong" if wrong else "its checksum is wrong"
        raise DamagedError(f"{what} is damaged: {place}")
    return heaps


class _Description:
    """One walk over a file, with its bounds."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen: set[int] = set()
        self.stored = 0  # bytes of all arrays, as stored
        self.inflated = 0  # and as read

    def group(self, source: h5py.Group, path: str, depth: int) -> Group:
        if depth > MAX_DEPTH:
            raise UnsafeError(f"groups are nested deeper than {MAX_DEPTH} levels")
        found = Group(path, Attributes(source, path), {}, {})
        for name in map(str, source):
            inner = f"{path}/{name}" if path else name
            self._check_name(name, inner)
            link = source.get(name, getlink=True)
            if type(link) is not h5py.HardLink:
                raise UnsafeError(f"'{shown(inner)}' is a {type(link).__name__}, not stored here")
            self._once(source.id.links.get_info(name.encode()).u, inner)
            member = source[name]
            if isinstance(member, h5py.Group):
                found.groups[name] = self.group(member, inner, depth + 1)
            elif isinstance(member, h5py.Dataset):
                found.arrays[name] = self._array(member, inner)
            else:
                raise UnsafeError(f"'{shown(inner)}' is neither a group nor an array")
        return found

    def _once(self, address: int, path: str) -> None:
        if address in self.seen:
            raise UnsafeError(f"'{shown(path)}' is stored under two names")
        self.seen.add(address)
        if len(self.seen) > MAX_OBJECTS:
            raise UnsafeError(f"more than {MAX_OBJECTS} groups and arrays")

    @staticmethod
    def _check_name(name: str, path: str) -> None:
        usual = isinstance(name, str) and name.isprintable() and name not in (".", "..")
        if not usual or len(name) > MAX_NAME:
            raise UnsafeError(f"'{shown(path)}' has a name that no layer can have")

    def _array(self, dataset: h5py.Dataset, path: str) -> StoredArray:
        plist = dataset.id.get_create_plist()
        if plist.get_external_count():
            raise UnsafeError(f"array '{shown(path)}' points to another file")
        if plist.get_layout() not in _LAYOUTS:
            raise UnsafeError(f"array '{shown(path)}' is virtual: put together from other arrays")
        filters = {plist.get_filter(i)[0] for i in range(plist.get_nfilters())}
        if filters - _FILTERS:
            raise UnsafeError(f"array '{shown(path)}' uses HDF5 filters other than deflate")
        if dataset.shape is None:
            raise UnsafeError(f"'{shown(path)}' has no shape")
        found = StoredArray(path, tuple(dataset.shape), _dtype(dataset, path), dataset)
        self._check_size(dataset, plist.get_layout(), found)
        return found

    def _check_size(self, dataset: h5py.Dataset, layout: int, found: StoredArray) -> None:
        stored = dataset.id.get_storage_size()
        whole = stored == found.nbytes
        if layout == h5d.CHUNKED:
            pieces: tuple[int, ...] = dataset.chunks or ()
            chunks = math.prod(
                -(-size // piece) for size, piece in zip(found.shape, pieces, strict=True)
            )
            whole = dataset.id.get_num_chunks() == chunks
            self.inflated += chunks * math.prod(pieces) * dataset.dtype.itemsize
        elif layout == h5d.CONTIGUOUS and found.nbytes:
            offset = dataset.id.get_offset()
            whole = whole and offset is not None and offset + stored <= self.size
        self.stored += stored
        if not whole:
            raise DamagedError(
                f"array '{shown(found.path)}' of shape {shown(found.shape)} is not stored in full"
            )
        if self.stored > self.size or self.inflated > MAX_INFLATION * self.size:
            raise UnsafeError(f"array '{shown(found.path)}' is larger than the file can hold")


def _dtype(dataset: h5py.Dataset, path: str) -> str:
    dtype = dataset.dtype
    if dtype.kind in "fiub" and dtype.subdtype is None:
        return dtype.newbyteorder("=").name
    if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None:
        name = _text(dataset.attrs.get("dtype"))
        if WIDTHS.get(name) == dtype.itemsize:
            return name
    raise UnsafeError(f"array '{shown(path)}' holds {shown(dtype)}, not numbers")


class Attributes(Mapping[str, Any]):
    """Texts, numbers and lists of text beside a group, each read when asked for.

    Loading weights asks for none: the HDF5 library is at its weakest where it follows texts.
    """

    def __init__(self, group: h5py.Group, path: str) -> None:
        self._group, self._path = group, path

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self._group.attrs

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(name)
        try:
            return _plain(self._group.attrs[name])
        except (OSError, TypeError, ValueError) as error:
            raise DamagedError(
                f"attribute '{shown(name)}' of '{shown(self._path)}' cannot be read: {shown(error)}"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._group.attrs)

    def __len__(self) -> int:
        return len(self._group.attrs)


def _plain(value: Any) -> Any:
    """Text, a number or a list of text; None for anything else."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "OSU":
        return [_text(item) for item in value.ravel()]
    if isinstance(value, np.ndarray) and not value.size:
        return []
    if isinstance(value, str | bytes):
        return _text(value)
    return value.item() if isinstance(value, np.bool_ | np.integer | np.floating) else None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


# -- writing ---------------------------------------------------------------------------------------


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
