"""Atomic writes of folders: a path holds the old folder or the new one, whole.

The new folder is made beside the old one, forced to the disk, and changes places with it in a
single step. Where the system has no such step the old one is moved aside first; it is then missing
for the time between two renames.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator

from cornu.core.exchange import exchange
from cornu.saving import atomic


@contextlib.contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[str]:
    """Path of an empty folder that becomes `path` when the block ends without error.

    Args:
        path: where the folder is to stand; a symbolic link there stays one.

    Raises:
        WriteError: if the disk is full, the folder around it is read-only, or writing fails.
    """
    target = os.path.realpath(os.fspath(path))
    parent, name = os.path.split(target)
    with atomic.explained(path):
        if os.path.lexists(target) and not os.path.isdir(target):
            raise NotADirectoryError(errno.ENOTDIR, "there is a file of that name", target)
        made = tempfile.mkdtemp(prefix=f".{name[:80]}.", suffix=".new", dir=parent)
        try:
            yield made
            os.chmod(made, atomic.mode_for(target, 0o777))
            _sync(made)
            _take_place(made, target)
        except BaseException:
            _discard(made)
            raise
        atomic.confirm(path)
        _discard(made)  # the old content, now


def _take_place(made: str, target: str) -> None:
    """Let the new folder stand at `target`, and the old one, if any, where the new one was."""
    try:
        os.rename(made, target)  # works where there is none, or an empty one
        return
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
    if exchange(made, target):
        return
    aside = f"{made[:-4]}.old"
    os.rename(target, aside)
    try:
        os.rename(made, target)
    except OSError:
        os.rename(aside, target)
        raise
    os.rename(aside, made)


def _discard(folder: str) -> None:
    with contextlib.suppress(OSError):  # what cannot be deleted stays, under a hidden name
        shutil.rmtree(folder)


def _sync(folder: str) -> None:
    """Force all files and folders below to the disk."""
    for place, _, names in os.walk(folder, topdown=False):
        for name in [*names, "."]:
            atomic.force(os.path.join(place, name))
