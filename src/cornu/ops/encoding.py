"""Integers as rows of zeros and ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from cornu.core import dtypes
from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.settings import settings
from cornu.types import Array, DType, Tensor


@op("nn")
def one_hot(
    x: Tensor, num_classes: int, axis: int = -1, dtype: DType = None, sparse: bool = False
) -> Array:
    """1 at the place that each integer names, else 0.

    Args:
        x: integers, any shape; those outside [0, num_classes) give only zeros.
        num_classes: size of the new axis.
        axis: its place in the result.
        dtype: of the result; default `floatx`.
        sparse: only False is supported.
    """
    _dense_only(sparse)
    held = dtypes.held(settings.floatx if dtype is None else dtype)
    return jax.nn.one_hot(as_array(x).astype("int32"), num_classes, axis=axis, dtype=held)


@op("nn")
def multi_hot(
    inputs: Tensor,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DType = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Array:
    """For each row of integers, 1 at every place that one of them names.

    Args:
        inputs: integers, (batch, n) or (n,).
        num_classes: number of places.
        axis: place of the new axis.
        dtype: of the result; default `floatx`.
        sparse: only False is supported.
        **kwargs: `num_tokens`, the former name of `num_classes`.

    Returns:
        (batch, num_classes), or (num_classes,).

    Raises:
        ValueError: if `num_classes` is missing.
    """
    _dense_only(sparse)
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot got an unexpected keyword argument {list(kwargs)}")
    if num_classes is None:
        raise ValueError("multi_hot needs `num_classes`")
    inputs = as_array(inputs)
    encoded = one_hot(inputs, num_classes, axis=axis, dtype=dtype)
    return jnp.max(encoded, axis=1 if inputs.ndim > 1 else 0)


def _dense_only(sparse: bool) -> None:
    if sparse:
        raise ValueError("only dense results are supported. Received: sparse=True")
