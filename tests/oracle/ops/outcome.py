"""What a call gives: values, shapes and dtypes alone, or an error; and how two of them differ."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from oracle.ops.row import Row

NEEDS_VALUES = (
    jax.errors.ConcretizationTypeError,
    jax.errors.NonConcreteBooleanIndexError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
)


class Refused:
    """An error, in place of a result."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @property
    def needs_values(self) -> bool:
        """Whether the call only refuses to be traced."""
        return isinstance(self.error, NEEDS_VALUES) or "JitTracer" in str(self.error)

    def __repr__(self) -> str:
        return f"{type(self.error).__name__}: {str(self.error)[:200]}"


def attempt(call: Callable[[], Any]) -> Any:
    """The result of a call, or its error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call()
        except Exception as error:
            return Refused(error)


def eager(library: Any, row: Row, tensors: list[Any]) -> Any:
    """The result of a call, numbers and names as arrays too."""
    return jax.tree.map(plain, row.call(library, tensors))


def traced(library: Any, row: Row, tensors: list[Any]) -> Any:
    """Shapes and dtypes of the result, without computing it; or the error."""
    return attempt(lambda: jax.eval_shape(lambda given: eager(library, row, given), tensors))


def plain(x: Any) -> Any:
    """Python numbers and names, as some ops give them, as arrays."""
    if isinstance(x, str):
        return np.frombuffer(x.encode(), "uint8")
    return x if hasattr(x, "dtype") else np.asarray(x)


def specs(result: Any) -> Any:
    """(shape, dtype) of each tensor; an error as it is."""
    if isinstance(result, Refused):
        return result
    return [(tuple(leaf.shape), str(leaf.dtype)) for leaf in jax.tree.leaves(result)]


def different_specs(ours: Any, theirs: Any) -> str:
    """How shapes, dtypes or errors differ; empty if they do not."""
    ours, theirs = specs(ours), specs(theirs)
    if isinstance(ours, Refused) and isinstance(theirs, Refused):
        return ""
    return "" if ours == theirs else f"ours {ours}, Keras's {theirs}"


def different_values(ours: Any, theirs: Any, tolerance: float) -> str:
    """How values differ, measured by the largest finite one; empty if they do not."""
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        if jnp.issubdtype(b.dtype, jnp.floating):
            tolerance = max(tolerance, 4 * float(jnp.finfo(b.dtype).eps))
        wide = "complex128" if b.dtype.kind == "c" else "float64"
        x, y = np.asarray(a).astype(wide), np.asarray(b).astype(wide)
        if x.shape != y.shape:
            return f"shapes {x.shape} and {y.shape}"
        finite = np.abs(y[np.isfinite(y)])
        scale = float(finite.max(initial=0))
        with np.errstate(invalid="ignore"):
            near = (x == y) | (np.abs(x - y) <= tolerance * (np.abs(y) + scale))
        near |= np.isnan(x) & np.isnan(y)
        if not near.all():
            place = tuple(int(i) for i in np.argwhere(~near)[0])
            return f"{(~near).sum()} of {near.size} elements; at {place} {x[place]}, not {y[place]}"
    return ""
