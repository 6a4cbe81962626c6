"""Masks travel beside the arrays they belong to.

Concrete arrays and symbolic tensors carry theirs as the attribute `_keras_mask`; traced arrays take
no attributes, so theirs stand in a table of the open scope.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.core

from cornu.core.scope import current


def get_mask(x: Any) -> Any:
    """The mask of `x` (bool, the leading dimensions of `x`), or None."""
    if isinstance(x, jax.core.Tracer):
        scope = current()
        entry = scope.masks.get(id(x)) if scope is not None else None
        return entry[1] if entry is not None else None
    return getattr(x, "_keras_mask", None)


def set_mask(x: Any, mask: Any) -> None:
    """Make `mask` the mask of `x`; None takes it away."""
    if isinstance(x, jax.core.Tracer):
        scope = current()
        if scope is None:
            return
        if mask is None:
            scope.masks.pop(id(x), None)
        else:
            scope.masks[id(x)] = (x, mask)  # holding x keeps its id from being used again
    elif mask is not None or getattr(x, "_keras_mask", None) is not None:
        x._keras_mask = mask
