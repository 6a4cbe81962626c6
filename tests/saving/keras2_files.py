"""Files written by real Keras 2 (and Keras 1), which `test_keras2_files.py` reads.

Made again from the root of the project, in an environment of its own for each version (they stand
in `keras2_files/manifest.json`), by

    python tests/saving/keras2_files.py keras              # Keras 2.2.4, 2.15; KERAS_BACKEND=theano
    python tests/saving/keras2_files.py tensorflow.keras   # TensorFlow 1.15, 2.4
    python tests/saving/keras1_files.py                    # Keras 1.2

One archive holds a folder for each case: the model in every format that the version has, and
`values.npz`: inputs `x0`, targets `y0`, predictions `p0`, weights after one more training step by
layer, and what training said. Runs on Python 3.7.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pathlib
import platform
import shutil
import sys
import tarfile
import tempfile

import keras2_models
import keras2_training
import numpy as np

FOLDER = pathlib.Path(__file__).parent / "keras2_files"
ROWS = 4


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def inputs_of(k, model, rng):
    """Rows for each input: whole numbers for models of words, some of them padding."""
    found = []
    of_words = any(type(layer).__name__ == "Embedding" for layer in model.layers)
    for tensor in model.inputs:
        shape = (ROWS, *k.backend.int_shape(tensor)[1:])
        if of_words:
            ids = rng.randint(1, 7, shape)
            ids[0, -1] = ids[1, -2:] = 0
            found.append(ids.astype("float32"))
        else:
            found.append(rng.uniform(-1, 1, shape).astype("float32"))
    return found


def one(values):
    return values if len(values) != 1 else values[0]


def leaves(model, base=""):
    """(path, layer) of the layers that are no models."""
    for layer in model.layers:
        path = base + layer.name
        inner = getattr(layer, "layer", layer)  # what a wrapper holds
        if hasattr(inner, "layers"):
            yield from leaves(inner, path + "/")
        else:
            yield path, layer


def weights_of(model):
    return {
        f"after/{path}/{number}": value
        for path, layer in leaves(model)
        for number, value in enumerate(layer.get_weights())
    }


def nudge(model, rng):
    """No weight stays at 0 or 1, where a mix-up of two would not show."""
    weights = [w + rng.uniform(0, 0.3, w.shape).astype(w.dtype) for w in model.get_weights()]
    model.set_weights(weights)


class Writer:
    """Cases of one library, written into a folder, which then becomes an archive."""

    def __init__(self, library, folder):
        self.k = library
        self.folder = folder
        self.cases = []
        # Keras 2.2 on TensorFlow reads weights while it sets them: no two of its steps are alike.
        is_alone = not keras2_models.is_in_tensorflow(library)
        self.is_racing = is_alone and library.backend.backend() == "tensorflow"

    def case(self, name, model, kinds=None, steps=2, formats=("h5", "keras"), random=False):
        """Train a compiled model, save it and write down what it gives, and after a next step."""
        rng = np.random.RandomState(len(self.cases))
        place = self.folder / name
        place.mkdir()
        nudge(model, rng)
        x = inputs_of(self.k, model, rng)
        outputs = as_list(model.predict(one(x), verbose=0))
        kinds = kinds or ["numbers"] * len(outputs)
        y = [keras2_training.targets(kinds[i], np.shape(p), rng) for i, p in enumerate(outputs)]
        trains = bool(model.trainable_weights)
        random = random or self.is_racing
        for _ in range(steps if trains else 0):
            model.train_on_batch(one(x), one(y))
        p = as_list(model.predict(one(x), verbose=0))
        values = {
            f"{c}{i}": v for c, vs in (("x", x), ("y", y), ("p", p)) for i, v in enumerate(vs)
        }
        self.save(model, place, formats)
        values["evaluated"] = np.array(as_list(model.evaluate(one(x), one(y), verbose=0)))
        if trains and not random:
            values["loss"] = np.array(as_list(model.train_on_batch(one(x), one(y)))[0])
            values.update(weights_of(model))
        np.savez(str(place / "values.npz"), **values)
        self.cases.append(name)

    def save(self, model, place, formats):
        model.save(str(place / "model.h5"), **self.as_h5())
        if "keras" in formats and hasattr(self.k, "saving"):
            model.save(str(place / "model.keras"))
        if "weights" in formats:
            model.save_weights(str(place / "weights.h5"))
            if hasattr(self.k, "saving"):
                model.save_weights(str(place / "v3.weights.h5"))
        if "json" in formats:
            (place / "model.json").write_text(model.to_json())

    def as_h5(self):
        return {} if self.k.__name__ == "keras" else {"save_format": "h5"}


def layers(writer):
    k = writer.k
    for name, build in keras2_models.MODELS.items():
        print(name)
        try:
            model = build(k)
        except (TypeError, ValueError, AttributeError) as error:
            print("  left out:", error)
            continue
        if not model.outputs:
            continue
        model.compile(optimizer="adam", loss="mse")
        formats = ("h5", "keras", "weights", "json")
        writer.case(name, model, formats=formats, random=name in keras2_models.RANDOM)
        getattr(k.backend, "clear_session", list)()


def training(writer):
    k = writer.k
    for name, optimizer in keras2_training.optimizers(k):
        print(name)
        model = k.models.Sequential(
            [k.layers.Dense(3, activation="tanh", input_shape=(2,)), k.layers.Dense(2)]
        )
        model.compile(optimizer=optimizer, loss="mse")
        writer.case("optimizer_" + name, model)
    for by_object, how in enumerate(("names", "objects")):
        model, losses, kinds = keras2_training.several_losses(k, by_object)
        if losses:
            print("losses", how, len(losses))
            model.compile(optimizer="sgd", loss=losses)
            writer.case("losses_" + how, model, kinds)
        for kind in keras2_training.METRICS:
            model, metrics = keras2_training.measured(k, kind, by_object)
            if metrics:
                print("metrics", how, kind, len(metrics))
                model.compile(optimizer="sgd", loss=keras2_training.LOSS[kind], metrics=metrics)
                writer.case(f"metrics_{kind}_{how}", model, [kind])
    by_name(writer)
    code(writer)


def by_name(writer):
    """Losses, weights and metrics of outputs, by their names."""
    k = writer.k
    x = k.layers.Input((3,), name="x")
    outputs = [k.layers.Dense(2, name=name)(x) for name in ("left", "right")]
    model = k.models.Model(x, outputs)
    model.compile(
        optimizer="sgd",
        loss={"left": "mse", "right": "mae"},
        loss_weights={"left": 0.3, "right": 0.7},
        metrics={"left": ["mae"]},
    )
    writer.case("outputs_by_name", model)


def code(writer):
    """A Lambda layer: its file holds Python code."""
    k = writer.k
    x = k.layers.Input((2,), name="x")
    double = eval(compile("lambda x: 2 * x", "<lambda>", "eval"))
    model = k.models.Model(x, k.layers.Dense(2)(k.layers.Lambda(double, name="double")(x)))
    model.compile(optimizer="sgd", loss="mse")
    writer.case("code", model, formats=("h5", "keras", "json"))


def pack(folder, path):
    """An archive whose content alone decides its bytes."""
    with tarfile.open(str(path), "w:xz", preset=9) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                member = tarfile.TarInfo(file.relative_to(folder).as_posix())
                member.size = file.stat().st_size
                with open(str(file), "rb") as content:
                    archive.addfile(member, content)


def note(name, cases):
    """Versions and the cases, by the name of the archive."""
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    for package in ("keras", "tensorflow", "theano", "h5py"):
        if package in sys.modules:
            versions[package] = sys.modules[package].__version__
    path = FOLDER / "manifest.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known[name] = {"versions": versions, "cases": cases}
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


@contextlib.contextmanager
def archive(name):
    """A folder that becomes the archive of a version."""
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        yield folder
        FOLDER.mkdir(exist_ok=True)
        pack(folder, FOLDER / (name + ".tar.xz"))
    finally:
        shutil.rmtree(str(folder))


def main(library):
    k = importlib.import_module(library)
    np.random.seed(1)
    name = f"{library}-{k.__version__}"
    if k.backend.backend() != "tensorflow":
        name += "-" + k.backend.backend()
    with archive(name) as folder:
        writer = Writer(k, folder)
        layers(writer)
        training(writer)
    note(name, writer.cases)
    print(name, len(writer.cases))


if __name__ == "__main__":
    main(sys.argv[1])
