"""Groups and arrays as h5py reads them, from the bytes alone; damage is an error, nothing else."""

from __future__ import annotations

import ast
import io
import zlib
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
import pytest

from cornu.saving import hdf5
from cornu.saving.damage import DamagedError, FileError, UnsafeError
from cornu.saving.hdf5 import reader
from house import tree
from saving.hostile_hdf5 import shuffled

Fill = Callable[[h5py.File], None]
NUMBERS = np.random.default_rng(3)


def written(fill: Fill, libver: Any = None, **options: Any) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w", libver=libver, **options) as file:
        fill(file)
    return content.getvalue()


def read(content: bytes) -> dict[str, np.ndarray | None]:
    """Everything in a file by its path; None for a group."""
    with hdf5.Reader(io.BytesIO(content), "it") as reader:
        found: dict[str, np.ndarray | None] = {g.path: None for g in reader.root.walk()}
        for array in reader.root.all_arrays():
            found[array.path] = array.read()
            assert isinstance(found[array.path], np.ndarray)
            assert array.nbytes == found[array.path].nbytes  # type: ignore[union-attr]
        return found


def by_h5py(content: bytes) -> dict[str, np.ndarray | None]:
    found: dict[str, np.ndarray | None] = {"": None}
    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(
            lambda path, item: found.update(
                {path: np.asarray(item[()]) if isinstance(item, h5py.Dataset) else None}
            )
        )
    return found


def assert_equal_to_h5py(content: bytes) -> None:
    found, expected = read(content), by_h5py(content)
    assert set(found) == set(expected)
    for path, array in expected.items():
        if array is None:
            assert found[path] is None
            continue
        assert found[path].dtype == array.dtype.newbyteorder("=")  # type: ignore[union-attr]
        np.testing.assert_array_equal(found[path], array)  # type: ignore[arg-type]


# -- arrays ----------------------------------------------------------------------------------------

DTYPES = [
    *(f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (1, 2, 4, 8)),
    *("<f2", ">f2", "<f4", ">f4", "<f8", ">f8", "?"),
]
SHAPES = ((), (0,), (3,), (3, 0), (2, 3), (1, 2, 3, 2, 1, 2))


def every_dtype(file: h5py.File) -> None:
    for dtype in DTYPES:
        for shape in SHAPES:
            values = NUMBERS.integers(0, 100, shape).astype(dtype)
            file.create_dataset(f"{np.dtype(dtype).str[1:]}/{dtype[0] == '>'}/{shape}", data=values)


def in_chunks(file: h5py.File) -> None:
    values = NUMBERS.normal(size=(7, 5)).astype("f4")
    for i, options in enumerate((
        {}, {"compression": "gzip"}, {"shuffle": True}, {"compression": 9, "shuffle": True},
    )):  # fmt: skip
        file.create_dataset(f"whole{i}", data=values, chunks=(7, 5), **options)  # type: ignore[arg-type]
        file.create_dataset(f"edges{i}", data=values, chunks=(3, 2), **options)  # type: ignore[arg-type]
        file.create_dataset(f"large{i}", data=values, chunks=(9, 9), maxshape=(None, 9), **options)  # type: ignore[arg-type]
        file.create_dataset(f"long{i}", data=np.arange(999), chunks=(2,), **options)  # type: ignore[arg-type]
    file.create_dataset("none", data=np.zeros((0, 3)), chunks=(1, 3), maxshape=(None, 3))
    file.create_dataset("swapped", data=values.astype(">f8"), chunks=(3, 5), shuffle=True)
    file.create_dataset("bytes", data=values.astype("i1"), chunks=(3, 5), shuffle=True)


def in_the_header(file: h5py.File) -> None:
    for name, values in (
        ("a", np.arange(6.0).reshape(2, 3)),
        ("b", np.float32(3)),
        ("c", np.eye(9)),
    ):
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_layout(h5py.h5d.COMPACT)
        file.create_dataset(name, data=values, dcpl=plist)


