"""A model as a folder: the members of the `.keras` archive as files, `zipped=False` in Keras.

`metadata.json` then holds the SHA-256 of every other file, so that files of two models are never
read as one. Nothing in a folder is followed: links, devices and names of other files are refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from cornu.saving import passes, plain_json, trailer
from cornu.saving.container import (
    CONFIG,
    MAX_JSON,
    MAX_MEMBERS,
    METADATA,
    WEIGHTS,
    is_usual,
)
from cornu.saving.damage import DamagedError, UnsafeError, listed, shown

_DIGESTS = "sha256"
# A pipe is not waited for, a link not followed, where the system knows these words.
_CAREFUL = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Folder:
    """A model's folder whose list of files has been checked.

    Args:
        path: of the folder.

    Raises:
        DamagedError: if a file is missing.
        UnsafeError: for files of other names, links and the like.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._sizes = dict(_files(path, "", 0))
        if len(self._sizes) > MAX_MEMBERS:
            raise UnsafeError(f"the folder has {len(self._sizes)} files; a model has three")
        missing = [name for name in (CONFIG, WEIGHTS) if name not in self._sizes]
        if missing:
            raise DamagedError(f"{listed(missing)} missing: this is no whole model's folder")
        self._digests = self._read_digests()

    @property
    def assets(self) -> dict[str, int]:
        """Size of each file below `assets/`, by its name."""
        return {name: size for name, size in self._sizes.items() if name.startswith("assets/")}

    @property
    def weights_digest(self) -> str | None:
        """The digest that the weights were saved with, as their own checksums say it."""
        return self._digests.get(WEIGHTS)

    def __contains__(self, name: str) -> bool:
        return name in self._sizes

    def read(self, name: str, limit: int = MAX_JSON) -> bytes:
        """The content of a file.

        Raises:
            DamagedError: if it is not what was saved.
            UnsafeError: if it is larger than `limit`.
        """
        if self._sizes.get(name, 0) > limit:
            raise UnsafeError(f"{name} has {self._sizes[name]} bytes; at most {limit} are read")
        with self.open(name) as source:
            return source.read(limit)

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file of the folder, compared with its digest (the weights have one of their own)."""
        if name not in self._sizes:
            raise DamagedError(f"{name} is missing in the folder")
        path = os.path.join(self._path, *name.split("/"))
        try:
            descriptor = os.open(path, os.O_RDONLY | _CAREFUL)
        except OSError as error:
            raise UnsafeError(f"{name} cannot be opened: {error.strerror}") from None
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UnsafeError(f"{name} is no plain file")
            self._check_digest(name, file)
            yield file

    def _check_digest(self, name: str, file: BinaryIO) -> None:
        if name in (METADATA, WEIGHTS) or not self._digests:
            return
        if passes.sha256(file, file.seek(0, os.SEEK_END)) != self._digests.get(name):
            raise DamagedError(
                f"{name} is not what was saved: its checksum is wrong. Delete '{_DIGESTS}' in "
                f"{METADATA} if you changed it on purpose"
            )
        file.seek(0)

    def _read_digests(self) -> dict[str, str]:
        if METADATA not in self._sizes:
            return {}
        self._digests = {}
        metadata = plain_json.parse(self.read(METADATA), METADATA)
        found = metadata.get(_DIGESTS) if isinstance(metadata, dict) else None
        if not isinstance(found, dict):
            return {}
        missing = sorted(set(found) - set(self._sizes))
        if missing:
            raise DamagedError(f"{listed(missing)} missing: this is no whole model's folder")
        return found


def is_one(path: str) -> bool:
    """Whether a folder looks like a model's."""
    return os.path.isfile(os.path.join(path, CONFIG))


def others(path: str) -> list[str]:
    """What is in a folder that no model's has: it is not to be replaced then."""
    return sorted(set(os.listdir(path)) - {CONFIG, METADATA, WEIGHTS, "assets"})


def write(
    path: str,
    texts: Mapping[str, bytes],
    metadata: Mapping[str, Any],
    values: Callable[[BinaryIO], None],
    assets: Mapping[str, str],
) -> None:
    """Write a model's files into an empty folder.

    Args:
        path: of the folder.
        texts: content of files by name.
        metadata: who writes the folder; digests are added to it.
        values: writes the weights, with their checksums, into an empty file.
        assets: paths of the layers' files by their names in the folder.
    """
    with open(os.path.join(path, WEIGHTS), "x+b") as file:
        values(file)
        digests = {WEIGHTS: (trailer.read(file) or {})["sha256"]}
    contents = dict(texts)
    for name, source in assets.items():
        with open(source, "rb") as file:
            contents[name] = file.read()
    for name, content in contents.items():
        digests[name] = hashlib.sha256(content).hexdigest()
        _put(path, name, content)
    _put(path, METADATA, json.dumps({**metadata, _DIGESTS: digests}).encode())


def _put(folder: str, name: str, content: bytes) -> None:
    path = os.path.join(folder, *name.split("/"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "xb") as file:
        file.write(content)


def _files(folder: str, inner: str, depth: int) -> Iterator[tuple[str, int]]:
    """(name, size) of every file of a folder and those below."""
    with os.scandir(os.path.join(folder, *inner.split("/")) if inner else folder) as entries:
        for entry in entries:
            name = f"{inner}/{entry.name}" if inner else entry.name
            if not is_usual(name) or depth > 18:
                raise UnsafeError(f"the folder has '{shown(name)}', which no model has")
            mode = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(mode.st_mode) and name.startswith("assets"):
                yield from _files(folder, name, depth + 1)
            elif stat.S_ISREG(mode.st_mode):
                yield name, mode.st_size
            else:
                raise UnsafeError(f"{shown(name)} is no plain file")
