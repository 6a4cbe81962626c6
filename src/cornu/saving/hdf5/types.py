"""Datatype and dataspace messages: what one value of HDF5 is, and how many there are.

Sections IV.A.2.b and IV.A.2.d of the HDF5 File Format Specification. Of its eleven classes those
are known that models hold: integers, floats, texts, bytes of dtypes that NumPy lacks, truth values.
"""

from __future__ import annotations

import dataclasses
import math
import struct

import numpy as np

from cornu.saving.damage import DamagedError, UnsafeError

_CLASSES = (
    "an integer", "a float", "a time", "a text", "a bit field", "raw bytes", "a compound",
    "a reference", "an enumeration", "a list of variable length", "an array", "a complex number",
)  # fmt: skip
_INTEGER, _FLOAT, _TEXT, _RAW, _ENUMERATION, _VARIABLE = 0, 1, 3, 5, 8, 9
# Of a float: sign's place, precision, exponent's place and size, mantissa's place and size, bias.
_FLOATS = {
    (15, 16, 10, 5, 0, 10, 15): "f2",
    (31, 32, 23, 8, 0, 23, 127): "f4",
    (63, 64, 52, 11, 0, 52, 1023): "f8",
}
_FLOAT_PROPERTIES = struct.Struct("<HHBBBBI")
_IMPLIED_BIT = 2  # the mantissa's leading bit is not stored
# Dtypes that NumPy lacks: Keras stores their raw bytes and the name in an attribute.
WIDTHS = {
    **dict.fromkeys(("bfloat16",), 2),
    **dict.fromkeys(("float8_e4m3fn", "float8_e5m2", "int4", "uint4"), 1),
}
MAX_RANK = 32
MAX_RAW = 16  # bytes of a value of a dtype that NumPy lacks
_MAX_VALUES = 1 << 58  # times the largest value still a size that NumPy can count to
NULL_ENDED, NULL_PADDED, SPACE_PADDED = 0, 1, 2


@dataclasses.dataclass(frozen=True, slots=True)
class Datatype:
    """One value as stored.

    Attributes:
        size: bytes of a value; of a text of variable length those of its place.
        numpy: dtype of numbers, truth values and raw bytes; None for texts.
        variable: whether it is the place of a text of variable length.
        padding: how a text of fixed length ends.
    """

    size: int
    numpy: np.dtype | None = None
    variable: bool = False
    padding: int = NULL_PADDED


def datatype(body: bytes) -> Datatype:
    """The datatype that a message describes.

    Raises:
        DamagedError: if the message is not whole.
        UnsafeError: for types that no model has.
    """
    if len(body) < 8:
        raise DamagedError("a datatype is cut short")
    kind, version = body[0] & 0x0F, body[0] >> 4
    bits = int.from_bytes(body[1:4], "little")
    size = int.from_bytes(body[4:8], "little")
    if not 1 <= version <= 5 or not size:
        raise DamagedError("a datatype is of no known version or of size 0")
    if kind == _INTEGER:
        return Datatype(size, _integer(bits, size, body[8:]))
    if kind == _FLOAT:
        return Datatype(size, _float(bits, size, body[8:]))
    if kind == _TEXT and bits & 0x0F <= SPACE_PADDED:
        return Datatype(size, padding=bits & 0x0F)
    if kind == _RAW and size <= MAX_RAW:
        return Datatype(size, np.dtype(f"V{size}"))
    if kind == _ENUMERATION:
        return Datatype(size, _truth(version, bits, size, body[8:]))
    if kind == _VARIABLE and bits & 0x0F == 1 and size == 16:
        return Datatype(size, variable=True)
    raise UnsafeError(f"{_CLASSES[kind] if kind < len(_CLASSES) else 'an unknown type'}")


def _integer(bits: int, size: int, properties: bytes) -> np.dtype:
    if len(properties) < 4:
        raise DamagedError("a datatype is cut short")
    offset, precision = struct.unpack_from("<HH", properties)
    if size not in (1, 2, 4, 8) or offset or precision != 8 * size:
        raise UnsafeError("an integer of an unusual width")
    return np.dtype(f"{'>' if bits & 1 else '<'}{'i' if bits & 8 else 'u'}{size}")


def _float(bits: int, size: int, properties: bytes) -> np.dtype:
    if len(properties) < _FLOAT_PROPERTIES.size:
        raise DamagedError("a datatype is cut short")
    offset, precision, *rest = _FLOAT_PROPERTIES.unpack_from(properties)
    name = _FLOATS.get((bits >> 8 & 0xFF, precision, *rest))
    is_usual = not offset and not bits & 0x40 and bits >> 4 & 3 == _IMPLIED_BIT
    if name is None or not is_usual or int(name[1]) != size:
        raise UnsafeError("a float of an unusual kind")
    return np.dtype(f"{'>' if bits & 1 else '<'}{name}")


def _truth(version: int, members: int, size: int, properties: bytes) -> np.dtype:
    """An enumeration of bytes `FALSE` 0 and `TRUE` 1, as which h5py keeps NumPy's bools."""
    base = datatype(properties[:12])
    names = (b"FALSE\0", b"TRUE\0")
    if version < 3:
        names = tuple(name.ljust(8, b"\0") for name in names)
    expected = b"".join(names) + b"\x00\x01"
    is_byte = base.numpy is not None and base.numpy.kind in "iu" and base.size == size == 1
    if not is_byte or members & 0xFFFF != 2 or properties[12 : 12 + len(expected)] != expected:
        raise UnsafeError("an enumeration")
    return np.dtype(bool)


def dataspace(body: bytes) -> tuple[int, ...] | None:
    """The shape that a message describes; () for a single value, None for no value at all.

    Raises:
        DamagedError: if the message is not whole.
    """
    if len(body) < 4 or body[0] not in (1, 2):
        raise DamagedError("a dataspace is of no known version")
    version, rank, flags, kind = body[:4]
    start = 8 if version == 1 else 4
    if rank > MAX_RANK or len(body) < start + 8 * rank * (1 + (flags & 1)):
        raise DamagedError("a dataspace is cut short")
    if version == 2 and kind == 2:
        return None
    shape = struct.unpack_from(f"<{rank}Q", body, start)
    if math.prod(size or 1 for size in shape) >= _MAX_VALUES:
        raise UnsafeError("an array of a size that no memory holds")
    return shape


def native(values: np.ndarray) -> np.ndarray:
    """Values as stored in this machine's byte order; truth values 0 or 1 whatever their byte is."""
    if values.dtype == bool:
        return np.asarray(values.view(np.uint8) != 0)
    return values if values.dtype.isnative else values.astype(values.dtype.newbyteorder("="))