def written_in_part(file: h5py.File) -> None:
    """Filters are left out of a chunk that is written as it is."""
    array = file.create_dataset("a", (4, 4), "f4", chunks=(2, 4), compression="gzip")
    array[:2] = 1.5
    array.id.write_direct_chunk((2, 0), np.arange(8, dtype="f4").tobytes(), filter_mask=1)


def many_members(file: h5py.File) -> None:
    for i in range(300):
        file[f"layers/{'täglich' * (i % 7)}_{i * 7919 % 300}/vars/0"] = np.float32(i)


def emptied(file: h5py.File) -> None:
    many_members(file)
    for name in list(file["layers"])[::3]:
        del file["layers"][name]
    file["layers/again"] = 1


def deep(file: h5py.File) -> None:
    file["/".join("abcdefgh" * 7)] = np.ones(2)


def few_members(file: h5py.File) -> None:
    for i in range(7):
        file[f"layers/dense_{i}/0"] = NUMBERS.normal(size=(2, 3))
    file["layers"].attrs["name"] = "layers"


CASES: tuple[Fill, ...] = (
    every_dtype,
    in_chunks,
    in_the_header,
    written_in_part,
    many_members,
    emptied,
    deep,
    few_members,
)
NEWER = (in_the_header, deep, few_members)


@pytest.mark.parametrize("fill", CASES, ids=lambda fill: fill.__name__)
def test_files_are_read_as_h5py_reads_them(fill: Fill) -> None:
    assert_equal_to_h5py(written(fill))


@pytest.mark.parametrize("fill", NEWER, ids=lambda fill: fill.__name__)
@pytest.mark.parametrize("libver", ["v108", "v110", "latest"])
def test_newer_layouts_are_read_as_h5py_reads_them(fill: Fill, libver: str) -> None:
    assert_equal_to_h5py(written(fill, libver))


def test_the_order_of_creation_may_be_noted() -> None:
    assert_equal_to_h5py(written(few_members, track_order=True))


def test_names_of_dtypes_that_numpy_lacks() -> None:
    def fill(file: h5py.File) -> None:
        for name, dtype, width in (("a", "bfloat16", 2), ("b", b"float8_e5m2", 1)):
            file.create_dataset(name, data=np.arange(4 * width, dtype="u1").view(f"V{width}"))
            file[name].attrs["dtype"] = dtype

    with hdf5.Reader(io.BytesIO(written(fill)), "it") as reader:
        found = {array.path: (array.dtype, array.read().view("u1").tolist())
                 for array in reader.root.all_arrays()}  # fmt: skip
    assert found == {"a": ("bfloat16", list(range(8))), "b": ("float8_e5m2", list(range(4)))}


def test_truth_values_of_other_bytes_are_true() -> None:
    content = written(lambda file: file.create_dataset("a", data=np.array([1, 0, 1] * 4, bool)))
    damaged = content.replace(b"\1\0\1" * 4, b"\2\0\xff" * 4)
    (found,) = [array for array in read(damaged).values() if array is not None]
    assert found.view("u1").tolist() == [1, 0, 1] * 4


def test_nothing_is_read_after_the_reader_is_closed() -> None:
    with hdf5.Reader(io.BytesIO(written(few_members)), "it") as reader:
        array = next(reader.root.all_arrays())
    with pytest.raises(ValueError, match="closed file"):
        array.read()


# -- what is refused -------------------------------------------------------------------------------


def unwritten(file: h5py.File) -> None:
    file.create_dataset("a", (3, 2), "f4", fillvalue=7)


def unwritten_chunk(file: h5py.File) -> None:
    file.create_dataset("a", (4, 4), "f4", chunks=(2, 4))[:2] = 1


def chunks(file: h5py.File) -> None:
    file.create_dataset("a", data=np.ones((4, 4)), chunks=(2, 4))


