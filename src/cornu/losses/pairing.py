"""How targets are matched with predictions, and what is said when they cannot be.

Keras lets NumPy's broadcasting pair any two shapes, which silently trains on nonsense: targets
(N, 1) against predictions (N, 3) is an (N, 3) error. Here a pair must agree, up to one trailing
size of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from jax import Array

Pairing = Callable[[Array, Array, int], tuple[Array, Array]]
Shape = tuple[int, ...]


def same_rank(first: Array, second: Array) -> tuple[Array, Array]:
    """Both, where their ranks differ by one trailing size of 1, with equal ranks.

    A vector grows a dimension, so that each sample keeps its own value; else the longer shrinks.
    """
    if first.ndim - second.ndim == 1 and first.shape[-1] == 1:
        return (first, second[:, None]) if second.ndim == 1 else (first[..., 0], second)
    if second.ndim - first.ndim == 1 and second.shape[-1] == 1:
        return (first[:, None], second) if first.ndim == 1 else (first, second[..., 0])
    return first, second


# -- pairings: one for each kind of target ---------------------------------------------------------


def elementwise(y_true: Array, y_pred: Array, axis: int = -1) -> tuple[Array, Array]:
    """Targets that hold one number for each predicted number; a scalar stands for all.

    Raises:
        ValueError: if the shapes differ by more than one trailing size of 1.
    """
    del axis
    if not y_true.ndim:
        return jnp.broadcast_to(y_true, y_pred.shape), y_pred
    targets, predictions = same_rank(y_true, y_pred)
    if targets.shape != predictions.shape:
        raise mismatch(y_true.shape, y_pred.shape, elementwise_hint(y_true, y_pred))
    return targets, predictions


def one_hot(y_true: Array, y_pred: Array, axis: int = -1) -> tuple[Array, Array]:
    """Targets that hold one number for each class.

    Raises:
        ValueError: if the shapes differ by more than one trailing size of 1.
    """
    classes = y_pred.shape[axis] if y_pred.ndim else 1
    if classes > 1 and _is_label_shape(y_true.shape, y_pred.shape):
        raise mismatch(
            y_true.shape,
            y_pred.shape,
            "the targets look like class numbers, not one-hot rows; use "
            "sparse_categorical_crossentropy (metrics: the `sparse_` form), or `to_categorical(y)`",
        )
    return elementwise(y_true, y_pred, axis)


def labels(y_true: Array, y_pred: Array, axis: int = -1) -> tuple[Array, Array]:
    """Targets that hold the number of a class, against predictions with classes along `axis`.

    Raises:
        ValueError: if the targets' shape is not the predictions' without `axis`.
    """
    expected = _without(y_pred.shape, axis)
    if y_true.ndim == y_pred.ndim and y_true.shape[axis] == 1:
        y_true = jnp.squeeze(y_true, axis)
    if y_true.shape == expected:
        return y_true, y_pred
    if y_true.shape == y_pred.shape:
        hint = (
            "y looks one-hot; use categorical_crossentropy (metrics: the `categorical_` form), "
            "or `y.argmax(-1)`"
        )
    else:
        hint = (
            _common_hint(y_true.shape, y_pred.shape) or f"targets of shape {expected} are expected"
        )
    raise mismatch(y_true.shape, y_pred.shape, hint)


def unpaired(y_true: Array, y_pred: Array, axis: int = -1) -> tuple[Array, Array]:
    """Targets whose shape the loss itself knows how to read."""
    del axis
    return y_true, y_pred


# -- what to say -----------------------------------------------------------------------------------


def mismatch(y_true: Shape, y_pred: Shape, hint: str) -> ValueError:
    """The error for targets that do not belong to the predictions."""
    return ValueError(f"targets {tuple(y_true)} vs predictions {tuple(y_pred)}: {hint}.")


def check_not_crossed(name: str, values: Array, y_true: Any, y_pred: Any) -> None:
    """Refuse the values of a user's formula that paired every target with every prediction.

    Raises:
        ValueError: for values (N, N) of targets (N,) and predictions (N, 1), or the reverse.
    """
    shapes = [getattr(x, "shape", None) for x in (y_true, y_pred)]
    samples = values.shape[0] if values.ndim == 2 else 0
    crossed = values.shape == (samples, samples) and set(shapes) == {(samples,), (samples, 1)}
    if crossed and samples > 1:
        raise ValueError(
            f"loss '{name}' gave values of shape {values.shape} for targets {shapes[0]} and "
            f"predictions {shapes[1]}: each was paired with all others; give both one shape, as by "
            "`reshape(y_true, y_pred.shape)`"
        )


def elementwise_hint(y_true: Array, y_pred: Array) -> str:
    """What probably went wrong where numbers cannot be paired with numbers."""
    found = _common_hint(y_true.shape, y_pred.shape)
    if found:
        return found
    wide, narrow = y_pred.shape[-1], y_true.shape[-1] if y_true.ndim == y_pred.ndim else 1
    if _is_label_shape(y_true.shape, y_pred.shape):
        return (
            "their shapes must be equal; did you mean Dense(1)? (class numbers as targets need a "
            "`sparse_` loss or metric, or `to_categorical(y)`)"
        )
    if y_true.ndim == y_pred.ndim and y_true.shape[:-1] == y_pred.shape[:-1]:
        return (
            f"their shapes must be equal; the last layer gives {wide} values a sample, "
            f"did you mean {narrow}?"
        )
    return "their shapes must be equal"


def _common_hint(y_true: Shape, y_pred: Shape) -> str:
    if not y_true or not y_pred:
        return ""
    if y_true[0] != y_pred[0]:
        return f"{y_true[0]} samples cannot be paired with {y_pred[0]}"
    if len(y_pred) == 3 and (
        len(y_true) == 1 or (len(y_true) == 2 and y_true[1] in (1, y_pred[2]))
    ):
        return (
            f"the predictions have a time axis ({y_pred[1]}) that the targets lack; was "
            "`return_sequences=True` left on the last recurrent layer?"
        )
    return ""


def _is_label_shape(y_true: Shape, y_pred: Shape) -> bool:
    if not y_pred or not y_true:
        return False
    leading = tuple(y_pred[:-1])
    return y_pred[-1] != 1 and tuple(y_true) in (leading, (*leading, 1))


def _without(shape: Shape, axis: int) -> Shape:
    dims = list(shape)
    if dims:
        del dims[axis]
    return tuple(dims)
