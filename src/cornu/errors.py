"""Error types and the phrases they share: "did you mean", shapes, rows.

Every message names the argument, the place and the fix in at most ~400 characters, and never prints
the user's data beyond a handful of numbers.
"""

from __future__ import annotations

import difflib
import dis
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterable
from typing import Any, NoReturn


class CornuError(Exception):
    """Base of the errors that only Cornu raises."""


class BadInputError(CornuError, ValueError):
    """Data given to `fit`, `evaluate` or `predict` cannot mean what was intended."""


class UnknownNameError(CornuError, ValueError):
    """A name was given for which nothing is registered."""


class TrainingBusyError(CornuError, RuntimeError):
    """A second `fit` was started on a model that is already being trained."""


def did_you_mean(name: str, candidates: Iterable[str], *, quote: str = "'") -> str:
    """`"; did you mean 'sigmoid'?"`, or an empty string where nothing is close."""
    by_folded = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(str(name).lower(), list(by_folded), n=1, cutoff=0.6)
    return f"; did you mean {quote}{by_folded[close[0]]}{quote}?" if close else ""


def unknown(kind: str, name: str, candidates: Iterable[str]) -> UnknownNameError:
    """The error for a name that no `kind` (activation, loss, ...) goes by."""
    return UnknownNameError(f"unknown {kind} '{name}'{did_you_mean(name, candidates)}")


def unexpected_keywords(owner: str, given: Iterable[str], allowed: Iterable[str]) -> TypeError:
    """The error for keyword arguments that `owner` does not take."""
    allowed = list(allowed)
    phrases = ", ".join(f"'{name}'{did_you_mean(name, allowed)}" for name in given)
    return UnexpectedKeywordError(f"{owner} got an unexpected keyword argument {phrases}")


def missing_attribute(
    module: str, name: str, candidates: Iterable[str]
) -> AttributeError | ImportError:
    """The error for a name that a public module lacks; its module `__getattr__` raises it.

    `from keras.layers import MaxPooling` gets an ImportError: Python swallows the message of an
    AttributeError there. Everything else, `hasattr` included, gets an AttributeError.

    Args:
        module: `__name__` of the module.
        name: the name asked of it.
        candidates: the names it has; private ones are left out.
    """
    shown = public_module_name(module)
    close = close_names(name, [c for c in candidates if not c.startswith("_")])
    hint = f"; did you mean {close}?" if close else ""
    if _inside_from_import(sys._getframe(2)):
        return ImportError(f"cannot import name '{name}' from '{shown}'{hint}", name=shown)
    # `obj=None` keeps Python from adding a guess of its own after ours.
    return AttributeError(f"module '{shown}' has no attribute '{name}'{hint}", name=name, obj=None)


def explain_missing_names(module: str) -> Callable[[str], NoReturn]:
    """A module `__getattr__` for public faces, so that a misspelt name gets a helpful error.

    In a face, behind checkers' backs (they know the names): `if not TYPE_CHECKING: __getattr__ =
    explain_missing_names(__name__)`.
    """

    def __getattr__(name: str) -> NoReturn:
        raise missing_attribute(module, name, vars(sys.modules[module]))

    return __getattr__


def _inside_from_import(frame: types.FrameType) -> bool:
    """Whether the instruction this frame stands at is the one behind `from module import name`."""
    return frame.f_lasti >= 0 and frame.f_code.co_code[frame.f_lasti] == dis.opmap["IMPORT_FROM"]


def close_names(name: str, candidates: Iterable[str]) -> str:
    """`"'MaxPooling1D', 'MaxPooling2D' or 'MaxPooling3D'"`, the best single match, or `""`."""
    candidates = sorted(set(candidates))
    folded = name.lower()
    longer = [c for c in candidates if len(folded) > 2 and c.lower().startswith(folded)]
    if 0 < len(longer) <= 5:
        quoted = [f"'{c}'" for c in longer]
        return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))
    close = difflib.get_close_matches(folded, [c.lower() for c in candidates], n=1, cutoff=0.6)
    if not close:
        return ""
    alike = [c for c in candidates if c.lower() == close[0]]  # `Dense` and the module `dense`
    return f"'{max(alike, key=lambda c: difflib.SequenceMatcher(None, c, name).ratio())}'"


def public_module_name(module: str) -> str:
    """The name under which users know a module of ours: `keras.layers` once we stand in for it."""
    ours = sys.modules.get("cornu")
    if ours is None or sys.modules.get("keras") is not ours:
        return module
    return re.sub(r"^cornu\b", "keras", module)


class UnexpectedKeywordError(TypeError, ValueError):
    """A keyword that the callee does not take.

    Python says TypeError and Keras says ValueError; scripts catch either.
    """


def short(value: Any, limit: int = 60) -> str:
    """`repr` that never floods a message: long values are cut, arrays become shape and dtype."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<array of shape {tuple(value.shape)}, {value.dtype}>"
    text = repr(value) if isinstance(value, str | int | float | bool | tuple | list | dict) else ""
    if not text:
        return f"<{type(value).__name__}>" if not isinstance(value, type(None)) else "None"
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def warn(message: str, *, stacklevel: int = 2) -> None:
    """Warn with the location of the first frame outside Cornu, so that users see their own line."""
    warnings.warn(message, UserWarning, stacklevel=_user_stacklevel(stacklevel))


def _user_stacklevel(default: int) -> int:
    frame = sys._getframe(1)
    level = 1
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module != "cornu" and not module.startswith("cornu."):
            return level
        frame = frame.f_back
        level += 1
    return default