def named_type(file: h5py.File) -> None:
    file["type"] = np.dtype("f8")
    file.create_dataset("a", (2,), dtype=file["type"])


def odd_name(file: h5py.File) -> None:
    file["a\nb"] = 1


def narrow(file: h5py.File) -> None:
    kind = h5py.h5t.NATIVE_INT32.copy()
    kind.set_precision(28)
    h5py.h5d.create(file.id, b"a", kind, h5py.h5s.create_simple((3,)))


def soft_link(file: h5py.File) -> None:
    file["a"] = h5py.SoftLink("/b")


def outer_link(file: h5py.File) -> None:
    file["a"] = h5py.ExternalLink("other.h5", "/b")


REFUSED: tuple[tuple[Fill, str | None, str], ...] = (
    (unwritten, None, r"array 'a': its shape \(3, 2\) is not stored in full"),
    (unwritten_chunk, None, r"array 'a': its shape \(4, 4\) is not stored in full"),
    (chunks, "latest", "array 'a': it is in chunks as `libver='latest'` keeps them"),
    (many_members, "latest", "a group is stored densely, as `libver='latest'`"),
    (named_type, None, "array 'a': it has a type that is kept elsewhere"),
    (odd_name, None, r"'a\?b' has a name that no layer can have"),
    (narrow, None, "array 'a': it holds an integer of an unusual width, not numbers"),
    (soft_link, None, "'a' is a soft link, not stored here"),
    (soft_link, "latest", "'a' is a soft link, not stored here"),
    (outer_link, None, "'a' is a link to another file, not stored here"),
)


@pytest.mark.parametrize(
    ("fill", "libver", "message"), REFUSED, ids=[f[0].__name__ for f in REFUSED]
)
def test_what_no_model_holds_is_refused_by_name(fill: Fill, libver: Any, message: str) -> None:
    with pytest.raises(FileError, match=f"^it(:| is damaged:) .*{message}"):
        read(written(fill, libver))


def test_files_of_another_kind_are_refused() -> None:
    content = written(few_members)
    for start, message in (
        (b"PK\3\4" + bytes(96), "it is damaged: no HDF5 file"),
        (content[:60], "it is damaged: its superblock is cut short"),
        (content[:-1], "it is damaged: it is cut short"),
        (content[:8] + b"\4" + content[9:], "it: its superblock has version 4"),
        (content[:13] + b"\4" + content[14:], "it: it has HDF5 addresses of another width"),
        (content[:24] + b"\1" + content[25:], "it: it does not begin at its first byte"),
    ):
        with pytest.raises(FileError, match=f"^{message}"):
            read(start)
    assert_equal_to_h5py(content + b"something behind it")


# -- damage ----------------------------------------------------------------------------------------


def small(file: h5py.File) -> None:
    file.create_dataset("a", data=NUMBERS.integers(0, 9, (5, 3)), chunks=(2, 3), compression="gzip",
                        shuffle=True)  # fmt: skip
    file["layers/b"] = np.arange(5, dtype="f4")
    file["layers/c"] = np.array([True])


def small_and_new(file: h5py.File) -> None:
    file["layers/b"] = np.arange(5, dtype="f4")
    in_the_header(file)


def outcome(content: bytes) -> Any:
    try:
        found = read(content)
    except FileError as error:
        assert 0 < len(str(error)) < 300
        return error
    used = sum(array.nbytes for array in found.values() if array is not None)
    assert used < hdf5.MAX_INFLATION * len(content)
    return found


@pytest.mark.parametrize(("fill", "libver"), [(small, None), (small_and_new, "latest")])
def test_every_damaged_byte_is_read_or_refused(fill: Fill, libver: Any) -> None:
    content = written(fill, libver)
    refused = 0
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= (1 << place % 8, 0xFF)[place % 3 == 0]
        refused += isinstance(outcome(bytes(damaged)), FileError)
    assert refused > 300


