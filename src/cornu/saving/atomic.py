"""Atomic writes: a path holds the old file or the new one, whole, whatever happens in between.

The new content goes into a file of its own beside the old one, is forced to the disk, and takes the
old one's place in a single rename. Nothing here imports NumPy or JAX, so that thousands of
interrupted writes can be tried cheaply.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_DISK_FAILED = (errno.EIO, *_NO_ROOM)
_NO_RIGHT = (errno.EROFS, errno.EACCES, errno.EPERM)


class WriteError(OSError):
    """A file could not be written; what stood at the path before is untouched."""


class UnconfirmedError(WriteError):
    """The new file stands in the old one's place, whole, but may not survive a loss of power."""


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
    with explained(path):
        if os.path.isdir(target):
            raise IsADirectoryError(errno.EISDIR, "there is a folder of that name", target)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:80]}.", suffix=".new", dir=folder)
        try:
            with open(descriptor, "w+b") as file:
                yield file
                file.flush()
                os.fchmod(file.fileno(), mode_for(target, 0o666))
                os.fsync(file.fileno())
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        confirm(path)


def link(source: str, path: str) -> None:
    """Let the content of a file stand at a second path too, in the same folder, atomically.

    A hard link where the file system has them, else a copy.

    Args:
        source: the file.
        path: the second path; what is there is replaced.

    Raises:
        WriteError: as `replacing`.
    """
    folder, name = os.path.split(path)
    temporary = os.path.join(folder, f".{name[:80]}.{os.urandom(6).hex()}.new")
    try:
        os.link(source, temporary)
    except OSError:  # not every file system has hard links
        with replacing(path) as target, open(source, "rb") as content:
            shutil.copyfileobj(content, target)
        return
    with explained(path):
        try:
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)  # replacing a link by one to the same file does nothing
        confirm(path)


@contextlib.contextmanager
def alone(folder: str) -> Iterator[None]:
    """Wait until no other process is in such a block for this folder.

    For writes of several files. Where the system or the file system has no locks nothing is waited
    for; a process that dies holds none.

    Args:
        folder: the folder.
    """
    with contextlib.ExitStack() as stack:
        if fcntl is not None:
            with contextlib.suppress(OSError):
                descriptor = os.open(folder or ".", os.O_RDONLY)
                stack.callback(_close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # it is closed whatever the system says
        os.close(descriptor)


def mode_for(target: str, usual: int) -> int:
    """The permissions of what is at a path; where nothing is, what the process's mask leaves."""
    try:
        return stat.S_IMODE(os.stat(target).st_mode)
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return usual & ~mask


def force(path: str) -> None:
    """Have a file or folder written to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def confirm(path: str | os.PathLike[str]) -> None:
    """Force the renaming of a file to the disk; some file systems cannot, which is no error.

    Raises:
        UnconfirmedError: if the disk fails.
    """
    try:
        force(os.path.dirname(os.path.realpath(os.fspath(path))))
    except OSError as error:
        if error.errno in _DISK_FAILED:
            raise UnconfirmedError(
                error.errno,
                f"the new file is in place, but the disk failed to confirm it ({error.strerror}): "
                "save it again, elsewhere",
                os.fspath(path),
            ) from error


@contextlib.contextmanager
def explained(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors of the system in this block into a `WriteError` of `path`."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        if error.errno is None:
            raise
        raise failure(error, path) from error


def failure(error: OSError, path: str | os.PathLike[str]) -> WriteError:
    """What to raise where an error has kept `path` as it was.

    Args:
        error: of the system, or what `replacing` another file made of one.
        path: the file, or folder, that was to be replaced.
    """
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    reason = cause.strerror or str(cause)
    if cause.errno in _NO_ROOM:
        reason = f"no space left on the disk ({reason})"
    elif cause.errno in _NO_RIGHT:
        reason = f"the folder cannot be written to ({reason})"
    elif cause.errno == errno.ENOENT:
        reason = f"the folder does not exist ({reason})"
    there = "folder" if os.path.isdir(path) else "file"
    before = f"the {there} that was there is unchanged" if os.path.exists(path) else "no file made"
    return WriteError(cause.errno, f"not saved: {reason}; {before}", os.fspath(path))
