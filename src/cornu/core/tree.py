"""Nested lists, tuples and dicts; None counts as a leaf."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax


def _is_none(x: Any) -> bool:
    return x is None


def flatten(structure: Any) -> list[Any]:
    """The leaves, dict entries in the order of their sorted keys."""
    return jax.tree.leaves(structure, is_leaf=_is_none)


def map_structure(fn: Callable[..., Any], *structures: Any) -> Any:
    """A structure of the same shape with `fn` applied to each leaf."""
    return jax.tree.map(fn, *structures, is_leaf=_is_none)


def structure_of(structure: Any) -> Any:
    """What nests what, without the leaves; comparable with `==`."""
    return jax.tree.structure(structure, is_leaf=_is_none)


def pack_sequence_as(structure: Any, leaves: list[Any]) -> Any:
    """`leaves` arranged like `structure`."""
    return jax.tree.unflatten(structure_of(structure), leaves)


def is_nested(structure: Any) -> bool:
    """Whether it is a list, tuple or dict."""
    return isinstance(structure, list | tuple | dict)


def map_shapes(fn: Callable[[Any], Any], shapes: Any) -> Any:
    """Like `map_structure`, with a tuple or list of sizes (ints or None) as the leaf."""
    if is_shape(shapes):
        return fn(shapes)
    if isinstance(shapes, dict):
        return {key: map_shapes(fn, value) for key, value in shapes.items()}
    return type(shapes)([map_shapes(fn, value) for value in shapes])


def is_shape(x: Any) -> bool:
    """Whether `x` is one shape rather than a structure of shapes."""
    return isinstance(x, tuple | list) and all(d is None or isinstance(d, int) for d in x)
