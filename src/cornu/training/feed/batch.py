"""A batch: inputs, targets and weights, each a tree of NumPy arrays of the same number of rows."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from cornu.errors import BadInputError

Batch = tuple[Any, Any, Any]  # (x, y, sample_weight)
NAMES = ("x", "y", "sample_weight")


def unpack_x_y_sample_weight(data: Any) -> Batch:
    """`(x, y, sample_weight)` from what a data source gives; parts that are missing are None.

    Args:
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a list counts as a tuple.

    Raises:
        ValueError: for a tuple of any other length.
    """
    if not isinstance(data, tuple | list):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise BadInputError(
            f"expected x, (x,), (x, y) or (x, y, sample_weight). Received: a {type(data).__name__} "
            f"of length {len(data)}"
        )
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """The opposite of `unpack_x_y_sample_weight`.

    Args:
        x: inputs. Alone, they are given back as they are, unless a tuple or list: that is wrapped
            in a tuple, since it would be taken for `(x, y)`.
        y: targets or None.
        sample_weight: weights or None.
    """
    if sample_weight is not None:
        return x, y, sample_weight
    if y is not None:
        return x, y
    return (x,) if isinstance(x, tuple | list) else x


def leaves(tree: Any, name: str) -> list[tuple[str, Any]]:
    """The arrays of a tree with the name a user would give each: `x`, `x[1]`, `y['p']`."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [leaf for key, part in tree.items() for leaf in leaves(part, f"{name}[{key!r}]")]
    if isinstance(tree, tuple | list):
        return [leaf for i, part in enumerate(tree) for leaf in leaves(part, f"{name}[{i}]")]
    return [(name, tree)]


def count_rows(batch: Batch) -> int:
    """The number of rows that all arrays of a batch share.

    Raises:
        ValueError: naming each array, if they differ.
    """
    arrays = [leaf for part, name in zip(batch, NAMES, strict=True) for leaf in leaves(part, name)]
    counts = {name: array.shape[0] for name, array in arrays}
    if len(set(counts.values())) > 1:
        shown = ", ".join(f"{name} has {n}" for name, n in list(counts.items())[:6])
        raise BadInputError(f"all arrays need the same number of rows: {shown}")
    return next(iter(counts.values()), 0)


def take(batch: Batch, rows: np.ndarray | slice) -> Batch:
    """The given rows of each array."""
    x, y, sample_weight = jax.tree.map(lambda array: array[rows], batch)
    return x, y, sample_weight