@pytest.mark.parametrize(("fill", "libver"), [(small, None), (small_and_new, "latest")])
def test_cut_or_shuffled_files_are_read_or_refused(fill: Fill, libver: Any) -> None:
    content = written(fill, libver)
    for size in range(0, len(content), 37):
        assert isinstance(outcome(content[:size]), FileError)
    for damaged in shuffled(content, 1000):
        outcome(damaged)


def test_a_group_in_itself_is_refused() -> None:
    def fill(file: h5py.File) -> None:
        file["a/b/c"] = file["/"]

    with pytest.raises(UnsafeError, match="'a/b/c' is stored under two names"):
        read(written(fill))


def test_a_tree_in_itself_is_refused() -> None:
    content = bytearray(written(many_members))
    nodes = [
        m for m in range(len(content)) if content[m : m + 4] == b"TREE" and content[m + 5] == 1
    ]
    (top,) = nodes
    content[top + 32 : top + 40] = top.to_bytes(8, "little")
    with pytest.raises(DamagedError, match="tree"):
        read(bytes(content))


def test_chunks_without_end_are_refused() -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("a", (1 << 40,), "i1", chunks=(1 << 31,), compression="gzip")
        file.create_dataset("b", (1 << 62,), "i1", chunks=(1,))

    with pytest.raises(FileError, match="not stored in full"):
        read(written(fill))


def test_a_chunk_with_more_in_it_than_it_says_is_refused() -> None:
    def fill(file: h5py.File) -> None:
        array = file.create_dataset("a", (100,), "i1", chunks=(100,), compression="gzip")
        array.id.write_direct_chunk((0,), zlib.compress(bytes(10 << 20)))

    with pytest.raises(DamagedError, match="a chunk has another size than its values"):
        read(written(fill))


def test_sizes_that_no_memory_holds_are_refused() -> None:
    def fill(file: h5py.File) -> None:
        file.create_dataset("a", (0, 1 << 62), "f8")

    with pytest.raises(UnsafeError, match="a size that no memory holds"):
        read(written(fill))


def test_names_without_end_are_refused() -> None:
    """Thousands of names that all begin in one long stretch without an end."""
    content = written(lambda file: file.create_group("n" * 9000))
    with pytest.raises(DamagedError, match=r"a name in a group .* has no end"):
        read(content)


def test_names_longer_than_the_file_are_refused() -> None:
    def fill(file: h5py.File) -> None:
        inner = file.create_group("/".join("x" * 900 for _ in range(50)))
        for i in range(300):
            inner.create_group(str(i))

    with pytest.raises(UnsafeError, match="names of groups and arrays are longer than the file"):
        read(written(fill))


@pytest.mark.parametrize("bound", ["MAX_OBJECTS", "MAX_ATTRIBUTES"])
def test_there_are_bounds_on_numbers(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(file: h5py.File) -> None:
        for i in range(9):
            file.create_group(str(i)).attrs["name"] = i

    monkeypatch.setattr(reader, bound, 10)
    assert len(read(written(fill))) == 10
    monkeypatch.setattr(reader, bound, 8)
    with pytest.raises(UnsafeError, match="more than 8 "):
        read(written(fill))


# -- the house -------------------------------------------------------------------------------------


def test_the_hdf5_library_only_writes() -> None:
    """It trusts what it reads, and has crashed on it; so it reads nothing."""
    users = {
        tree.label(path)
        for path in tree.files("src", suffix=".py")
        if "h5py" in path.read_text()
        for node in ast.walk(tree.parse(path))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and "h5py" in (ast.unparse(node).replace(",", " ").replace(".", " ").split())
    }
    assert users == {"src/cornu/saving/hdf5/writer.py"}
    opened = [
        ast.unparse(node)
        for node in ast.walk(tree.parse(tree.SOURCE / "cornu/saving/hdf5/writer.py"))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "h5py.File"
    ]
    assert opened == ["h5py.File(target, 'w')"]
