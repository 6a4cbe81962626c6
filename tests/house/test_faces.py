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
            isinstance(node, ast.FunctionDef) and node.name == "__getattr__"
            for node in tree.parse(path).body
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
    for path in deferring_faces():
        face = importlib.import_module(tree.module_name(path))
        promised = list(names_for_checkers(path))
        assert promised, f"{tree.label(path)} defers names that no checker can see"
        for module, name, here in promised:
            assert getattr(face, here) is look_up(module, name), f"{face.__name__}.{here}"
        with pytest.raises(AttributeError):
            _ = face.no_such_name


def test_import_brings_nothing_heavy() -> None:
    code = f"import sys, cornu; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
