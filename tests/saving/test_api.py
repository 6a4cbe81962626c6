"""Endings, strictness, safe mode, custom objects, shards, state trees, pickling, the editor."""

from __future__ import annotations

import copy
import json
import pathlib
import pickle
from typing import Any

import h5py
import numpy as np
import pytest

import cornu
from cornu.saving.damage import FileError

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


def small(units: int = 2, name: str = "d") -> Any:
    return cornu.Sequential([cornu.Input((3,)), cornu.layers.Dense(units, name=name)], name="m")


def test_endings_decide() -> None:
    model = small()
    with pytest.raises(ValueError, match=r"must end in '\.keras'"):
        model.save("model.txt")
    with pytest.raises(ValueError, match=r"must end in '\.weights\.h5'"):
        model.save_weights("weights.txt")
    with pytest.raises(ValueError, match=r"must end in '\.weights\.json'"):
        model.save_weights("w.weights.h5", max_shard_size=1)
    with pytest.raises(TypeError, match="did you mean 'overwrite'"):
        model.save("model.keras", overwrit=True)


def test_nothing_is_replaced_unasked(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.keras"
    small().save(path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=False"):
        small().save(path, overwrite=False)
    assert path.read_bytes() == before


def test_files_that_are_not_there_or_no_models(tmp_path: pathlib.Path) -> None:
    small().save(tmp_path / "model.keras")
    with pytest.raises(FileNotFoundError, match=r"did you mean 'model\.keras'"):
        cornu.models.load_model(tmp_path / "modle.keras")
    for content, message in ((b"", "is empty"), (b"hello", "neither a .keras nor")):
        (tmp_path / "x.keras").write_bytes(content)
        with pytest.raises(FileError, match=message):
            cornu.models.load_model(tmp_path / "x.keras")
    with pytest.raises(FileError, match="is a folder"):
        cornu.models.load_model(tmp_path)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (small(units=5), r"layer 'd' \(layers/dense\): 'kernel' has shape \(3, 2\).*\(3, 5\)"),
        (
            cornu.Sequential([cornu.Input((3,)), cornu.layers.Dense(2), cornu.layers.Dense(2)]),
            r"layer 'dense_\d*' \(layers/dense_1\) has no arrays in the file, expected 2",
        ),
        (
            cornu.Sequential([cornu.Input((3,)), cornu.layers.Flatten()]),
            r"2 arrays of the file without a place in the model: layers/dense/vars/0, layers/d",
        ),
    ],
    ids=["shape", "missing", "left over"],
)
def test_what_does_not_fit_is_an_error(other: Any, message: str, tmp_path: pathlib.Path) -> None:
    small().save_weights(tmp_path / "w.weights.h5")
    before = other.get_weights()
    with pytest.raises(FileError, match=message):
        other.load_weights(tmp_path / "w.weights.h5")
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.warns(UserWarning, match="not loaded"):
        other.load_weights(tmp_path / "w.weights.h5", skip_mismatch=True)


