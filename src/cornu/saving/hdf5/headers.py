"""Object headers: the messages that say what stands at an address of an HDF5 file.

Both versions of the HDF5 File Format Specification, sections IV.A.1 and IV.A.2: version 1 begins
with a count, version 2 with `OHDR` and ends in a checksum. Either goes on in further blocks where
the first is full.
"""

from __future__ import annotations

import dataclasses
import struct
from collections.abc import Iterator

from cornu.saving.damage import DamagedError, UnsafeError
from cornu.saving.hdf5.source import Bytes, checksum_of

MAX_MESSAGES = 1 << 16
MAX_BLOCKS = 1 << 12
SHARED = 0x02  # flag: the message itself is kept elsewhere
_CONTINUED = 0x10
_PLACE = struct.Struct("<QQ")
_OLD_START = struct.Struct("<BxHII4x")
_OLD_MESSAGE = struct.Struct("<HHB3x")
_NEW_MESSAGE = struct.Struct("<BHB")


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One message of an object header."""

    kind: int
    flags: int
    body: bytes


def messages(source: Bytes, address: int) -> list[Message]:
    """The messages of the header at an address, in order.

    Raises:
        DamagedError: if it is not whole.
        UnsafeError: if it goes on and on.
    """
    start = source.read(address, min(32, max(0, source.size - address)), "an object header")
    is_new = start.startswith(b"OHDR")
    if is_new:
        first, tracked = _new_start(source, address, start)
    elif len(start) >= _OLD_START.size and start[0] == 1:
        _, _, _, size = _OLD_START.unpack_from(start)
        first = source.read(address + _OLD_START.size, size, "an object header")
        tracked = False
    else:
        raise DamagedError(f"there is no object header at byte {address}")
    found: list[Message] = []
    blocks = [first]
    for block in blocks:  # which grows on the way
        for message in _new(block, tracked) if is_new else _old(block):
            found.append(message)
            if message.kind == _CONTINUED:
                blocks.append(_continued(source, message, is_new))
            if len(found) > MAX_MESSAGES or len(blocks) > MAX_BLOCKS:
                raise UnsafeError(f"the object header at byte {address} has too many messages")
    return found


def _new_start(source: Bytes, address: int, start: bytes) -> tuple[bytes, bool]:
    """The messages of the first block, and whether each has its number of creation."""
    if len(start) < 7 or start[4] != 2:
        raise DamagedError(f"the object header at byte {address} is of no known version")
    flags = start[5]
    place = 6 + 16 * bool(flags & 0x20) + 4 * bool(flags & 0x10)
    width = 1 << (flags & 3)
    if len(start) < place + width:
        raise DamagedError(f"the object header at byte {address} is cut short")
    size = int.from_bytes(start[place : place + width], "little")
    whole = source.read(address, place + width + size + 4, "an object header")
    return _checked(whole)[place + width :], bool(flags & 0x04)


def _continued(source: Bytes, message: Message, is_new: bool) -> bytes:
    if len(message.body) < _PLACE.size:
        raise DamagedError("an object header goes on nowhere")
    place, size = _PLACE.unpack_from(message.body)
    block = source.read(place, size, "the rest of an object header")
    if not is_new:
        return block
    if not block.startswith(b"OCHK") or size < 8:
        raise DamagedError(f"an object header does not go on at byte {place}")
    return _checked(block)[4:]


def _checked(block: bytes) -> bytes:
    """A block without the checksum at its end, which must be right."""
    if checksum_of(block[:-4]) != int.from_bytes(block[-4:], "little"):
        raise DamagedError("the checksum of an object header is wrong")
    return block[:-4]


def _old(block: bytes) -> Iterator[Message]:
    place = 0
    while place + _OLD_MESSAGE.size <= len(block):
        kind, size, flags = _OLD_MESSAGE.unpack_from(block, place)
        place += _OLD_MESSAGE.size
        yield Message(kind, flags, _body(block, place, size))
        place += size


def _new(block: bytes, tracked: bool) -> Iterator[Message]:
    place, width = 0, _NEW_MESSAGE.size + 2 * tracked
    while place + width <= len(block):
        kind, size, flags = _NEW_MESSAGE.unpack_from(block, place)
        place += width
        yield Message(kind, flags, _body(block, place, size))
        place += size


def _body(block: bytes, place: int, size: int) -> bytes:
    if size > len(block) - place:
        raise DamagedError("a message of an object header is cut short")
    return block[place : place + size]
