"""Size is a decision: a file, class or function over its limit holds two ideas."""

from __future__ import annotations

import ast
import pathlib

import pytest

from house import tree

FILE, CLASS, FUNCTION = 600, 400, 60


@pytest.mark.parametrize("path", tree.python_files(), ids=tree.label)
def test_sizes(path: pathlib.Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= FILE, f"{tree.label(path)} has {lines} lines, more than {FILE}"
    for node in ast.walk(tree.parse(path)):
        if isinstance(node, ast.ClassDef):
            size, limit = (node.end_lineno or 0) - node.lineno + 1, CLASS
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size, limit = tree.own_lines(node), FUNCTION
        else:
            continue
        place = f"{tree.label(path)}:{node.lineno}"
        assert size <= limit, f"{place}: {node.name} has {size} lines, more than {limit}"


def test_there_are_files_to_measure() -> None:
    assert len(tree.python_files()) > 20
