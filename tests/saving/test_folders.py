"""Folders of models and files of layers: whole or not at all, checked, never mixed, never loose."""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import os
import pathlib
import shutil
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cornu
from cornu.saving import assets, atomic_folder
from cornu.saving.damage import DamagedError, FileError, UnsafeError

X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)


class Words(cornu.layers.Layer):
    """Keeps words in a file."""

    name_of_file = "words.txt"
    seen: str | None = None

    def call(self, x: Any) -> Any:
        return x

    def save_assets(self, dir_path: str) -> None:
        (pathlib.Path(dir_path) / self.name_of_file).write_text("a b c")

    def load_assets(self, dir_path: str) -> None:
        Words.seen = dir_path
        assert (pathlib.Path(dir_path) / "words.txt").read_text() == "a b c"
        assert pathlib.Path(dir_path).stat().st_mode & 0o022 == 0


def small(*layers: Any) -> Any:
    return cornu.Sequential([cornu.Input((3,)), *layers, cornu.layers.Dense(2, name="d")], name="m")


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    small(Words(name="w")).save(tmp_path / "m", zipped=False)
    return tmp_path / "m"


def load(path: Any) -> Any:
    return cornu.models.load_model(path, custom_objects={"Words": Words})


def test_a_folder_round_trip(folder: pathlib.Path) -> None:
    model = load(folder)
    assert sorted(p.name for p in folder.iterdir()) == [
        "assets", "config.json", "metadata.json", "model.weights.h5",
    ]  # fmt: skip
    model.set_weights([w + 1 for w in model.get_weights()])
    model.save(folder, zipped=False)
    again = load(folder)
    np.testing.assert_array_equal(again(X), model(X))
    model.set_weights([w * 0 for w in model.get_weights()])
    model.load_weights(folder)
    np.testing.assert_array_equal(again(X), model(X))
    assert os.listdir(folder.parent) == ["m"]


def test_the_private_folder_is_gone(folder: pathlib.Path) -> None:
    load(folder)
    assert Words.seen is not None
    assert not os.path.exists(Words.seen)


def test_the_path_of_a_folder(tmp_path: pathlib.Path, folder: pathlib.Path) -> None:
    with pytest.raises(ValueError, match=r"must not end in '\.keras'"):
        small().save(tmp_path / "x.keras", zipped=False)
    with pytest.raises(FileExistsError, match="overwrite=False"):
        small().save(folder, zipped=False, overwrite=False)
    other = tmp_path / "other"
    (other / "holiday").mkdir(parents=True)
    with pytest.raises(FileExistsError, match=r"holds other things than a model.*holiday"):
        small().save(other, zipped=False)
    assert os.listdir(other) == ["holiday"]
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="not saved: there is a file of that name"):
        small().save(tmp_path / "file", zipped=False)


def edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[pathlib.Path], None]:
    def edited(folder: pathlib.Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return edited


def of_another_save(folder: pathlib.Path) -> None:
    small(Words(name="w")).save(folder.parent / "n", zipped=False)
    shutil.copy(folder.parent / "n" / "model.weights.h5", folder / "model.weights.h5")


DAMAGE = {
    "config": (edit("config.json", lambda c: c.replace(b'"d"', b'"e"')), "config.json is not what"),
    "assets": (edit("assets/layers/words/words.txt", lambda c: c[:-1] + b"d"), "words.txt is not"),
    "weights": (edit("model.weights.h5", lambda c: c[:3000] + b"x" + c[3001:]), "is damaged"),
    "weights of another save": (of_another_save, "not the one that m was saved with"),
    "no file of a layer": (lambda f: (f / "assets/layers/words/words.txt").unlink(), "missing"),
    "no weights": (lambda f: (f / "model.weights.h5").unlink(), "model.weights.h5 missing"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_seen(kind: str, folder: pathlib.Path) -> None:
    change, message = DAMAGE[kind]
    change(folder)
    with pytest.raises(DamagedError, match=message):
        load(folder)


def test_a_folder_without_digests_loads(folder: pathlib.Path) -> None:
    metadata = json.loads((folder / "metadata.json").read_text())
    del metadata["sha256"]
    (folder / "metadata.json").write_text(json.dumps(metadata))
    edit("config.json", lambda c: c.replace(b'"m"', b'"n"'))(folder)
    assert load(folder).name == "n"


def linked(path: pathlib.Path) -> None:
    other = path.parent.parent / "elsewhere"
    path.rename(other)
    path.symlink_to(other)


def emptied(folder: pathlib.Path) -> None:
    (folder / "config.json").unlink()
    (folder / "config.json").mkdir()


HOSTILE: dict[str, Callable[[pathlib.Path], Any]] = {
    "another file": lambda f: (f / "evil.py").write_text("x"),
    "another folder": lambda f: (f / "more").mkdir(),
    "a name with a space": lambda f: (f / "assets" / "a b").write_text("x"),
    "a link for a file": lambda f: (f / "assets" / "x").symlink_to("/etc/passwd"),
    "a link for the config": lambda f: linked(f / "config.json"),
    "a link for the weights": lambda f: linked(f / "model.weights.h5"),
    "a link for the metadata": lambda f: linked(f / "metadata.json"),
    "a link for a folder": lambda f: (f / "assets" / "y").symlink_to("/etc"),
    "a link for all assets": lambda f: linked(f / "assets"),
    "a pipe": lambda f: os.mkfifo(f / "assets" / "p"),
    "a folder for the config": emptied,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_folders_are_refused(kind: str, folder: pathlib.Path) -> None:
    HOSTILE[kind](folder)
    with pytest.raises(FileError) as caught:
        load(folder)
    assert 0 < len(str(caught.value)) < 300
    with pytest.raises(FileError):
        small(Words()).load_weights(folder)


def test_files_that_no_layer_reads(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.keras"
    small().save(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("assets/layers/dense/words.txt", "x")
    with pytest.raises(FileError, match="none of the model reads: assets/layers/dense/words"):
        load(path)


def test_files_larger_than_are_read(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small(Words(name="w")).save(tmp_path / "m.keras")
    monkeypatch.setattr(assets, "MAX_TOTAL", 4)
    with pytest.raises(UnsafeError, match="larger files of layers than are read"):
        load(tmp_path / "m.keras")


def test_a_name_that_would_not_be_read_again(tmp_path: pathlib.Path) -> None:
    layer = Words(name="w")
    layer.name_of_file = "two words.txt"
    for path, zipped in ((tmp_path / "m.keras", None), (tmp_path / "m", False)):
        with pytest.raises(ValueError, match=r"letters, digits.*two words"):
            small(layer).save(path, zipped=zipped)
    assert os.listdir(tmp_path) == []


def test_where_folders_cannot_change_places(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On systems without an exchange of paths the old folder is moved aside first."""
    monkeypatch.setattr(atomic_folder, "exchange", lambda first, second: False)
    model = small(Words(name="w"))
    model.save(folder, zipped=False)
    np.testing.assert_array_equal(load(folder)(X), model(X))
    assert os.listdir(folder.parent) == ["m"]


def test_links_and_permissions_stay(folder: pathlib.Path) -> None:
    folder.chmod(0o750)
    link = folder.parent / "link"
    link.symlink_to(folder)
    model = small()
    model.save(link, zipped=False)
    assert link.is_symlink()
    assert folder.stat().st_mode & 0o777 == 0o750
    np.testing.assert_array_equal(load(folder)(X), model(X))


def test_shards_of_two_saves_are_not_mixed(tmp_path: pathlib.Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        small().save_weights(tmp_path / name / "w.weights.json", max_shard_size=1)
    shutil.copy(tmp_path / "b" / "w_00000.weights.h5", tmp_path / "a")
    with pytest.raises(DamagedError, match=r"w_00000\.weights\.h5 is not the shard"):
        small().load_weights(tmp_path / "a" / "w.weights.json")


@pytest.mark.parametrize("kind", ["shards", "folder"])
def test_two_writers_of_one_path(kind: str, tmp_path: pathlib.Path) -> None:
    """Whoever reads meanwhile gets the values of one of them."""
    path = tmp_path / ("w.weights.json" if kind == "shards" else "m")

    # A folder that is being replaced may be found half gone; never with values of two models.
    passing = FileNotFoundError if kind == "shards" else (FileNotFoundError, DamagedError)

    def write(value: float, times: int = 15) -> None:
        model = small(cornu.layers.Dense(3))
        model.set_weights([np.full(w.shape, value, w.dtype) for w in model.get_weights()])
        for _ in range(times):
            if kind == "shards":
                model.save_weights(path, max_shard_size=1e-8)
            else:
                model.save(path, zipped=False)

    write(0.0, times=1)
    with concurrent.futures.ThreadPoolExecutor(2) as threads:
        writers = [threads.submit(write, value) for value in (1.0, 2.0)]
        reader, seen = small(cornu.layers.Dense(3)), 0
        while not all(writer.done() for writer in writers):
            with contextlib.suppress(passing):
                reader.load_weights(path)
                assert len({float(v) for w in reader.get_weights() for v in w.ravel()}) == 1
                seen += 1
        for writer in writers:
            writer.result()
    assert seen > 0
    reader.load_weights(path)
    shards = [f"w_0000{i}.weights.h5" for i in (0, 1)]
    wanted = ["w.weights.json", *shards] if kind == "shards" else ["m"]
    assert sorted(os.listdir(tmp_path)) == wanted


def test_a_model_of_a_config() -> None:
    model = small(Words(name="w"))
    record = cornu.saving.serialize_keras_object(model)
    again = cornu.models.model_from_config(record, {"Words": Words})
    assert again.get_config() == model.get_config()
    old = {"class_name": "Dense", "config": {"name": "d", "output_dim": 2, "input_dim": 3}}
    made = cornu.models.model_from_config({"class_name": "Sequential", "config": [old]})
    assert made.output_shape == (None, 2)
    with pytest.raises(FileError, match="no record of a model"):
        cornu.models.model_from_config({"units": 3})
