"""Package faces: deferred names are those that checkers see, and imports stay light."""

from __future__ import annotations

import ast
import importlib
import pathlib
import subprocess
import sys
from collections.abc import Iterator

import pytest

from house import tree

HEAVY = ("keras", "tensorflow", "torch", "pandas", "matplotlib", "sklearn", "scipy", "PIL")


def deferring_faces() -> list[pathlib.Path]:
    return [
        path
        for path in tree.files("src", suffix="__init__.py")
        if any(
            isinstance(node, ast.Attribute) and node.attr == "defer"
            for node in ast.walk(tree.parse(path))
        )
    ]


def names_for_checkers(path: pathlib.Path) -> Iterator[tuple[str, str, str]]:
    """(module, name there, name here) of each import under `if TYPE_CHECKING:`."""
    for block in tree.parse(path).body:
        if isinstance(block, ast.If) and ast.unparse(block.test).endswith("TYPE_CHECKING"):
            for node in ast.walk(block):
                if isinstance(node, ast.ImportFrom):
                    for alias in node.names:
                        yield node.module or "", alias.name, alias.asname or alias.name


def look_up(module: str, name: str) -> object:
    home = importlib.import_module(module)
    return getattr(home, name, None) or importlib.import_module(f"{module}.{name}")


def test_deferred_names_are_the_ones_that_checkers_see() -> None:
    assert len(deferring_faces()) >= 2  # of the library and of its models
    for path in deferring_faces():
        face = importlib.import_module(tree.module_name(path))
        promised = list(names_for_checkers(path))
        assert promised, f"{tree.label(path)} defers names that no checker can see"
        for module, name, here in promised:
            assert getattr(face, here) is look_up(module, name), f"{face.__name__}.{here}"
        with pytest.raises(AttributeError):
            _ = face.no_such_name


def imported(code: str, names: tuple[str, ...]) -> str:
    """Which of these modules are there after `code` in a new process."""
    code += f"\nimport sys; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_import_brings_nothing_heavy() -> None:
    assert imported("import cornu", HEAVY) == "[]"


TRAINING = """
import cornu, numpy as np
model = cornu.Sequential([cornu.Input((2,)), cornu.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
"""


def test_hdf5_is_imported_when_a_file_is_touched() -> None:
    assert imported(TRAINING, ("h5py", "cornu.saving")) == "[]"
    writing = TRAINING + "import pickle; pickle.dumps(model)"
    assert imported(writing, ("h5py",)) == "['h5py']"
