"""Makes `import keras` mean Cornu in this process.

Modules are shared, never imported twice: `sys.modules["keras.layers"]` is `cornu.layers` itself.
Paths that only older Keras had become views (`LegacyModule`) onto today's modules.
"""

from __future__ import annotations

import functools
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import sysconfig
import types
from collections.abc import Callable, Sequence
from typing import Any

from cornu.errors import close_names, missing_attribute
from cornu.legacy.modules import ATTRIBUTES_OF, NAMES, PATHS


def install_as_keras(*, tensorflow: bool = False) -> None:
    """Make `keras`, with all its submodules, mean Cornu for the rest of this process.

    Call it before anything imports Keras; a second call changes nothing.

    Args:
        tensorflow: also serve `tensorflow.keras` to the program where TensorFlow is not installed.

    Raises:
        RuntimeError: if the real Keras was already imported.
    """
    ours = importlib.import_module("cornu")
    present = sys.modules.get("keras")
    if present is not None and present is not ours:
        raise RuntimeError(
            "the real Keras was already imported in this process. Call `cornu.install_as_keras()` "
            "before the first `import keras`; in a notebook, restart the kernel and run it first."
        )
    roots = ["keras"]
    if tensorflow and not _is_installed("tensorflow"):
        roots.append("tensorflow.keras")
    finder = next((f for f in sys.meta_path if isinstance(f, AliasFinder)), None)
    if finder is not None:
        finder.roots = tuple(dict.fromkeys((*finder.roots, *roots)))
        return
    sys.meta_path.insert(0, AliasFinder(tuple(roots)))
    sys.modules["keras"] = ours
    _add_legacy_attributes()


def _is_installed(name: str) -> bool:
    return name in sys.modules or importlib.machinery.PathFinder.find_spec(name) is not None


def _add_legacy_attributes() -> None:
    for path in PATHS:
        parent, _, leaf = path.rpartition(".")
        holder = resolve(parent) if parent in ATTRIBUTES_OF else None
        if holder is not None:
            setattr(holder, leaf, resolve(path))
    for path, renamed in NAMES.items():
        module = resolve(path)
        for old, new in renamed.items():
            if old not in vars(module) and hasattr(module, new):
                setattr(module, old, getattr(module, new))


# -- from a path below `keras` to a module ---------------------------------------------------------


class LegacyModule(types.ModuleType):
    """A module that older Keras had: shows the names of one or more modules of today."""

    def __init__(self, name: str, sources: tuple[str, ...]) -> None:
        super().__init__(name, f"Names that older Keras kept in `{name}`.")
        self.__path__: list[str] = []  # so that `import keras.engine.topology` finds its parent
        self._sources = sources

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self._public_names()
        if not name.startswith("__"):
            for source in self._sources:
                module = own_module(source)
                if module is not None and hasattr(module, name):
                    return getattr(module, name)
        raise missing_attribute(self.__name__, name, self._public_names())

    def __dir__(self) -> list[str]:
        return self._public_names()

    def _public_names(self) -> list[str]:
        modules = [own_module(source) for source in self._sources]
        return sorted({n for m in modules if m for n in dir(m) if not n.startswith("_")})


_views: dict[str, LegacyModule] = {}


def resolve(path: str) -> types.ModuleType | None:
    """The module behind `keras.<path>` (`keras` itself for an empty path), or None."""
    if path in PATHS:
        if path not in _views:
            _views[path] = LegacyModule(f"keras.{path}", PATHS[path])
        return _views[path]
    return own_module(path)


def own_module(path: str) -> types.ModuleType | None:
    """The module `cornu.<path>`, or None."""
    name = f"cornu.{path}" if path else "cornu"
    if name not in sys.modules:
        try:
            if importlib.util.find_spec(name) is None:
                return None
        except ModuleNotFoundError:
            return None
    return importlib.import_module(name)


# -- the import system -----------------------------------------------------------------------------


class AliasFinder(importlib.abc.MetaPathFinder):
    """Answers for every name at or below its roots, so that no other finder imports them twice."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self.roots = roots

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a name of ours; None for all other names."""
        del path, target
        if fullname == "tensorflow" and "tensorflow.keras" in self.roots:
            return None if _asked_by_library() else _spec(fullname, TensorFlowFace)
        for root in self.roots:
            if fullname == root or fullname.startswith(f"{root}."):
                inner = fullname[len(root) + 1 :]
                module = resolve(inner)
                if module is None:
                    raise _no_module(fullname, inner)
                return _spec(fullname, functools.partial(_given, module))
        return None


def _given(module: types.ModuleType) -> types.ModuleType:
    return module


def _no_module(fullname: str, inner: str) -> ModuleNotFoundError:
    parent, _, leaf = inner.rpartition(".")
    known = [p.removeprefix(f"{parent}.") for p in PATHS if p.rpartition(".")[0] == parent]
    close = close_names(leaf, [*known, *_submodules(parent)])
    prefix = fullname[: len(fullname) - len(leaf)]
    hint = f"; did you mean '{prefix}{close[1:-1]}'?" if close.count("'") == 2 else ""
    return ModuleNotFoundError(f"No module named '{fullname}'{hint}", name=fullname)


def _submodules(path: str) -> list[str]:
    module = resolve(path)
    return [n for n, v in vars(module).items() if isinstance(v, types.ModuleType)] if module else []


def _spec(name: str, find: Callable[[], types.ModuleType]) -> importlib.machinery.ModuleSpec:
    return importlib.machinery.ModuleSpec(name, AliasLoader(find), is_package=True)


class AliasLoader(importlib.abc.Loader):
    """Puts a module that exists already under one more name."""

    def __init__(self, find: Callable[[], types.ModuleType]) -> None:
        self.find = find

    def exec_module(self, module: types.ModuleType) -> None:
        """Replace the empty module that Python made; the import system reads it back from there."""
        sys.modules[module.__name__] = self.find()


# -- tensorflow.keras where there is no TensorFlow -------------------------------------------------


class TensorFlowFace(types.ModuleType):
    """What `import tensorflow` gives a program under `cornu run` without TensorFlow: `.keras`."""

    def __init__(self) -> None:
        super().__init__("tensorflow", "Cornu as `tensorflow.keras`; there is no TensorFlow here.")
        self.__path__: list[str] = []
        self.keras = importlib.import_module("cornu")

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(
            f"module 'tensorflow' has no attribute '{name}': TensorFlow is not installed, and "
            "`cornu run` stands in for `tensorflow.keras` only. Use `keras.ops` or NumPy for it.",
            name=name,
            obj=None,
        )


def _asked_by_library() -> bool:
    """Whether installed code, not the program, is importing: it may be probing for TensorFlow."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("importlib"):
        frame = frame.f_back
    if frame is None:
        return True
    name, filename = frame.f_globals.get("__name__", ""), frame.f_code.co_filename
    installed = tuple(sysconfig.get_path(kind) for kind in ("stdlib", "purelib", "platlib"))
    return name.startswith("cornu.") or filename.startswith(installed)
