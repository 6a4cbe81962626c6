"""Who may import whom: downward only, no cycles, nothing hidden inside functions.

A file may import from lower floors, from rooms named before its own on the same floor, and from its
own room. What a lower floor must ask of an upper one goes through a slot that the lower one owns.
"""

from __future__ import annotations

import ast
import graphlib
import pathlib

import pytest

from house import tree

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "faces", "settings", "types", "version"),
    ("core", "tree"),
    ("serialization", "ops", "random"),
    ("activations", "initializers", "regularizers", "constraints", "dtype_policies", "config"),
    ("layers.base", "layers", "losses", "metrics", "optimizers"),
    ("callbacks", "training"),
    ("saving", "models"),
    (
        *("distribution", "quantizers", "export", "applications", "datasets", "preprocessing"),
        *("utils", "mixed_precision", "visualization", "wrappers", "distillation"),
    ),
    ("legacy", "backend", "cli", "__main__"),
)
ORDER = {room: i for i, room in enumerate(room for floor in FLOORS for room in floor)}
FACE = "cornu"  # the root `__init__`: names of all floors, imported by none
PATHS = tree.modules()


def room(module: str) -> str:
    """The room of a module: `cornu.layers.base.layer` -> `layers.base`."""
    inner = module.removeprefix("cornu.")
    inside = [name for name in ORDER if inner == name or inner.startswith(f"{name}.")]
    return max(inside, key=len, default="")


@pytest.mark.parametrize("module", PATHS)
def test_every_module_has_a_room(module: str) -> None:
    assert module == FACE or room(module), f"{module}: name its room in FLOORS, on the right floor"


@pytest.mark.parametrize("module", [name for name in PATHS if name != FACE])
def test_imports_go_downward(module: str) -> None:
    here = room(module)
    upward = [
        f"{tree.label(PATHS[module])}:{node.lineno} imports {target}"
        for node, target in tree.imports(PATHS[module])
        if target == FACE or ORDER.get(room(target), len(ORDER)) > ORDER[here]
    ]
    assert not upward, f"'{here}' may not know these:\n" + "\n".join(upward)


@pytest.mark.parametrize("module", PATHS)
def test_no_import_of_ourselves_inside_functions(module: str) -> None:
    path = PATHS[module]
    inner = {
        id(node)
        for function in ast.walk(tree.parse(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for node in ast.walk(function)
    }
    hidden = [
        f"line {node.lineno}: {name}" for node, name in tree.imports(path) if id(node) in inner
    ]
    assert not hidden, f"{tree.label(path)} imports inside functions:\n" + "\n".join(hidden)


@pytest.mark.parametrize("module", PATHS)
def test_imports_are_absolute(module: str) -> None:
    relative = [
        node.lineno
        for node in ast.walk(tree.parse(PATHS[module]))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative, f"{tree.label(PATHS[module])}: relative imports in lines {relative}"


def imported_at_run_time(path: pathlib.Path) -> set[str]:
    """Own modules that a file imports when it runs, that is outside `if TYPE_CHECKING:`."""
    for_checkers = {
        id(node)
        for block in ast.walk(tree.parse(path))
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for statement in block.body
        for node in ast.walk(statement)
    }
    return {name for node, name in tree.imports(path) if id(node) not in for_checkers}


def test_no_cycles() -> None:
    graph = {name: imported_at_run_time(path) - {name} for name, path in PATHS.items()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail("import cycle: " + " <- ".join(error.args[1]))


def test_the_rules_see_imports() -> None:
    edges = sum(len(imported_at_run_time(path)) for path in PATHS.values())
    assert edges > 20
