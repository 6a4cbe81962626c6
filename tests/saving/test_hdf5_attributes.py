"""Attributes as h5py reads them, from the bytes alone; damage is an error, never anything else."""

from __future__ import annotations

import io
import re
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cornu.saving.damage import FileError, UnsafeError
from cornu.saving.hdf5 import attributes, headers
from cornu.saving.hdf5.source import Bytes, checksum_of
from saving.hostile_hdf5 import shuffled

LONG = "layers/täglich_π/" * 9
VALUES: dict[str, Any] = {
    "text": "sequential",
    "text of any script": "Netz ñ 網 🙂",
    "empty text": "",
    "long text": "x" * 60_000,
    "bytes": b"tensorflow",
    "bytes of any script": "Netz ñ 網".encode(),
    "long bytes": b'{"class_name": "Model"}' * 2000,
    "texts": ["dense", "", "dense_1/kernel:0", LONG],
    "bytes in a list": [b"dense/kernel:0", b"dense/bias:0"],
    "array of bytes": np.array([b"a", b"longer", b""]),
    "one in a list": [b"dense"],
    "no names, as Keras 2 wrote them": np.zeros(0),
    "no names as bytes": np.zeros(0, "S1"),
    "texts in rows": np.array([["a", "b"], ["c", "d"]], object),
    "bytes in rows": np.array([[b"a", b"b"], [b"c", b"dd"]]),
    "python integer": 3,
    "python float": 0.25,
    "truth": True,
    "truths": np.array([True, False]),
    "nothing": h5py.Empty("f4"),
    **{f"{t}": np.dtype(t).type(7) for t in ("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8")},
    **{f"{t}": np.dtype(t).type(0.5) for t in ("f2", "f4", "f8")},
    **{f"array of {t}": np.array([1, 2, 3], t) for t in (">i4", "<i4", ">f8", "f4", ">u2", "i1")},
    "least": np.iinfo("i8").min,
    "most": np.iinfo("u8").max,
    "not finite": np.array([np.nan, np.inf, -np.inf]),
    "matrix": np.arange(6.0).reshape(2, 3),
}
LIBRARIES = ("earliest", "v108", "v110", "latest")


def written(
    attributes: dict[str, Any], libver: Any = None, on_array: bool = False, **options: Any
) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w", libver=libver) as file:
        file.attrs["first"] = "of the root"
        inner = (
            file.create_dataset("x", data=1.5) if on_array else file.create_group("x", **options)
        )
        for name, value in attributes.items():
            inner.attrs[name] = value
    return content.getvalue()


def addresses(content: bytes) -> tuple[int, int]:
    """Of the root and of what is in it."""
    with h5py.File(io.BytesIO(content), "r") as file:
        return h5py.h5o.get_info(file.id).addr, h5py.h5o.get_info(file["x"].id).addr


def read(content: bytes, address: int) -> attributes.Attributes:
    source = Bytes(io.BytesIO(content))
    messages = headers.messages(source, address)
    return attributes.Attributes(messages, attributes.Heap(source), "x")


def by_h5py(content: bytes) -> dict[str, Any]:
    with h5py.File(io.BytesIO(content), "r") as file:
        return {name: plain(value) for name, value in file["x"].attrs.items()}


def plain(value: Any) -> Any:
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray):
        return [plain(item) for item in value.ravel().tolist()]
    if isinstance(value, bytes):
        return value.decode("utf-8")
    return value.item() if isinstance(value, np.generic) else value


@pytest.mark.parametrize("libver", LIBRARIES)
@pytest.mark.parametrize("name", VALUES)
def test_values_are_those_of_h5py(name: str, libver: str) -> None:
    content = written({name: VALUES[name]}, libver)
    np.testing.assert_equal(dict(read(content, addresses(content)[1])), by_h5py(content))


