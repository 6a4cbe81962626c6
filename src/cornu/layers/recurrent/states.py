"""States of cells: nested lists of arrays."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp


def map_states(fn: Any, first: Any, *rest: Any) -> Any:
    """`fn` over nested lists."""
    if isinstance(first, list | tuple):
        return [map_states(fn, *items) for items in zip(first, *rest, strict=True)]
    return fn(first, *rest)


def match(new: Any, old: Any) -> Any:
    """New states in the structure and dtypes of the old ones, as a loop needs them."""
    new = list(new) if isinstance(new, list | tuple) else [new]
    return map_states(lambda a, b: jnp.asarray(a, b.dtype), new, old)


def flat(nested: Any) -> list[Any]:
    """The leaves of nested lists."""
    if isinstance(nested, list | tuple):
        return [leaf for item in nested for leaf in flat(item)]
    return [nested]


def like(structure: Any, values: Any) -> Any:
    """`values`, an iterator, in the nesting of `structure`."""
    return map_states(lambda _: next(values), structure)


def zeros(size: Any, batch_size: int, dtype: str) -> Any:
    """First states for a `state_size`."""
    if isinstance(size, list | tuple) and any(not isinstance(n, int) for n in size):
        return [zeros(n, batch_size, dtype) for n in size]
    if isinstance(size, list | tuple):
        return [jnp.zeros((batch_size, n), dtype) for n in size]
    return jnp.zeros((batch_size, size), dtype)
