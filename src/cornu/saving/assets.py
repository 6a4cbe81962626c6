"""Files of layers' own, as vocabularies: what `save_assets(folder)` writes, `load_assets` reads.

They lie below `assets/` under the path that the layer has in the weights file. A layer sees a
private temporary folder only, which is gone afterwards, and only a layer that reads files gets any.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from cornu.saving import container, parts
from cornu.saving.damage import FileError, UnsafeError, listed, shown

MAX_TOTAL = 1 << 30  # bytes of all files of layers together


class Box(Protocol):
    """What members are read from: an archive or a folder."""

    @property
    def assets(self) -> Mapping[str, int]:
        """Size of each member below `assets/`, by name."""
        ...

    def open(self, name: str) -> contextlib.AbstractContextManager[Any]:
        """A member as a file."""
        ...


@contextlib.contextmanager
def collected(model: Any) -> Iterator[dict[str, str]]:
    """Let the layers of a model write their files: path of each on the disk by its member's name.

    Args:
        model: the model.

    Raises:
        ValueError: for a file with a name, or of a kind or size, that would not be read again.
    """
    writers = [(path, part) for path, part in parts.walk(model) if hasattr(part, "save_assets")]
    if not writers:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="assets-") as folder:
        for path, part in writers:
            own = os.path.join(folder, *_place(path).split("/"))
            os.makedirs(own, exist_ok=True)
            part.save_assets(own)
        found = dict(_written(folder))
        if len(found) > container.MAX_MEMBERS - 3:
            raise ValueError(f"the layers have {len(found)} files; fewer would be read again")
        yield found


def load(model: Any, box: Box, what: str) -> None:
    """Hand the layers of a model their files.

    Args:
        model: the model.
        box: the archive or folder, its names already checked.
        what: its name in messages.

    Raises:
        FileError: for files that no layer reads, or larger ones than are read.
    """
    found = box.assets
    if not found:
        return
    readers = [(_place(p), part) for p, part in parts.walk(model) if hasattr(part, "load_assets")]
    wanted = {place: [n for n in found if n.startswith(f"{place}/")] for place, _ in readers}
    left = set(found).difference(*wanted.values())
    if left:
        raise FileError(f"{what} has files of layers that none of the model reads: {listed(left)}")
    if max(found.values()) > container.MAX_ASSET or sum(found.values()) > MAX_TOTAL:
        raise UnsafeError(f"{what} has larger files of layers than are read")
    with tempfile.TemporaryDirectory(prefix="assets-") as folder:
        for name, size in found.items():
            _copy(box, name, size, os.path.join(folder, *name.split("/")))
        for place, part in readers:
            if wanted[place]:
                part.load_assets(os.path.join(folder, *place.split("/")))


def _place(path: str) -> str:
    return f"assets/{path}" if path else "assets"


def _written(folder: str) -> Iterator[tuple[str, str]]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(place, name)
            member = os.path.relpath(path, folder).replace(os.sep, "/")
            if not container.is_usual(member):
                raise ValueError(
                    f"a layer's file must have a name of letters, digits and '_', '.', '-' alone. "
                    f"Received: '{shown(member)}'"
                )
            if os.path.islink(path) or os.path.getsize(path) > container.MAX_ASSET:
                raise ValueError(f"a layer's file is a link, or too large: '{shown(member)}'")
            yield member, path


def _copy(box: Box, name: str, size: int, path: str) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with box.open(name) as source, open(path, "xb") as target:
        while piece := source.read(min(size, 1 << 20)):
            size -= len(piece)
            target.write(piece)
