"""The project's files, for the tests of this folder."""

from __future__ import annotations

import ast
import functools
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"
FOLDERS = (".ci", "benchmarks", "constraints", "docs", "examples", "src", "tests")
PASSED_OVER = {"__pycache__", ".hypothesis"}


def files(*folders: str, suffix: str = "") -> list[pathlib.Path]:
    """All files of these folders whose names end in `suffix`, in order."""
    return sorted(
        path
        for folder in folders
        for path in (ROOT / folder).rglob(f"*{suffix}")
        if path.is_file() and not PASSED_OVER.intersection(path.parts)
    )


def python_files() -> list[pathlib.Path]:
    """Our own Python; the scripts of `examples/seed` are kept as their users type them."""
    return [path for path in files(*FOLDERS, suffix=".py") if "seed" not in path.parts]


def label(path: pathlib.Path) -> str:
    """The path inside the project, for messages."""
    return path.relative_to(ROOT).as_posix()


@functools.cache
def parse(path: pathlib.Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def own_lines(node: ast.AST) -> int:
    """Lines of a function or class, its docstring apart."""
    assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    first = node.body[0]
    is_doc = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    documentation = (first.end_lineno or 0) - first.lineno + 1 if is_doc else 0
    return (node.end_lineno or 0) - node.lineno + 1 - documentation


def module_name(path: pathlib.Path) -> str:
    """`src/cornu/core/tree.py` -> `cornu.core.tree`."""
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules() -> dict[str, pathlib.Path]:
    """All modules of the package, by name."""
    return {module_name(path): path for path in files("src", suffix=".py")}


def imports(path: pathlib.Path) -> Iterator[tuple[ast.Import | ast.ImportFrom, str]]:
    """Each import of one of our own modules in a file: (statement, name of the module)."""
    known = modules()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            whole = node.module != "cornu"  # the root face defines nothing itself
            names = [node.module if whole and name not in known else name for name in inner]
        else:
            continue
        for name in names:
            if name == "cornu" or name.startswith("cornu."):
                yield node, name
