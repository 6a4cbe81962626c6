"""Layers with files of their own, in archives and in folders; shards; written here, read there."""

from __future__ import annotations

import json
import pathlib
import zipfile
from typing import Any

import keras
import numpy as np
import pytest

import cornu

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def layer_classes(library: Any) -> dict[str, Any]:
    class Words(library.layers.Layer):
        """Keeps words in a file, and some bytes in a folder below."""

        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.words = ["none"]

        def call(self, x: Any) -> Any:
            return x

        def save_assets(self, dir_path: str) -> None:
            place = pathlib.Path(dir_path)
            (place / "words.txt").write_text("\n".join(self.words))
            (place / "more").mkdir()
            (place / "more" / "x.bin").write_bytes(b"\0\1\2")

        def load_assets(self, dir_path: str) -> None:
            place = pathlib.Path(dir_path)
            self.words = (place / "words.txt").read_text().split("\n")
            assert (place / "more" / "x.bin").read_bytes() == b"\0\1\2"

    class Holder(library.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = Words(name="inner")
            self.many = [Words(name="first"), Words(name="second")]

        def build(self, input_shape: Any) -> None:
            for layer in (self.inner, *self.many):
                layer.build(input_shape)
            self.built = True

        def call(self, x: Any) -> Any:
            return self.many[1](self.many[0](self.inner(x)))

    return {"Words": Words, "Holder": Holder}


CLASSES = {library: layer_classes(library) for library in (keras, cornu)}


def build(library: Any) -> Any:
    classes = CLASSES[library]
    model = library.Sequential(
        [
            library.Input((3,)),
            classes["Words"](name="a"),
            library.layers.Dense(2),
            classes["Holder"](name="h"),
        ]
    )
    model(X)
    for i, layer in enumerate(words_of(model)):
        layer.words = ["one", f"two {i}"]
    return model


def words_of(model: Any) -> list[Any]:
    holder = model.layers[2]
    return [model.layers[0], holder.inner, *holder.many]


WAYS = {"to": (cornu, keras), "from": (keras, cornu)}


@pytest.mark.parametrize("zipped", [True, False], ids=["archive", "folder"])
@pytest.mark.parametrize(("writer", "reader"), WAYS.values(), ids=WAYS)
def test_both_ways(writer: Any, reader: Any, zipped: bool, tmp_path: pathlib.Path) -> None:
    model, archive = build(writer), tmp_path / "m.keras"
    path = archive if zipped else tmp_path / "m"
    if zipped or writer is cornu:
        model.save(path, zipped=None if zipped else False)
    else:  # the folders that Keras writes lack the layers' files: the archive, unpacked
        model.save(archive)
        with zipfile.ZipFile(archive) as file:
            file.extractall(path)
    again = reader.models.load_model(path, custom_objects=CLASSES[reader])
    assert [x.words for x in words_of(again)] == [x.words for x in words_of(model)]
    np.testing.assert_allclose(np.asarray(again(X)), np.asarray(model(X)), rtol=1e-6)


def test_members_lie_where_keras_puts_them(tmp_path: pathlib.Path) -> None:
    names = {}
    for library in (keras, cornu):
        build(library).save(tmp_path / "m.keras")
        with zipfile.ZipFile(tmp_path / "m.keras") as file:
            names[library] = sorted(file.namelist())
    assert names[cornu] == names[keras]
    assert "assets/layers/holder/many/words_1/more/x.bin" in names[cornu]


@pytest.mark.parametrize(("writer", "reader"), WAYS.values(), ids=WAYS)
def test_folders_of_plain_models(writer: Any, reader: Any, tmp_path: pathlib.Path) -> None:
    model = writer.Sequential([writer.Input((3,)), writer.layers.Dense(2)])
    model.compile("adam", "mse")
    model.train_on_batch(X, X[:, :2])
    model.save(tmp_path / "m", zipped=False)
    again = reader.models.load_model(tmp_path / "m")
    np.testing.assert_allclose(np.asarray(again(X)), np.asarray(model(X)), rtol=1e-6)
    assert int(np.asarray(again.optimizer.iterations)) == 1


def test_shards_over_older_shards(tmp_path: pathlib.Path) -> None:
    """Keras reads what is saved again and again under one name, with more and with fewer shards."""
    path = tmp_path / "m.weights.json"

    def stack(library: Any) -> Any:
        layers = [library.layers.Dense(30, name=f"d{i}") for i in range(3)]
        return library.Sequential([library.Input((30,)), *layers])

    for size in (1, 4.2e-6, 1, 7.5e-6):
        model, other = stack(cornu), stack(keras)
        model.save_weights(path, max_shard_size=size)
        other.load_weights(path)
        for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        named = json.loads(path.read_text())["weight_map"].values()
        files = {p.name for p in tmp_path.iterdir()}
        assert files == {path.name, *(name for (name,) in named)}
        assert f"m_{len(files) - 2:05d}.weights.h5" in files