@pytest.mark.parametrize("libver", LIBRARIES)
@pytest.mark.parametrize("on_array", [False, True])
def test_many_attributes_of_one_object(libver: str, on_array: bool) -> None:
    """More than the first block of a header holds, in an order with changes on the way."""
    few = 8 if libver != "earliest" else 40  # more are stored densely there
    values = {f"weight_names{i}": [f"{LONG}{j}" for j in range(i)] for i in range(few)}
    content = written(values, libver, on_array)
    np.testing.assert_equal(dict(read(content, addresses(content)[1])), by_h5py(content))
    assert read(content, addresses(content)[0])["first"] == "of the root"


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
BYTES = st.text(st.characters(min_codepoint=1, max_codepoint=127), min_size=1).map(str.encode)
ANY = (
    TEXT
    | st.lists(TEXT, min_size=1)
    | st.lists(BYTES, min_size=1)
    | st.lists(BYTES, min_size=1).map(np.array)
    | st.floats(allow_nan=False)
    | st.integers(-(2**63), 2**63 - 1)
    | st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1)
)


@given(st.dictionaries(TEXT.filter(bool), ANY, max_size=8), st.sampled_from(LIBRARIES))
@settings(max_examples=60, deadline=None)
def test_any_values_are_those_of_h5py(values: dict[str, Any], libver: str) -> None:
    content = written(values, libver)
    assert dict(read(content, addresses(content)[1])) == by_h5py(content)


def test_order_of_creation_may_be_noted() -> None:
    content = written({"b": 1, "a": "two"}, track_order=True)
    assert dict(read(content, addresses(content)[1])) == {"b": 1, "a": "two"}


# -- what is refused -------------------------------------------------------------------------------


def reference(file: h5py.File) -> None:
    file["x"].attrs["odd"] = file.ref


def region(file: h5py.File) -> None:
    file["x"].attrs.create("odd", file["y"].regionref[:1], dtype=h5py.regionref_dtype)


def compound(file: h5py.File) -> None:
    file["x"].attrs["odd"] = np.zeros(2, [("a", "f4"), ("b", "i4")])


def enumeration(file: h5py.File) -> None:
    file["x"].attrs.create("odd", 1, dtype=h5py.enum_dtype({"RED": 0, "GREEN": 1}))


def lists(file: h5py.File) -> None:
    values = np.empty(1, object)
    values[0] = np.arange(3, dtype="i4")
    file["x"].attrs.create("odd", values, dtype=h5py.vlen_dtype("i4"))


def raw(file: h5py.File) -> None:
    file["x"].attrs["odd"] = np.zeros(2, "V3")


def subarray(file: h5py.File) -> None:
    file["x"].attrs.create("odd", np.zeros((2, 3)), (2, 3), np.dtype((float, 3)))


def complex_number(file: h5py.File) -> None:
    file["x"].attrs["odd"] = 1 + 2j


def named_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f8")
    file["x"].attrs.create("odd", 1.0, dtype=file["type"])


ODD = (
    (reference, "a reference"),
    (region, "a reference"),
    (compound, "a compound"),
    (enumeration, "an enumeration"),
    (lists, "a list of variable length"),
    (raw, "raw bytes"),
    (subarray, "an array"),
    (complex_number, "a compound"),
    (named_type, "a type that is kept elsewhere"),
)


@pytest.mark.parametrize(("fill", "held"), ODD, ids=[fill.__name__ for fill, _ in ODD])
@pytest.mark.parametrize("libver", LIBRARIES)
def test_other_types_are_refused_by_name(fill: Any, held: str, libver: str) -> None:
    content = io.BytesIO()
    with h5py.File(content, "w", libver=libver) as file:
        file.create_group("x")
        file["y"] = np.arange(3)
        fill(file)
        file["x"].attrs["plain"] = "text"
    found = read(content.getvalue(), addresses(content.getvalue())[1])
    with pytest.raises(UnsafeError, match=f"^attribute 'odd' of 'x' holds {held}, no text or num"):
        found["odd"]
    assert found["plain"] == "text"
    assert set(found) == {"odd", "plain"}


def test_dense_storage_is_refused_by_name() -> None:
    content = written({f"a{i}": i for i in range(20)}, "latest")
    found = read(content, addresses(content)[1])
    for look in (lambda: found["a1"], lambda: "a1" in found, lambda: list(found)):
        with pytest.raises(UnsafeError, match="attributes of 'x': they are stored densely"):
            look()


# -- damage ----------------------------------------------------------------------------------------

SMALL: dict[str, Any] = {
    "a": "text",
    "b": np.array([b"x", b"yy"]),
    "c": 7,
    "d": ["p", "qq"],
    "e": 0.5,
}


