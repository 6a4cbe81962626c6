"""The `.keras` container: a zip file with a few members of known names, never extracted.

`config.json` says what the model is, `metadata.json` who wrote it, `model.weights.h5` holds its
values; files of layers that keep some lie below `assets/`.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, cast

from cornu.saving import trailer
from cornu.saving.damage import DamagedError, UnsafeError, listed, shown
from cornu.saving.zip_writer import ZipWriter

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_JSON = 64 << 20
MAX_ASSET = 256 << 20
MAX_RATIO = 200  # how far a compressed member may expand, beyond the first megabyte
MAX_MEMBERS = 10_000
_ASSET = re.compile(r"assets(/[A-Za-z0-9_.-]{1,255}){0,16}/?")
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_PIECE = 1 << 20


class Container:
    """An open `.keras` file whose list of members has been checked.

    Args:
        file: open for reading in binary.

    Raises:
        DamagedError: if it is no whole zip file or lacks a member.
        UnsafeError: for members of other names, twice the same, links, or too large ones.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        try:
            self._zip = zipfile.ZipFile(file)
            members = self._zip.infolist()
        except Exception as error:  # zipfile has many ways to stumble over a damaged file
            raise DamagedError(
                f"the file is damaged or no .keras file: {shown(error, 120)}"
            ) from None
        self._members = _checked(members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    @property
    def assets(self) -> dict[str, int]:
        """Size of each member below `assets/`, folders left out, by name."""
        return {
            name: info.file_size
            for name, info in self._members.items()
            if name.startswith("assets/") and not name.endswith("/")
        }

    def read(self, name: str, limit: int = MAX_JSON) -> bytes:
        """The content of a member.

        Raises:
            DamagedError: if its checksum is wrong.
            UnsafeError: if it is larger than `limit`.
        """
        info = self._info(name)
        if info.file_size > limit:
            raise UnsafeError(f"{name} has {info.file_size} bytes; at most {limit} are read")
        with self.open(name) as source:
            return source.read()

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A member as a file, checked against its checksum; compressed ones are unpacked first."""
        info = self._info(name)
        if info.compress_type == zipfile.ZIP_STORED:
            part = cast(BinaryIO, _Part(self._file, _data_start(self._file, info), info.file_size))
            # Weights with checksums of their own are compared with those, by their reader.
            has_own = name == WEIGHTS and trailer.read(part) is not None
            part.seek(0)
            if not has_own and _crc(part) != info.CRC:
                raise DamagedError(f"{name} is damaged: its checksum is wrong")
            part.seek(0)
            yield part
            return
        with tempfile.SpooledTemporaryFile(max_size=64 << 20) as unpacked:
            self._unpack(info, cast(BinaryIO, unpacked))
            unpacked.seek(0)
            yield cast(BinaryIO, unpacked)

    def _info(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise DamagedError(f"{name} is missing in the file")
        return self._members[name]

    def _unpack(self, info: zipfile.ZipInfo, target: BinaryIO) -> None:
        left = info.file_size
        try:
            with self._zip.open(info) as source:
                while piece := source.read(_PIECE):
                    left -= len(piece)
                    if left < 0:
                        break
                    target.write(piece)
        except Exception as error:
            raise DamagedError(f"{info.filename} is damaged: {shown(error, 120)}") from None
        if left:
            raise DamagedError(f"{info.filename} does not have the size that the file declares")


def _checked(members: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(members) > MAX_MEMBERS:
        raise UnsafeError(f"the file has {len(members)} members; a model has three")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in members:
        name = info.filename
        if info.orig_filename != name or not is_usual(name):
            raise UnsafeError(f"the file has a member '{shown(name)}', which no model has")
        if name in found:
            raise UnsafeError(f"the file has the member '{name}' twice")
        _check(info)
        found[name] = info
    missing = [name for name in (CONFIG, WEIGHTS) if name not in found]
    if missing:
        raise DamagedError(f"{listed(missing)} missing: this is no whole .keras file")
    return found


def _check(info: zipfile.ZipInfo) -> None:
    """Refuse a member that is more, or less, than a plain file."""
    name = info.filename
    if info.flag_bits & 0x1:
        raise UnsafeError(f"{name} is encrypted")
    if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000, 0o040000):
        raise UnsafeError(f"{name} is a link or a device")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise UnsafeError(f"{name} is compressed by other means than deflate")
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise DamagedError(f"{name} does not have the size that the file declares")
    if info.file_size > (1 << 20) + MAX_RATIO * info.compress_size:
        raise UnsafeError(f"{name} expands to {info.file_size} bytes, which no model does")


def is_usual(name: str) -> bool:
    """Whether a member of a model may have this name."""
    if name in (CONFIG, METADATA, WEIGHTS):
        return True
    parts = name.rstrip("/").split("/")
    return _ASSET.fullmatch(name) is not None and not {".", ".."}.intersection(parts)


def _data_start(file: BinaryIO, info: zipfile.ZipInfo) -> int:
    file.seek(max(0, info.header_offset))
    header = file.read(_LOCAL_HEADER.size)
    if (
        info.header_offset < 0
        or len(header) < _LOCAL_HEADER.size
        or not header.startswith(b"PK\x03\x04")
    ):
        raise DamagedError(f"{info.filename} is not where the file says it is")
    _, name, extra = _LOCAL_HEADER.unpack(header)
    if file.read(name) != info.filename.encode("utf-8"):
        raise DamagedError(f"{info.filename} goes by two names in the file")
    return info.header_offset + _LOCAL_HEADER.size + name + extra


def _crc(file: BinaryIO) -> int:
    found = 0
    while piece := file.read(_PIECE):
        found = zlib.crc32(piece, found)
    return found


class _Part:
    """A stretch of a file, as a file to read."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self._size, self._place = file, start, size, 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        return self._place

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._place)
        self._file.seek(self._start + self._place)
        found = self._file.read(left if size is None or size < 0 else min(size, left))
        self._place += len(found)
        return found

    def readinto(self, target: Any) -> int:
        view = memoryview(target).cast("B")
        wanted = min(len(view), max(0, self._size - self._place))
        self._file.seek(self._start + self._place)
        count = self._file.readinto(view[:wanted])  # type: ignore[attr-defined]
        self._place += count
        return count


def write(
    file: BinaryIO,
    texts: Mapping[str, bytes],
    values: Callable[[BinaryIO], object],
    assets: Mapping[str, str],
) -> None:
    """Write a container.

    Args:
        file: empty, open for writing and reading.
        texts: `config.json` and `metadata.json`.
        values: writes `model.weights.h5` into a file, open for writing and reading.
        assets: paths of the files that become members below `assets/`, by the members' names.
    """
    target = ZipWriter(file)
    for name, content in texts.items():
        target.add(name, content)
    with target.member(WEIGHTS) as member:
        values(member)
    for name, path in assets.items():
        with open(path, "rb") as source, target.member(name) as member:
            shutil.copyfileobj(source, member)
    target.finish()
