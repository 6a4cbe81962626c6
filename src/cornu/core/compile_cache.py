"""The persistent compile cache: what one process compiled, the next one reads.

JAX decides what is stored and under which key (the program, the compiler's version and options, the
processor). Where it is stored is decided here: files in a folder that only its user may write to,
each with a checksum, written under another name first, the oldest deleted when there are too many.
Whatever goes wrong with a file, the program is compiled as if there were no cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import stat
import sys
import tempfile
import threading
import time

import jax
from jax._src import compilation_cache as jax_cache

from cornu.errors import warn
from cornu.settings import settings

_SUFFIX = ".xla"
_DIGEST = hashlib.sha256().digest_size
_WORTH_KEEPING = 0.1  # seconds of compilation; less is compiled again in about the same time
_STALE = 3600.0  # seconds after which a file that was never finished is deleted
_ROOM = 0.8  # share of the limit that is left filled when old files are deleted


class Store:
    """Programs by key, in the form that JAX asks a cache for.

    Args:
        directory: a private folder.
        max_bytes: the most that its files may take together.
    """

    def __init__(self, directory: pathlib.Path, max_bytes: int) -> None:
        self._path = directory
        self._max_bytes = max_bytes
        self._size: int | None = None  # of all files, as far as this process knows
        self._writable = True
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """The program, or None where there is none that is whole."""
        path = self._path / f"{key}{_SUFFIX}"
        try:
            data = path.read_bytes()
        except OSError:
            return None
        digest, program = data[:_DIGEST], data[_DIGEST:]
        if hashlib.sha256(program).digest() != digest:
            _delete(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # the age of a file is the time since its last use
        return program

    def put(self, key: str, value: bytes) -> None:
        """Store a program, or do nothing where that cannot be done."""
        if not self._writable or len(value) > self._max_bytes * _ROOM:
            return
        data = hashlib.sha256(value).digest() + value
        try:
            _write(self._path / f"{key}{_SUFFIX}", data)
        except OSError:
            self._writable = False  # a full or read-only disk is not asked again and again
            return
        with self._lock:
            self._size = self._measure() if self._size is None else self._size + len(data)
            if self._size > self._max_bytes:
                self._size = self._delete_oldest()

    def _measure(self) -> int:
        return sum(size for _, size, _ in self._files())

    def _delete_oldest(self) -> int:
        """Delete the files that were not used for longest; gives the size of the rest."""
        files = sorted(self._files())
        size = sum(size for _, size, _ in files)
        for _, own, path in files:
            if size <= self._max_bytes * _ROOM:
                break
            _delete(path)
            size -= own
        return size

    def _files(self) -> list[tuple[float, int, pathlib.Path]]:
        """Time of last use, size and path of every program; leftovers of dead writers go."""
        found = []
        with contextlib.suppress(OSError), os.scandir(self._path) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    status = entry.stat()
                    if entry.name.endswith(_SUFFIX):
                        found.append((status.st_mtime, status.st_size, pathlib.Path(entry.path)))
                    elif status.st_mtime < time.time() - _STALE:
                        _delete(pathlib.Path(entry.path))
        return found


def _write(path: pathlib.Path, data: bytes) -> None:
    """Write a file whole or not at all: readers see the old one until the new one is complete."""
    handle, unfinished = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(unfinished, path)
    except BaseException:
        _delete(pathlib.Path(unfinished))
        raise


def _delete(path: pathlib.Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def default_directory() -> pathlib.Path:
    """Where this system keeps what programs can make again, under our name."""
    home = pathlib.Path.home()
    if sys.platform == "darwin":
        caches = home / "Library" / "Caches"
    elif os.name == "nt":
        caches = pathlib.Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        caches = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return caches / "cornu" / "compiled"


def make_private(directory: pathlib.Path) -> bool:
    """Make the folder if it is not there; whether nobody else can write to it.

    A stored program is run, so whoever can write to the folder could run anything as its user.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "nt":
            return True
        status = directory.stat()
        if status.st_uid != os.getuid():
            return False
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            directory.chmod(0o700)
        return True
    except OSError:
        return False


def start() -> bool:
    """Let JAX use the cache, unless it was switched off or JAX was given another one; whether so.

    JAX knows one cache for the whole process, so programs that a user compiles with `jax.jit` are
    kept as well.
    """
    if settings.compile_cache is None or jax.config.values["jax_compilation_cache_dir"] is not None:
        return False
    chosen = settings.compile_cache
    directory = default_directory() if chosen == "default" else pathlib.Path(chosen)
    if not make_private(directory):
        if chosen != "default":
            warn(
                f"the compile cache is off: the folder '{directory}' cannot be made, or does not "
                "belong to the user of this process"
            )
        return False
    jax.config.update("jax_compilation_cache_dir", str(directory))
    if jax.config.values["jax_persistent_cache_min_compile_time_secs"] == 1.0:  # JAX's default
        jax.config.update("jax_persistent_cache_min_compile_time_secs", _WORTH_KEEPING)
    _hand_over(Store(directory, settings.compile_cache_bytes))
    return True


def _hand_over(store: Store) -> None:
    """Put our store in the place of JAX's own, which has no bound, checksum or whole writes.

    A JAX that keeps its cache elsewhere uses its own in the same folder.
    """
    if hasattr(jax_cache, "_cache") and hasattr(jax_cache, "_cache_initialized"):
        jax_cache.reset_cache()
        jax_cache._cache = store  # type: ignore[assignment]
        jax_cache._cache_initialized = True


def stop() -> None:
    """Use no cache from now on."""
    jax.config.update("jax_compilation_cache_dir", None)
    jax_cache.reset_cache()
