"""The index of weights in several files, read within bounds: which files, with what digests."""

from __future__ import annotations

import re
from typing import Any

from cornu.saving import plain_json
from cornu.saving.damage import FileError, UnsafeError, shown

MAX_BYTES = 64 << 20
_SHARD = re.compile(r"[^/\\\x00]{1,200}_\d{5}\.weights\.h5")


def read(content: bytes, what: str) -> tuple[dict[str, Any], list[str]]:
    """The digests of shards that an index knows, by name, and the names of all; each is beside it.

    Args:
        content: of the index, JSON.
        what: its name in messages.

    Raises:
        DamagedError: if it is no JSON.
        FileError: if it is no index.
        UnsafeError: if it names what is no shard's name.
    """
    index = plain_json.parse(content, what)
    where = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(where, dict):
        raise FileError(f"{what} is no index of weights: it lacks 'weight_map'")
    names = {shard for named in where.values() for shard in _listed(named)}
    for shard in names:
        if not _SHARD.fullmatch(shard):
            raise UnsafeError(f"{what} names a file that is no shard: '{shown(shard)}'")
    metadata = index.get("metadata")
    digests = metadata.get("sha256") if isinstance(metadata, dict) else None
    return digests if isinstance(digests, dict) else {}, sorted(names)


def _listed(named: Any) -> list[str]:
    found = [named] if isinstance(named, str) else named
    if not isinstance(found, list) or not all(isinstance(shard, str) for shard in found):
        raise FileError("an entry of 'weight_map' names no files")
    return found
