"""Labels as one-hot rows, and rows of length 1."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes
from cornu.errors import BadInputError
from cornu.settings import settings


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """One-hot rows of class numbers.

    Args:
        x: whole numbers from 0, of any shape; a last axis of size 1 is dropped.
        num_classes: how many classes; default: the largest number plus one.

    Returns:
        Zeros and ones with a last axis of `num_classes` more: a JAX array for a JAX array, else
        a NumPy array of float64, as Keras gives it.

    Raises:
        ValueError: naming the first number that is no class.

    Example:
        >>> to_categorical([0, 2]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = _class_numbers(x)
    if num_classes is None:
        if not labels.size:
            raise BadInputError("x has no class numbers: pass num_classes")
        num_classes = int(labels.max()) + 1
    _check_range(labels, num_classes)
    encoded = np.zeros((labels.size, num_classes))
    encoded[np.arange(labels.size), labels.reshape(-1)] = 1
    encoded = encoded.reshape(*labels.shape, num_classes)
    return (
        jnp.asarray(encoded, dtypes.held(settings.floatx)) if isinstance(x, jax.Array) else encoded
    )


def _class_numbers(x: Any) -> np.ndarray:
    given = np.asarray(x)
    if given.dtype.kind not in "iub":
        try:
            # Not for an empty list, which NumPy takes for floats.
            numbers = given.astype(np.float64)
        except (TypeError, ValueError):
            raise BadInputError(
                "x holds values that are no numbers: map names to numbers first"
            ) from None
        whole = numbers == np.trunc(numbers)
        if not whole.all():
            at = np.unravel_index(int((~whole).argmax()), numbers.shape)
            raise BadInputError(
                f"x{list(map(int, at))} is {numbers[at]:.4g}, which is no class number"
            )
        given = numbers
    labels = given.astype(np.int64)
    return (
        labels.reshape(labels.shape[:-1]) if labels.ndim > 1 and labels.shape[-1] == 1 else labels
    )


def _check_range(labels: np.ndarray, num_classes: int) -> None:
    outside = (labels < 0) | (labels >= num_classes)
    if outside.any():
        at = np.unravel_index(int(outside.argmax()), labels.shape)
        raise BadInputError(
            f"x{list(map(int, at))} is {int(labels[at])}; {num_classes} classes are numbered 0 to "
            f"{num_classes - 1}"
        )


def normalize(x: Any, axis: int = -1, order: Any = 2) -> Any:
    """`x` divided by its norms along an axis; where a norm is 0, unchanged.

    Args:
        x: array or nested list.
        axis: the axis whose vectors get length 1.
        order: of the norm: 1, 2, `np.inf` ...

    Returns:
        A NumPy array for a NumPy array, else a JAX array. One value becomes a vector of one.

    Example:
        >>> normalize(np.array([[3.0, 4.0]])).tolist()
        [[0.6, 0.8]]
    """
    if isinstance(x, np.ndarray):
        norms = np.linalg.norm(np.atleast_1d(x), order, axis)
        norms = np.expand_dims(np.where(norms == 0, 1, norms), axis)
        return np.atleast_2d(x) / norms if x.ndim < 2 else x / norms
    array = jnp.atleast_1d(jnp.asarray(x))
    if not jnp.issubdtype(array.dtype, jnp.floating):
        array = array.astype(dtypes.held(settings.floatx))
    norms = jnp.linalg.norm(array, ord=order, axis=axis, keepdims=True)
    return array / jnp.where(norms == 0, 1, norms)