def is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, str | int | float)


def outcome(content: bytes, places: tuple[int, ...]) -> Any:
    """Attributes of all objects, or the error that reading them gives."""
    try:
        return [dict(read(content, place)) for place in places]
    except FileError as error:
        assert 0 < len(str(error)) < 300
        return error


@pytest.mark.parametrize("libver", ["earliest", "v108", "latest"])
def test_every_damaged_byte_is_read_or_refused(libver: str) -> None:
    content = written(SMALL, libver)
    places = addresses(content)
    expected = outcome(content, places)
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= (1 << place % 8, 0xFF)[place % 3 == 0]
        found = outcome(bytes(damaged), places)
        refused += isinstance(found, FileError)
        if not isinstance(found, FileError) and found != expected:
            assert all(is_plain(v) for values in found for v in values.values())
            assert sum(len(str(values)) for values in found) < 2 * len(content)
    assert refused > 100


@pytest.mark.parametrize("libver", ["v108", "latest"])
def test_headers_with_checksums_are_right_or_refused(libver: str) -> None:
    content = written({"b": np.array([b"x", b"yy"]), "c": 7, "e": [0.5]}, libver)
    places = addresses(content)[1:]
    expected = outcome(content, places)
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        found = outcome(bytes(damaged), places)
        refused += isinstance(found, FileError)
        assert isinstance(found, FileError) or found == expected
    assert refused > 100


@pytest.mark.parametrize("libver", ["earliest", "latest"])
def test_cut_or_shuffled_files_are_read_or_refused(libver: str) -> None:
    content = written(SMALL, libver)
    places = addresses(content)
    for size in range(0, len(content), 13):
        outcome(content[:size], places)
    for damaged in shuffled(content, 1500):
        outcome(damaged, places)


def with_texts(count: int) -> tuple[bytearray, int, int]:
    """A file with a list of texts, where its last place is, and the address of the object."""
    content = bytearray(written({"d": [""] * (count - 1) + ["x" * 4000]}))
    heaps = [match.start() for match in re.finditer(b"GCOL", content)]
    places = [(4000).to_bytes(4, "little") + heap.to_bytes(8, "little") for heap in heaps]
    last = next(content.index(place) for place in places if place in content)
    return content, last, addresses(bytes(content))[1]


def test_one_text_in_thousands_of_places_is_refused() -> None:
    content, last, address = with_texts(3000)
    content[last - 16 * 2999 : last] = content[last : last + 16] * 2999
    with pytest.raises(FileError, match="'d' of 'x' cannot be read: its texts are longer than"):
        read(bytes(content), address)["d"]


def test_heaps_in_each_other_are_refused() -> None:
    content, last, address = with_texts(3000)
    start = len(content)
    content += b"".join(b"GCOL\1\0\0\0" + (1 << 16).to_bytes(8, "little") for _ in range(3000))
    content += bytes(1 << 16)
    for i in range(2999):
        place = (4).to_bytes(4, "little") + (start + 16 * i).to_bytes(8, "little") + bytes(4)
        content[last - 16 * (i + 1) : last - 16 * i] = place
    with pytest.raises(FileError, match="'d' of 'x' cannot be read"):
        read(bytes(content), address)["d"]


def test_headers_without_an_end_are_refused() -> None:
    header = bytearray(b"\1\0\0\0\1\0\0\0" + (24).to_bytes(4, "little") + bytes(4))
    header += b"\x10\0\x10\0\0\0\0\0" + (16).to_bytes(8, "little") + (24).to_bytes(8, "little")
    with pytest.raises(FileError, match=r"overlap|too many"):
        len(read(bytes(header), 0))
    nothing = b"\1\0\0\0\1\0\0\0" + (8 << 17).to_bytes(4, "little") + bytes(4) + bytes(8 << 17)
    with pytest.raises(UnsafeError, match="too many messages"):
        len(read(nothing, 0))


def test_the_checksum_is_that_of_the_format() -> None:
    """Known values of `lookup3`, as its author publishes them."""
    assert checksum_of(b"") == 0xDEADBEEF
    assert checksum_of(b"Four score and seven years ago") == 0x17770551
