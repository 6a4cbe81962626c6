"""Weights of rows: those passed as `sample_weight`, and what `class_weight` says of labels."""

from __future__ import annotations

import numbers
from typing import Any

import jax
import numpy as np

from cornu.core import dtypes
from cornu.errors import BadInputError, short
from cornu.settings import settings
from cornu.training.feed.batch import leaves


def check_class_weight(class_weight: Any) -> dict[int, float]:
    """`class_weight` as a dict from class number to weight.

    Raises:
        TypeError: if it is no dict.
        ValueError: for keys that are no class numbers, or weights that are negative.
    """
    if not hasattr(class_weight, "items"):
        raise TypeError(
            "class_weight must be a dict {class number: weight}; from a list or array: "
            f"`dict(enumerate(class_weight))`. Received: {short(class_weight)}"
        )
    wrong = [key for key in class_weight if not _is_whole(key)]
    if wrong:
        raise BadInputError(
            f"class_weight keys must be class numbers. Received: {', '.join(map(repr, wrong[:5]))} "
            f"({type(wrong[0]).__name__})"
        )
    checked = {int(key): float(weight) for key, weight in class_weight.items()}
    negative = [key for key, weight in checked.items() if weight < 0]
    if negative:
        raise BadInputError(f"class_weight is negative for class {negative[0]}")
    return checked


def _is_whole(key: Any) -> bool:
    return isinstance(key, numbers.Real) and not isinstance(key, bool) and float(key).is_integer()


def with_class_weight(y: Any, sample_weight: Any, class_weight: dict[int, float]) -> Any:
    """`sample_weight` times the weight of each row's class.

    Args:
        y: labels: class numbers (N,) or (N, 1), or one-hot rows (N, C).
        sample_weight: weights (N,), or None.
        class_weight: as from `check_class_weight`.

    Raises:
        ValueError: if `y` is not the target of one output, or has a class without weight.
    """
    targets = leaves(y, "y")
    if len(targets) != 1:
        found = (
            "no y"
            if not targets
            else f"{len(targets)} outputs ({', '.join(n for n, _ in targets)})"
        )
        raise BadInputError(
            f"class_weight needs the labels of exactly one output. Received: {found}; use "
            f"sample_weight"
        )
    by_row = _weights_of_classes(_classes(targets[0][1]), class_weight)

    def weigh(weight: Any) -> Any:
        return weight * by_row.reshape(by_row.shape + (1,) * (weight.ndim - by_row.ndim))

    if sample_weight is not None:
        return jax.tree.map(weigh, sample_weight)
    return jax.tree.map(lambda _: by_row, y)


def _classes(y: np.ndarray) -> np.ndarray:
    if y.ndim > 1 and y.shape[-1] > 1:
        if not np.allclose(y.sum(axis=-1, dtype=np.float64), 1, atol=1e-3):
            raise BadInputError(
                f"class_weight needs one class a row: y of shape {y.shape} is not one-hot; use "
                f"sample_weight"
            )
        return y.argmax(axis=-1)
    labels = y[..., 0] if y.ndim > 1 else y
    if labels.dtype.kind == "f" and not (labels == np.trunc(labels)).all():
        row = int((labels != np.trunc(labels)).reshape(len(labels), -1).any(axis=1).argmax())
        raise BadInputError(
            f"class_weight needs class numbers, but y in row {row} is no whole number"
        )
    return labels.astype(np.int64)


def _weights_of_classes(classes: np.ndarray, class_weight: dict[int, float]) -> np.ndarray:
    present, position = np.unique(classes, return_inverse=True)
    missing = [int(c) for c in present if int(c) not in class_weight]
    if missing:
        unused = sorted(set(class_weight) - {int(c) for c in present})
        extra = f"; it has {unused[:10]}, which y has not" if unused else ""
        raise BadInputError(
            f"class_weight lacks classes that y has: {missing[:10]}{extra}. Give each class a "
            f"weight "
            "(1.0 changes nothing)"
        )
    table = np.array([class_weight[int(c)] for c in present], dtype=dtypes.held(settings.floatx))
    return table[position].reshape(classes.shape)


def check_sample_weight(y: Any, sample_weight: Any) -> Any:
    """`sample_weight` as floats, after a look at its sign and shape.

    Raises:
        ValueError: for a negative weight, or a shape that fits neither rows nor the axes of `y`.
    """
    targets = [target for _, target in leaves(y, "y")]
    weights = leaves(sample_weight, "sample_weight")
    if len(weights) > 1 and len(weights) != len(targets):
        raise BadInputError(f"sample_weight has {len(weights)} arrays for {len(targets)} of y")
    for i, (name, weight) in enumerate(weights):
        _check_one(name, weight, targets[i] if len(weights) == len(targets) else None)
    floats = dtypes.held(settings.floatx)
    return jax.tree.map(lambda weight: weight.astype(floats, copy=False), sample_weight)


def _check_one(name: str, weight: np.ndarray, target: np.ndarray | None) -> None:
    n = weight.shape[0]
    by_row = weight.ndim == 1 or weight.shape[1:] == (1,)
    if target is not None and not by_row and weight.shape != target.shape[: weight.ndim]:
        raise BadInputError(
            f"{name} has shape {weight.shape}, y has {target.shape}: need one weight a row, "
            f"({n},) or "
            f"({n}, 1), or one for each of y's leading axes"
        )
    if weight.size and weight.min() < 0:
        row = int(np.unravel_index(weight.argmin(), weight.shape)[0])
        raise BadInputError(
            f"{name} is negative in row {row} ({weight.min():.3g}): weights are 0 or more"
        )