def test_other_widths_of_a_dtype_are_cast_other_kinds_are_not(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "w.weights.h5"
    model = small()
    for dtype in ("float64", "int32"):
        with h5py.File(path, "w") as file:
            group = file.create_group("layers/dense/vars")
            group["0"], group["1"] = np.full((3, 2), 3, dtype), np.full(2, 3, dtype)
        if dtype == "float64":
            model.load_weights(path)
            assert (model.get_weights()[0] == 3).all()
        else:
            with pytest.raises(FileError, match="'kernel' is int32 in the file, expected float32"):
                model.load_weights(path)


def test_unbuilt_models_say_so(tmp_path: pathlib.Path) -> None:
    small().save_weights(tmp_path / "w.weights.h5")
    unbuilt = cornu.Sequential([cornu.layers.Dense(2, name="d")])
    with pytest.raises(ValueError, match="has no weights yet"):
        unbuilt.save_weights(tmp_path / "v.weights.h5")
    with pytest.raises(FileError, match="not built yet"):
        unbuilt.load_weights(tmp_path / "w.weights.h5")


# -- code, functions, the user's classes -----------------------------------------------------------


def test_code_needs_the_word_of_the_caller(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "m.keras"
    model = cornu.Sequential([cornu.Input((3,)), cornu.layers.Lambda(lambda x: x * 3)])
    model.save(path)
    with pytest.raises(FileError, match=r"Lambda 'lambda': .*safe_mode=False"):
        cornu.models.load_model(path)
    with pytest.warns(UserWarning, match="no effect"):
        cornu.config.enable_unsafe_deserialization()
    with pytest.raises(FileError):
        cornu.models.load_model(path)
    with pytest.raises(FileError):  # an absent value is no permission
        cornu.models.load_model(path, safe_mode=None)  # type: ignore[arg-type]
    again = cornu.models.load_model(path, safe_mode=False)
    np.testing.assert_array_equal(again(X), X * 3)
    with pytest.raises(FileError):  # nor does one permission last
        cornu.models.load_model(path)


@cornu.utils.register_keras_serializable("tests")
class Scaled(cornu.layers.Layer):
    """Keeps state of its own kind and a layer inside."""

    def __init__(self, factor: float, inner: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor
        self.inner = inner or cornu.layers.Dense(3)
        self.words = ["none"]

    def call(self, x: Any) -> Any:
        return self.inner(x) * self.factor

    def save_own_variables(self, store: Any) -> None:
        store["words"] = np.frombuffer(",".join(self.words).encode(), "uint8")

    def load_own_variables(self, store: Any) -> None:
        self.words = bytes(store["words"]).decode().split(",")

    def get_config(self) -> dict[str, Any]:
        inner = cornu.saving.serialize_keras_object(self.inner)
        return {**super().get_config(), "factor": self.factor, "inner": inner}


def swish_like(x: Any) -> Any:
    return x * cornu.ops.sigmoid(x)


def test_users_classes_and_functions(tmp_path: pathlib.Path) -> None:
    layer = Scaled(2.0, name="s")
    layer.words = ["a", "bc"]
    stack = [cornu.Input((3,)), layer, cornu.layers.Dense(2, activation=swish_like)]
    model = cornu.Sequential(stack)
    model.save(tmp_path / "m.keras")
    with pytest.raises(
        FileError, match=r"'activation' of Dense 'dense.*unknown function 'swish_lik"
    ):
        cornu.models.load_model(tmp_path / "m.keras")
    again = cornu.models.load_model(tmp_path / "m.keras", {"swish_like": swish_like})
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.layers[0].words == ["a", "bc"]
    with cornu.saving.custom_object_scope({"swish_like": swish_like}):
        cornu.models.load_model(tmp_path / "m.keras")


class Plain(cornu.Model):
    """A subclassed model without a config of its own."""

    def __init__(self, width: int = 2) -> None:
        super().__init__()
        self.width = width
        self.first = cornu.layers.Dense(width)

    def call(self, x: Any) -> Any:
        return self.first(x)

    def get_config(self) -> dict[str, Any]:
        return {"width": self.width}


def test_unknown_classes_are_named(tmp_path: pathlib.Path) -> None:
    model = Plain(3)
    model(X)
    model.save(tmp_path / "m.keras")
    with pytest.raises(FileError, match=r"unknown class 'Plain'.* Pass it in `custom_objects`"):
        cornu.models.load_model(tmp_path / "m.keras")
    again = cornu.models.load_model(tmp_path / "m.keras", {"Plain": Plain})
    np.testing.assert_array_equal(again(X), model(X))


def test_layers_shared_by_two_models_stay_one(tmp_path: pathlib.Path) -> None:
    shared = cornu.layers.Dense(3, name="shared")
    a = cornu.Input((3,))
    parts = []
    for name in ("left", "right"):
        start = cornu.Input((3,))
        parts.append(cornu.Model(start, shared(start), name=name))
    model = cornu.Model(a, parts[0](a) + parts[1](a))
    model.save(tmp_path / "m.keras")
    again = cornu.models.load_model(tmp_path / "m.keras")
    left, right = again.get_layer("left"), again.get_layer("right")
    assert left.get_layer("shared") is right.get_layer("shared")
    np.testing.assert_array_equal(again(X), model(X))


# -- other ways ------------------------------------------------------------------------------------


def test_shards(tmp_path: pathlib.Path) -> None:
    stack = [cornu.Input((3,)), *[cornu.layers.Dense(8) for _ in range(4)]]
    model = cornu.Sequential(stack)
    index = tmp_path / "w.weights.json"
    model.save_weights(index, max_shard_size=500 / (1 << 30))
    assert len(list(tmp_path.glob("w_0000?.weights.h5"))) == 3
    again = cornu.models.clone_model(model)
    again.load_weights(index)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    content = json.loads(index.read_text())
    content["weight_map"]["/layers/dense/vars"] = ["../other.h5"]
    index.write_text(json.dumps(content))
    with pytest.raises(FileError, match="names a file that is no shard"):
        again.load_weights(index)


def test_json_and_state_trees() -> None:
    model = small()
    model.compile(cornu.optimizers.Adam(name="adam"), "mse")
    again = cornu.models.model_from_json(model.to_json(indent=1))
    again.compile(cornu.optimizers.Adam(name="adam"), "mse")
    model.train_on_batch(X, X[:, :2])
    again.build((None, 3))
    again.optimizer.build(again.trainable_variables)
    values = model.get_state_tree("numpy_array")
    assert set(values["trainable_variables"]["m"]["d"]) == {"kernel", "bias"}
    del values["metrics_variables"]
    again.set_state_tree(values)
    assert int(again.optimizer.iterations) == 1
    np.testing.assert_array_equal(again(X), model(X))
    with pytest.raises(ValueError, match="did you mean 'm/d/kernel'"):
        again.set_state_tree({"trainable_variables": {"m": {"d": {"kernle": 1}}}})
    with pytest.raises(ValueError, match="numpy_array"):
        model.get_state_tree("numpy")


def test_pickles_and_copies_of_models() -> None:
    model = Plain(3)
    model.compile("adam", "mse")
    model.fit(X, X, verbose=0)
    for again in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert type(again) is Plain
        np.testing.assert_array_equal(again(X), model(X))
        assert int(again.optimizer.iterations) == 1
    assert b"PK\x03\x04" in pickle.dumps(model)  # the archive, read like any file


def test_the_editor(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = small()
    model.save(tmp_path / "m.keras")
    editor = cornu.saving.KerasFileEditor(tmp_path / "m.keras")
    assert editor.compare(model) == {"status": "success", "error_count": 0, "match_count": 2}
    editor.summary()
    assert "0: shape=(3, 2), dtype=float32" in capsys.readouterr().out
    editor.rename_object("dense", "dense_9")
    editor.add_object("layers/dense", weights={"0": np.ones((3, 4)), "1": np.zeros(4)})
    editor.delete_weight("dense_9", "1")
    editor.add_weights("layers/dense", {"0": np.ones((3, 4), "float32"), "1": np.zeros(4, "f4")})
    assert editor.compare(model)["error_count"] == 3
    editor.delete_object("dense_9")
    editor.save(tmp_path / "new.weights.h5")
    other = small(4)
    other.load_weights(tmp_path / "new.weights.h5")
    assert (other.get_weights()[0] == 1).all()
    with pytest.raises(ValueError, match="did you mean"):
        editor.delete_object("layers/dens")


def test_legacy_forms() -> None:
    legacy = cornu.utils.legacy
    form = legacy.serialize_keras_object(cornu.initializers.Constant(2.0))
    assert form == {"class_name": "Constant", "config": {"value": 2.0}}
    assert legacy.deserialize_keras_object(form).value == 2.0
    assert legacy.serialize_keras_object(cornu.activations.relu) == "relu"
    found = legacy.deserialize_keras_object("mine", module_objects={"mine": swish_like})
    assert found is swish_like
    with pytest.raises(ValueError, match="unknown thing 'min'; did you mean 'mine'"):
        legacy.deserialize_keras_object("min", {"mine": swish_like}, None, "thing")
