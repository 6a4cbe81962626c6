"""Errors out of a layer's `call`: where it was, and what JAX's words mean to the user."""

from __future__ import annotations

import pathlib
import traceback
from typing import Any

import jax
from jax.core import Tracer

from cornu.layers.base import calling

_ADVICE = (
    (
        jax.errors.TracerBoolConversionError,
        "a Python `if` or `while` cannot depend on a tensor's value: use ops.where or ops.cond",
    ),
    (
        jax.errors.TracerArrayConversionError,
        "NumPy functions cannot take traced tensors: use the functions of cornu.ops",
    ),
    (
        jax.errors.TracerIntegerConversionError,
        "a tensor's value cannot be a Python index: use ops.take or ops.slice",
    ),
    (
        jax.errors.ConcretizationTypeError,
        "a tensor's value cannot become a Python number while a step is traced: stay with ops",
    ),
)
_LIBRARIES = ("cornu", "jax", "jaxlib", "numpy", "contextlib", "functools")


def explain(layer: Any, error: Exception, args: tuple[Any, ...]) -> None:
    """Say once in `error` which layer it came out of, on what inputs, and what to do."""
    if getattr(error, "_cornu_explained", False):
        return
    error._cornu_explained = True  # type: ignore[attr-defined]
    shapes = calling.shapes_of(list(args))
    place = f"layer '{layer.path}' ({type(layer).__name__})"
    advice = next((text for kind, text in _ADVICE if isinstance(error, kind)), None)
    if advice is not None:
        # JAX's page of text speaks of functions the user never wrote; class and traceback stay.
        error.args = (f"{advice} ({_users_line(error)}in {place}, inputs of shape {shapes})",)
        return
    note = f"while calling {place} on inputs of shape {shapes}"
    kept = _kept_tracers(layer)
    if kept and isinstance(error, jax.errors.UnexpectedTracerError | TypeError | ValueError):
        note += f"; attribute {kept} keeps a traced value of an earlier call: return it instead"
    error.add_note(note)


def _users_line(error: Exception) -> str:
    """`"script.py:12, "`: the innermost line outside of libraries."""
    found = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        root = frame.f_globals.get("__name__", "").partition(".")[0]
        if root not in _LIBRARIES:
            found = f"{pathlib.Path(frame.f_code.co_filename).name}:{line}, "
    return found


def _kept_tracers(layer: Any) -> str:
    found = [
        f"{type(part).__name__}.{name}"
        for part in layer.walk()
        for name, value in part.__dict__.items()
        if isinstance(value, Tracer)
    ]
    return ", ".join(found[:3])
