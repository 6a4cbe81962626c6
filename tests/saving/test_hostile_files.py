"""No file makes the loader run, import, open or connect to anything, or use much memory."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

import cornu
from cornu.saving import hdf5, listing
from cornu.saving.damage import DamagedError
from house import tree
from saving import fuzz, hostile


def test_hostile_files_are_refused(tmp_path: pathlib.Path) -> None:
    names = hostile.write_all(tmp_path)
    assert len(names) >= 120
    before = set(os.listdir(tmp_path))
    command = [
        sys.executable,
        str(pathlib.Path(hostile.__file__).with_name("loader.py")),
        str(tmp_path),
        *names,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["wrong"] == []
    assert found["files"] == len(names)
    assert found["watched"] >= 2  # the watch was awake
    largest = max((tmp_path / name).stat().st_size for name in names) / (1 << 20)
    assert found["megabytes"] < 2 * largest + 200
    assert set(os.listdir(tmp_path)) - before == {"good.keras", "good.h5"}


FORBIDDEN = ("pickle", "marshal", "importlib", "yaml", "runpy", "subprocess", "ctypes", "shelve")
CALLS = ("eval", "exec", "compile", "__import__", "extract", "extractall", "unpack_archive")
ROOMS = ("saving", "serialization")


@pytest.mark.parametrize(
    "path", [p for r in ROOMS for p in tree.files(f"src/cornu/{r}", suffix=".py")], ids=tree.label
)
def test_nothing_in_the_path_of_loading_can_run_code(path: pathlib.Path) -> None:
    for node in ast.walk(tree.parse(path)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            roots = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            assert not {str(r).split(".")[0] for r in roots} & set(FORBIDDEN), ast.unparse(node)
        if isinstance(node, ast.Call):
            called = (
                node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            )
            is_method = isinstance(node.func, ast.Attribute)
            name = ast.unparse(node.func)
            harmless = is_method and name.split(".")[0] in ("re", "self", "found")
            assert called not in CALLS or harmless, ast.unparse(node)
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            raise AssertionError(ast.unparse(node))


def test_only_lambda_reads_code_and_only_when_told() -> None:
    users = [
        tree.label(path)
        for path in tree.files("src", suffix=".py")
        if "marshal.loads" in path.read_text()
    ]
    assert users == ["src/cornu/layers/core/lambda_.py"]


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_mutated_files_are_refused_or_read(kind: str) -> None:
    found = fuzzed(kind, "1.0", "1")
    assert found["tries"] > found["read"] > 0


@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_files_that_guided_fuzzing_found_are_refused_or_read(kind: str) -> None:
    found = fuzzed(kind, "again")
    assert found["tries"] > 30 and found["read"] > 0


@pytest.mark.soak
@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_ten_minutes_of_mutated_files(kind: str) -> None:
    assert fuzzed(kind, "150", "1")["tries"] > 1000


def fuzzed(kind: str, *how: str) -> dict[str, Any]:
    """Run the fuzzer in a child: a crash or a hang is a failure, too."""
    script = pathlib.Path(hostile.__file__).with_name("fuzz.py")
    command = [sys.executable, str(script), str(tree.SOURCE / "cornu"), kind, *how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_a_heap_on_which_hdf5_would_hang(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.h5"
    content = bytearray(hostile.weights(lambda file: file.attrs.update(model_config="{}")))
    heap = content.index(b"GCOL")
    content[heap + 16 : heap + 32] = bytes(16)  # its first object: free, of size zero
    path.write_bytes(bytes(content))
    with pytest.raises(DamagedError, match="'model_config' of '' cannot be read: a text is not"):
        cornu.models.load_model(path)


def test_loading_weights_follows_no_texts(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not needed cannot be damaged."""
    model = cornu.Sequential([cornu.Input((3,)), cornu.layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    model.save_weights(tmp_path / "m.weights.h5")

    def touched(self: hdf5.Attributes, name: str) -> None:
        raise AssertionError(name) if name in self else KeyError(name)

    monkeypatch.setattr(hdf5.Attributes, "__getitem__", touched)
    cornu.models.load_model(tmp_path / "m.keras").load_weights(tmp_path / "m.weights.h5")


def test_paths_in_a_listing_do_not_grow_with_depth(tmp_path: pathlib.Path) -> None:
    inner: Any = [{"class_name": "Dense", "config": {"name": "d" * 60}}] * 3
    for _ in range(40):
        inner = [{"class_name": "Sequential", "config": {"name": "m" * 60, "layers": inner}}]
    (tmp_path / "m.json").write_text(json.dumps(inner[0]))
    paths = [path for path, _ in listing.read(tmp_path / "m.json").layers]
    assert len(paths) == 43
    assert max(map(len, paths)) < 600
    assert paths[1] == f"{'m' * 60}/{'m' * 60}"
