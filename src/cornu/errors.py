"""Error types and the phrases they share: "did you mean", shapes, rows.

Every message names the argument, the place and the fix in at most ~400 characters, and never prints
the user's data beyond a handful of numbers.
"""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterable
from typing import Any


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
    phrases = [f"'{name}'{did_you_mean(name, allowed)}" for name in given]
    return UnexpectedKeywordError(f"{owner} got an unexpected keyword argument {', '.join(phrases)}")


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
            return level - 1
        frame = frame.f_back
        level += 1
    return default
