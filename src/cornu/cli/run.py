"""`cornu run`: a Keras program as `python` would run it, with Cornu in the place of Keras.

`sys.argv`, `sys.path[0]`, `__main__`, exit status and tracebacks are those of `python script.py`.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import types
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

from cornu import errors
from cornu.errors import did_you_mean
from cornu.legacy import install

USAGE = """\
usage: cornu run SCRIPT [ARG ...]
       cornu run -m MODULE [ARG ...]
       cornu run -c CODE [ARG ...]

Runs a Python program in which `import keras` means Cornu. SCRIPT may be a file, `-` (standard
input), or a folder or zip file with a `__main__.py`. All that follows goes to the program."""

ExceptHook = Callable[[type[BaseException], BaseException, types.TracebackType | None], Any]


def main(arguments: list[str]) -> int:
    """Run the program that `arguments` name; its own exceptions pass through."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    if arguments[0] == "--":
        arguments = arguments[1:]
    first, *rest = arguments
    if first in PREPARE and not rest:
        print(f"cornu run: {first} needs an argument\n\n{USAGE}", file=sys.stderr)
        return 2
    if first.startswith("-") and first != "-" and first not in PREPARE:
        print(f"cornu run: unknown option '{first}'\n\n{USAGE}", file=sys.stderr)
        return 2
    install.install_as_keras(tensorflow=True)
    sys.excepthook = functools.partial(show, sys.excepthook)
    try:
        load = PREPARE[first](rest[0], rest[1:]) if first in PREPARE else prepare_path(first, rest)
    except OSError as error:
        reason = f"[Errno {error.errno}] {error.strerror}"
        print(f"cornu run: can't open file '{error.filename}': {reason}", file=sys.stderr)
        return 2
    except ImportError as error:
        print(f"cornu run: {describe_import_error(error)}", file=sys.stderr)
        return 1
    execute(load)
    return 0


# -- the four ways to name a program ---------------------------------------------------------------

Load = Callable[[], tuple[types.CodeType, types.ModuleType]]


def prepare_path(path: str, arguments: list[str]) -> Load:
    """A script, standard input (`-`), or a folder or zip file with a `__main__.py`."""
    if path == "-":
        source = sys.stdin.read()
        return prepare_code(source, arguments, argv0="-", namespace={"__file__": "<stdin>"})
    sys.argv = [path, *arguments]
    if os.path.isdir(path) or zipfile.is_zipfile(path):
        put_on_path(os.path.abspath(path))
        return from_spec(importlib.machinery.PathFinder.find_spec("__main__", [path]), path)
    with open(path, "rb") as file:
        source = file.read()
    put_on_path(os.path.dirname(os.path.realpath(path)))
    path = os.path.abspath(path)
    loader = importlib.machinery.SourceFileLoader("__main__", path)
    namespace = {"__file__": path, "__loader__": loader, "__cached__": None}
    return lambda: (compile(source, path, "exec", dont_inherit=True), fresh_main(namespace))


def prepare_code(
    code: str,
    arguments: list[str],
    *,
    argv0: str = "-c",
    namespace: Mapping[str, Any] | None = None,
) -> Load:
    """A piece of code."""
    sys.argv = [argv0, *arguments]
    put_on_path("")
    names = dict(namespace or {})
    filename = names.get("__file__", "<string>")
    return lambda: (compile(code, filename, "exec", dont_inherit=True), fresh_main(names))


def prepare_module(name: str, arguments: list[str]) -> Load:
    """A module or package, by its import name."""
    put_on_path(os.getcwd())
    sys.argv = ["-m", *arguments]
    spec = importlib.util.find_spec(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = importlib.util.find_spec(f"{name}.__main__")
        if spec is None:
            raise ImportError(f"'{name}' is a package and cannot be run: it has no __main__.py")
    if spec is None:
        raise ModuleNotFoundError(f"No module named '{name}'", name=name)
    if spec.origin:
        sys.argv[0] = spec.origin
    return from_spec(spec, name)


PREPARE: dict[str, Callable[[str, list[str]], Load]] = {"-c": prepare_code, "-m": prepare_module}


def from_spec(spec: importlib.machinery.ModuleSpec | None, what: str) -> Load:
    """The program that an import spec leads to."""
    if spec is None or not isinstance(spec.loader, importlib.abc.InspectLoader):
        raise ImportError(f"can't find '__main__' code in '{what}'")
    loader, parent = spec.loader, spec.parent
    namespace = {
        "__file__": spec.origin,
        "__loader__": loader,
        "__cached__": spec.cached,
        "__package__": parent,
        "__spec__": spec,
    }

    def load() -> tuple[types.CodeType, types.ModuleType]:
        code = loader.get_code(spec.name)
        if code is None:
            raise ImportError(f"no code object available for '{what}'")
        return code, fresh_main(namespace)

    return load


def put_on_path(folder: str) -> None:
    """Make `folder` the first of `sys.path`, in the place where Python put the command's own."""
    if not sys.flags.safe_path:
        sys.path[0] = folder


def fresh_main(namespace: dict[str, Any]) -> types.ModuleType:
    """A new `__main__` module."""
    module = types.ModuleType("__main__")
    module.__dict__.update(namespace)
    module.__dict__["__builtins__"] = sys.modules["builtins"]
    sys.modules["__main__"] = module
    return module


def execute(load: Load) -> None:
    """Run the program. Frames above this one are cut from tracebacks; see `show`."""
    code, module = load()
    exec(code, module.__dict__)


# -- how errors are shown --------------------------------------------------------------------------


def show(
    shown: ExceptHook,
    kind: type[BaseException],
    error: BaseException,
    traceback: types.TracebackType | None,
) -> None:
    """An excepthook: `shown`, without our own frames, and with a hint for misspelt imports."""
    if isinstance(error, ModuleNotFoundError):
        error.msg = describe_import_error(error)
    own = users_part(traceback)
    if isinstance(error, ImportError | AttributeError):
        cut_explanations(own)
    error.with_traceback(own)
    shown(kind, error, own)


def users_part(traceback: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback from the program's first frame on."""
    step = traceback
    while step is not None:
        if step.tb_frame.f_code is execute.__code__:
            below = step.tb_next
            while below is not None and not is_program_frame(below):
                below = below.tb_next
            return below
        step = step.tb_next
    return traceback


def cut_explanations(traceback: types.TracebackType | None) -> None:
    """Let a traceback end at the program's import or name, not where we explained what is wrong."""
    step = traceback
    while step is not None:
        below = step.tb_next
        if below is not None and below.tb_frame.f_code.co_filename in _EXPLAINING:
            step.tb_next = below = None
        step = below


_EXPLAINING = (install.__file__, errors.__file__)


def is_program_frame(step: types.TracebackType) -> bool:
    """Whether a frame below `execute` is the program's, not one of reading its code."""
    name = step.tb_frame.f_code.co_filename
    return name != __file__ and not name.startswith("<frozen importlib")


_COMMON = ("keras", "cornu", "jax", "numpy", "pandas", "matplotlib", "sklearn", "scipy")


def describe_import_error(error: ImportError) -> str:
    """The error's message, with the module probably meant: `kreas` -> `keras`."""
    text = str(error)
    top = (error.name or "").partition(".")[0]
    if not top or top in sys.modules or "did you mean" in text:
        return text
    return text + did_you_mean(top, _COMMON)
