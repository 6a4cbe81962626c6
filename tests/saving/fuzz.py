"""Feeds mutated files to the readers: they raise a FileError or give a description, nothing else.

    python fuzz.py SOURCE KIND SECONDS SEED      without a tool: random mutations of good files
    python fuzz.py SOURCE KIND again             what guided runs have found worth keeping
    python fuzz.py SOURCE KIND CORPUS [OPTION]   guided by coverage, where `atheris` is installed
    python fuzz.py SOURCE KIND keep CORPUS       put what a guided run found into the tests

SOURCE is the folder of the package, KIND one of `KINDS`, CORPUS a folder that grows; options are
those of libFuzzer. The readers are imported without JAX. `make fuzz` runs every kind.
"""

from __future__ import annotations

import importlib
import io
import json
import os
import pathlib
import random
import sys
import tarfile
import tempfile
import time
import types
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import h5py
import numpy as np

GOOD_CONFIG = json.dumps(
    {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "m", "layers": [{"class_name": "Dense", "config": {"units": 2}}]},
        "registered_name": None,
    }
).encode()
MAX_SECONDS = 2  # of the processor, for one file


def stand_in(source: str) -> None:
    """Let `cornu.saving.<module>` be imported without running `cornu` itself."""
    for name, path in (("cornu", source), ("cornu.saving", os.path.join(source, "saving"))):
        module = types.ModuleType(name)
        module.__path__ = [path]
        sys.modules[name] = module


def reader(name: str) -> Any:
    return importlib.import_module(f"cornu.saving.{name}")


# -- good files ------------------------------------------------------------------------------------


def hdf5_file(fill: Callable[[h5py.File], None], libver: Any = None) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w", libver=libver) as file:
        fill(file)
    return content.getvalue()


def plain(file: h5py.File, **options: Any) -> None:
    for i in range(3):
        group = file.create_group(f"layers/dense_{i}/vars")
        group.attrs["name"] = f"dense_{i}"
        group.create_dataset("0", data=np.arange(12, dtype="f4").reshape(3, 4), **options)
        group["1"] = np.arange(4, dtype="f4")


def compressed(file: h5py.File) -> None:
    plain(file, compression="gzip", shuffle=True, chunks=(2, 3))


def odd(file: h5py.File) -> None:
    """Dtypes that NumPy lacks, truth values, bytes in the other order, values in the header."""
    file["a"] = np.arange(6, dtype="u1").view("V2")
    file["a"].attrs["dtype"] = "bfloat16"
    file["b"], file["c"] = np.array([True, False]), np.arange(3, dtype=">f8")
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    file.create_dataset("d", data=np.arange(4), dcpl=plist)


def legacy(file: h5py.File) -> None:
    file.attrs["model_config"] = GOOD_CONFIG.decode()
    file.attrs["keras_version"] = np.bytes_("2.4.0")
    group = file.create_group("model_weights/dense")
    file["model_weights"].attrs["layer_names"] = [b"dense"]
    group.attrs["weight_names"] = np.array([b"dense/kernel:0"])
    group.attrs["weight_names0"] = ["dense/kernel:0", "dense/bias:0"]
    group.attrs["numbers"], group.attrs["truth"], group.attrs["none"] = [1.5, 2], True, np.zeros(0)
    group["dense/kernel:0"] = np.ones((3, 2), "f4")


def sealed() -> bytes:
    """A file of our own, with checksums behind it."""
    content = io.BytesIO()
    array = np.arange(6, dtype="f4")
    reader("hdf5").write(content, [("vars/0", array, "float32")], {"vars": {"name": "a"}})
    return content.getvalue()


