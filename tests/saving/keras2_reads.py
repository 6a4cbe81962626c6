"""The other direction: files of Cornu in the `.h5` format, read by real Keras 2.

    python tests/saving/keras2_reads.py write FOLDER             # in Cornu's environment
    python tests/saving/keras2_reads.py read FOLDER keras        # in that of a Keras 2

`read` prints a line for each model and exits with the number of those that differ.
"""

from __future__ import annotations

import importlib
import pathlib
import sys

import keras2_files
import keras2_models
import numpy as np


def write(folder):
    k = importlib.import_module("cornu")
    folder.mkdir(parents=True, exist_ok=True)
    for number, (name, build) in enumerate(keras2_models.MODELS.items()):
        model = build(k)
        rng = np.random.RandomState(number)
        keras2_files.nudge(model, rng)
        x = keras2_files.inputs_of(k, model, rng)
        model.compile(optimizer="adam", loss="mse")
        model.save(str(folder / (name + ".h5")))
        values = {f"x{i}": value for i, value in enumerate(x)}
        p = keras2_files.as_list(model.predict(keras2_files.one(x), verbose=0))
        values.update((f"p{i}", value) for i, value in enumerate(p))
        np.savez(str(folder / (name + ".npz")), **values)
    return 0


def read(folder, library):
    k = importlib.import_module(library)
    failed = 0
    for path in sorted(folder.glob("*.h5")):
        try:
            said = compare(k, path)
        except Exception as error:
            said = f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"
        failed += said != "equal"
        print(path.stem, said)
    return failed


def compare(k, path):
    values = np.load(str(path.with_suffix(".npz")))
    x = [values[name] for name in values.files if name[0] == "x"]
    expected = [values[name] for name in values.files if name[0] == "p"]
    model = k.models.load_model(str(path), compile=False)
    found = keras2_files.as_list(model.predict(keras2_files.one(x), verbose=0))
    worst = [float(np.max(np.abs(p - q))) for p, q in zip(found, expected)]  # noqa: B905
    is_equal = all(np.allclose(p, q, 1e-5, 1e-6) for p, q in zip(found, expected))  # noqa: B905
    return "equal" if is_equal and len(found) == len(expected) else f"differs by {max(worst)}"


if __name__ == "__main__":
    action, place, *rest = sys.argv[1:]
    target = pathlib.Path(place)
    sys.exit(write(target) if action == "write" else read(target, rest[0]))
