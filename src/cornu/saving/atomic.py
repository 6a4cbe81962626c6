"""Atomic writes: a path holds the old file or the new one, whole, whatever happens in between.

The new content goes into a file of its own beside the old one, is forced to the disk, and takes the
old one's place in a single rename. Nothing here imports NumPy or JAX, so that thousands of
interrupted writes can be tried cheaply.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_NO_RIGHT = (errno.EROFS, errno.EACCES, errno.EPERM)


class WriteError(OSError):
    """A file could not be written; what stood at the path before is untouched."""


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A file open for writing and reading that becomes `path` when the block ends without error.

    A symbolic link at `path` stays one: the file that it leads to is replaced. The old file's
    permissions are kept.

    Args:
        path: where the file is to stand.

    Raises:
        WriteError: if the disk is full, the folder is read-only or missing, or writing fails.
    """
    target = os.path.realpath(os.fspath(path))
    folder, name = os.path.split(target)
    with _explained(path):
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, "there is a folder of that name", target)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:80]}.", suffix=".new", dir=folder)
        try:
            with open(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fchmod(file.fileno(), _mode_for(target))
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(folder)


@contextlib.contextmanager
def scratch(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A nameless file in the folder of `path`, gone when the block ends."""
    folder = os.path.dirname(os.path.realpath(os.fspath(path)))
    with _explained(path), tempfile.TemporaryFile(dir=folder) as file:
        yield file  # type: ignore[misc]


def _mode_for(target: str) -> int:
    """The permissions of the old file; for a new one what the process's mask leaves of 0666."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: str) -> None:
    """Force the rename itself to the disk; some file systems cannot, which is no error."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _explained(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        before = "the file that was there is unchanged" if os.path.exists(path) else "no file made"
        reason = error.strerror or str(error)
        if error.errno in _NO_ROOM:
            reason = f"no space left on the disk ({reason})"
        elif error.errno in _NO_RIGHT:
            reason = f"the folder cannot be written to ({reason})"
        elif error.errno == errno.ENOENT:
            reason = f"the folder does not exist ({reason})"
        raise WriteError(error.errno, f"not saved: {reason}; {before}", os.fspath(path)) from error