def keras_file(compression: int = zipfile.ZIP_STORED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        file.writestr("config.json", GOOD_CONFIG)
        file.writestr("metadata.json", b'{"keras_version": "3.15.1"}')
        file.writestr("model.weights.h5", hdf5_file(odd))
        file.writestr("assets/vocabulary.txt", b"a\nb")
    return content.getvalue()


def index() -> bytes:
    where = {"/layers/dense/vars": ["m_00000.weights.h5"], "/vars": "m_00001.weights.h5"}
    return json.dumps({"metadata": {"total_size": 8.0}, "weight_map": where}).encode()


# -- readers ---------------------------------------------------------------------------------------


def read_hdf5(content: bytes) -> None:
    hdf5 = reader("hdf5")
    with hdf5.Reader(io.BytesIO(content), "it") as found:
        arrays = list(found.root.all_arrays())
        assert sum(array.nbytes for array in arrays) <= hdf5.MAX_INFLATION * len(content)
        read_each([array.read for array in arrays])
        for group in found.root.walk():
            read_each([lambda group=group: read_attributes(group.attributes)])


def read_attributes(attributes: Mapping[str, Any]) -> None:
    read_each([lambda name=name: check_plain(attributes[name]) for name in attributes])


def read_each(calls: list[Callable[[], Any]]) -> None:
    """Make all calls; one that is refused does not keep the others from being made."""
    for call in calls:
        try:
            call()
        except reader("damage").FileError as error:
            check_message(error)


def check_plain(value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        assert item is None or isinstance(item, str | int | float), type(item)


def check_message(error: Exception) -> None:
    assert 0 < len(str(error)) < 300, error


def read_keras(content: bytes) -> None:
    container = reader("container")
    box = container.Container(io.BytesIO(content))
    for name in (container.CONFIG, container.METADATA):
        reader("plain_json").parse(box.read(name), name)
    for name in box.assets:
        box.read(name)
    with box.open(container.WEIGHTS) as stored:
        read_hdf5(stored.read())
    inspect(content)


def read_legacy(content: bytes) -> None:
    read_hdf5(content)
    inspect(content)


def read_json(content: bytes) -> None:
    reader("plain_json").parse(content, "it")
    inspect(content)


def inspect(content: bytes) -> None:
    """What `cornu inspect` does."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        assert reader("listing").read(file.name).kind


def read_index(content: bytes) -> None:
    for name in reader("shard_index").read(content, "it")[1]:
        assert os.path.basename(name) == name and name.endswith(".weights.h5")


def newer() -> list[bytes]:
    fills = (plain, odd, legacy)
    return [hdf5_file(fill, libver) for fill in fills for libver in ("v108", "latest")]


KINDS: dict[str, tuple[Callable[[], list[bytes]], Callable[[bytes], None]]] = {
    "json": (lambda: [GOOD_CONFIG], read_json),
    "keras": (lambda: [keras_file(), keras_file(zipfile.ZIP_DEFLATED)], read_keras),
    "legacy": (lambda: [hdf5_file(legacy)], read_legacy),
    "newer": (newer, read_hdf5),
    "shards": (lambda: [index()], read_index),
    "weights": (lambda: [sealed(), *map(hdf5_file, (plain, compressed, odd))], read_hdf5),
}


def try_one(kind: str, content: bytes) -> bool:
    """Whether the content could be read; any error but a FileError is raised."""
    start = time.process_time()
    try:
        KINDS[kind][1](content)
        was_read = True
    except reader("damage").FileError as error:
        check_message(error)
        was_read = False
    assert time.process_time() - start < MAX_SECONDS
    return was_read


# -- without a tool --------------------------------------------------------------------------------


def mutated(content: bytes, numbers: random.Random) -> bytes:
    """A few bytes flipped, set to extremes, cut out, doubled or moved."""
    found = bytearray(content)
    for _ in range(numbers.choice((1, 1, 2, 4, 16))):
        place, size = numbers.randrange(len(found)), numbers.choice((1, 2, 4, 8))
        kind = numbers.randrange(5)
        if kind == 0:
            found[place] ^= 1 << numbers.randrange(8)
        elif kind == 1:
            found[place : place + size] = numbers.choice((b"\x00", b"\xff", b"\x7f")) * size
        elif kind == 2 and len(found) > 64:
            del found[place : place + size]
        elif kind == 3:
            found[place:place] = found[place : place + size * 8]
        else:
            other = numbers.randrange(len(found))
            found[place : place + size] = found[other : other + size]
    return bytes(found)


def run_blindly(kind: str, seconds: float, seed: int) -> None:
    numbers, end = random.Random(seed), time.monotonic() + seconds
    corpus = [*KINDS[kind][0](), *kept(kind)]
    tries = read = 0
    while time.monotonic() < end:
        tries += 1
        content = mutated(numbers.choice(corpus), numbers)
        if len(sys.argv) > 5:  # keep what was tried last, should the process die
            with open(sys.argv[5], "wb") as file:
                file.write(content)
        read += try_one(kind, content)
    print(json.dumps({"kind": kind, "tries": tries, "read": read}))


# -- what is kept ----------------------------------------------------------------------------------


def archive(kind: str) -> pathlib.Path:
    return pathlib.Path(__file__).with_name("corpus") / f"{kind}.tar.xz"


def kept(kind: str) -> list[bytes]:
    """Files that reached, one after the other, parts of the readers that none did before."""
    with tarfile.open(archive(kind)) as source:
        members = [source.extractfile(member) for member in source if member.isfile()]
        return [member.read() for member in members if member is not None]


def keep(kind: str, folder: str) -> None:
    with tarfile.open(archive(kind), "w:xz", preset=9) as target:
        paths = (path for path in pathlib.Path(folder).iterdir() if path.is_file())
        for i, content in enumerate(sorted(path.read_bytes() for path in paths)):
            info = tarfile.TarInfo(f"{kind}/{i:04d}")
            info.size = len(content)
            target.addfile(info, io.BytesIO(content))


def run_again(kind: str) -> None:
    pass_checksums()
    contents = kept(kind)
    read = sum(try_one(kind, content) for content in contents)
    print(json.dumps({"kind": kind, "tries": len(contents), "read": read}))


# -- guided by coverage ----------------------------------------------------------------------------

WORDS = {
    "hdf5": (
        *("TREE", "SNOD", "HEAP", "GCOL", "OHDR", "OCHK", "bfloat16", "\\xff" * 8),
        *("\\x89HDF\\x0d\\x0a\\x1a\\x0a", "cornu-end\\x0a", "\\x0acornu-checksums "),
    ),
    "json": (
        *("class_name", "config", "module", "layers", "__lambda__", "weight_map", "null", "1e999"),
        *("[[", "]]", "{{", "}}", "\\\\u0000", "_00000.weights.h5", "../"),
    ),
}
OPTIONS = ("-timeout=600", "-rss_limit_mb=1024", "-max_len=40000")
INSTRUMENTED = ("hdf5", "container", "plain_json", "trailer", "listing", "shard_index")


class Right:
    """A checksum that is always right."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def pass_checksums() -> None:
    """No mutation gets past a checksum; what is behind them is to be tried, too."""
    reader("hdf5.headers").checksum_of = reader("hdf5.source").checksum_of = lambda _: Right()
    reader("container")._crc = lambda _: Right()
    zipfile.ZipExtFile._update_crc = lambda self, data: None  # type: ignore[attr-defined]


def run_guided(kind: str, folder: str, options: list[str]) -> None:
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["cornu.saving", "zipfile"]):
        importlib.reload(zipfile)
        for name in INSTRUMENTED:
            reader(name)
    pass_checksums()
    os.makedirs(folder, exist_ok=True)
    for i, content in enumerate([*KINDS[kind][0](), *kept(kind)]):
        with open(os.path.join(folder, f"start_{i}"), "wb") as file:
            file.write(content)
    words = folder.rstrip("/") + ".words"
    with open(words, "w") as file:
        for part in ("json",) if kind in ("json", "shards") else ("json", "hdf5"):
            file.writelines(f'"{word}"\n' for word in WORDS[part])
    given = {option.split("=")[0] for option in options}
    usual = [option for option in OPTIONS if option.split("=")[0] not in given]
    prefix = f"-artifact_prefix={folder.rstrip('/')}-found-"
    arguments = [sys.argv[0], folder, f"-dict={words}", prefix, *usual, *options]

    def one(content: bytes) -> None:
        try_one(kind, content)

    atheris.Setup(arguments, one)
    atheris.Fuzz()


if __name__ == "__main__":
    stand_in(sys.argv[1])
    if sys.argv[3].replace(".", "").isdigit():
        run_blindly(sys.argv[2], float(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[3] == "again":
        run_again(sys.argv[2])
    elif sys.argv[3] == "keep":
        keep(sys.argv[2], sys.argv[4])
    else:
        run_guided(sys.argv[2], sys.argv[3], sys.argv[4:])
