"""The scripts of `examples/seed` run through `cornu run`, and their typing slips are explained."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cornu

SEED = pathlib.Path(__file__).resolve().parents[2] / "examples" / "seed"

# Script -> what its last line of output looks like.
NUMBER = r"\d+\.\d+(?:e-\d+)?"
SCRIPTS = {
    "compile_variants.py": rf"\[{NUMBER}, {NUMBER}, {NUMBER}\]",
    "binary_classifier.py": rf".*accuracy: {NUMBER}.*loss: {NUMBER}.*",
    "ten_class_classifier.py": rf".*accuracy: {NUMBER}.*loss: {NUMBER}.*",
    "softmax_mlp.py": rf".*accuracy: {NUMBER}.*loss: {NUMBER}.*",
    "binary_mlp.py": rf"{NUMBER} {NUMBER}",
    "vgg.py": NUMBER,
}
# The VGG script with fewer and smaller images: (as typed, in this test).
SMALLER = (
    ("size=(100, 100, 100, 3)", "size=(12, 28, 28, 3)"),
    ("size=(100, 1)", "size=(12, 1)"),
    ("size=(20, 100, 100, 3)", "size=(4, 28, 28, 3)"),
    ("size=(20, 1)", "size=(4, 1)"),
    ("input_shape=(100,100,3)", "input_shape=(28,28,3)"),
    ("epochs=10", "epochs=2"),
)


def run(script: pathlib.Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cornu", "run", script.name]
    return subprocess.run(command, cwd=script.parent, capture_output=True, text=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_runs(name: str, tmp_path: pathlib.Path) -> None:
    text = (SEED / name).read_text(encoding="utf-8")
    if name == "vgg.py":
        for typed, smaller in SMALLER:
            assert text.count(typed) == 1, typed
            text = text.replace(typed, smaller)
    script = tmp_path / name
    script.write_text(text, encoding="utf-8")
    done = run(script)
    assert done.returncode == 0, done.stderr
    last = done.stdout.strip().splitlines()[-1].strip()
    assert re.fullmatch(SCRIPTS[name], last), done.stdout


def test_all_scripts_are_tested() -> None:
    assert {path.name for path in SEED.glob("*.py")} == set(SCRIPTS)


@pytest.mark.parametrize(
    ("name", "mended", "typed", "message"),
    [
        (
            "binary_classifier.py",
            "activation='sigmoid'",
            "activation='sigmod'",
            "unknown activation 'sigmod'; did you mean 'sigmoid'?",
        ),
        (
            "vgg.py",
            "from keras.layers import Conv2D, MaxPooling2D",
            "from kreas.layers import Conv2D, MaxPooling2D",
            "ModuleNotFoundError: No module named 'kreas'; did you mean 'keras'?",
        ),
        (
            "vgg.py",
            "from keras.layers import Conv2D, MaxPooling2D",
            "from keras.layers import Conv2D, MaxPooling",
            "ImportError: cannot import name 'MaxPooling' from 'keras.layers'; did you mean "
            "'MaxPooling1D', 'MaxPooling2D' or 'MaxPooling3D'?",
        ),
    ],
)
def test_slips_are_explained(
    name: str, mended: str, typed: str, message: str, tmp_path: pathlib.Path
) -> None:
    text = (SEED / name).read_text(encoding="utf-8")
    assert mended in text
    script = tmp_path / name
    text = text.replace(mended, typed)
    script.write_text(text, encoding="utf-8")
    done = run(script)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].endswith(message)
    assert f'File "{script}", line ' in done.stderr


X, Y = np.zeros((4, 2)), np.zeros((4, 1))
MODEL = cornu.Sequential([cornu.layers.Dense(1, input_dim=2)])


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        (
            lambda: MODEL.compile(loss="categorical_crosentropy"),
            "unknown loss 'categorical_crosentropy'; did you mean 'categorical_crossentropy'?",
        ),
        (
            lambda: MODEL.compile(optimizer="rmsprob"),
            "unknown optimizer 'rmsprob'; did you mean 'rmsprop'?",
        ),
        (
            lambda: cornu.layers.Dense(1, kernel_initializer="glorot_unifrom"),
            "unknown initializer 'glorot_unifrom'; did you mean 'glorot_uniform'?",
        ),
        (
            lambda: cornu.layers.Dense(1, activaton="relu"),
            "Dense got an unexpected keyword argument 'activaton'; did you mean 'activation'?",
        ),
        (
            lambda: MODEL.fit(X, Y, epoch=10),
            "got an unexpected keyword argument 'epoch'",
        ),
        (
            lambda: MODEL.compile(loss="mse", metrics=["acuracy"]) or MODEL.fit(X, Y, verbose=0),
            "unknown metric 'acuracy'; did you mean 'accuracy'?",
        ),
    ],
)
def test_other_slips_are_explained(slip: Callable[[], Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=re.escape(message)):
        slip()
