"""Dtypes of values, and ways in and out: arrays, NumPy, other views of the bits."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cornu.core import dtypes
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.types import Array, DType, Tensor


@op("core")
def cast(x: Tensor, dtype: DType) -> Array:
    """`x` as `dtype`; floats are cut towards 0 where they become integers."""
    return as_array(x).astype(dtypes.held(dtype))


@op("core")
def saturate_cast(x: Tensor, dtype: DType) -> Array:
    """`x` as `dtype`, limited first to what `dtype` can hold."""
    x, target = as_array(x), dtypes.held(dtype)
    if jnp.issubdtype(target, jnp.complexfloating):
        return x.astype(target)
    if target == jnp.bool_:
        return x.astype(target) if x.dtype == jnp.bool_ else x > 0
    info = jnp.iinfo(target) if jnp.issubdtype(target, jnp.integer) else jnp.finfo(target)
    if x.dtype == jnp.bool_:
        return x.astype(target)
    if jnp.issubdtype(x.dtype, jnp.integer):
        own = jnp.iinfo(x.dtype)
        low, high = max(int(own.min), int(max(info.min, own.min))), int(min(info.max, own.max))
        return jnp.clip(x, low, high).astype(target)
    return _saturated_float(x, target, info)


def _saturated_float(x: Array, target: np.dtype, info: Any) -> Array:
    low, high = np.array(info.min).astype(x.dtype), np.array(info.max).astype(x.dtype)
    if not jnp.issubdtype(target, jnp.integer) or float(high) <= float(info.max):
        return jnp.clip(x, low, high).astype(target)
    # The limit itself, such as 2**31 - 1, is no float of this dtype: the next one would overflow.
    inside = jnp.clip(x, low, np.nextafter(high, np.zeros_like(high))).astype(target)
    return jnp.where(x >= high, jnp.asarray(info.max, target), inside)


@op("core")
def convert_to_tensor(
    x: Tensor, dtype: DType = None, sparse: bool | None = None, ragged: bool | None = None
) -> Array:
    """`x` (number, list, NumPy or other array, Variable) as an array.

    Args:
        x: what to convert.
        dtype: dtype of the result; default: its own, `floatx` for Python floats.
        sparse: only False and None are supported.
        ragged: only False and None are supported.

    Raises:
        ValueError: if a sparse or ragged result is asked for.
    """
    if sparse or ragged:
        raise ValueError(
            f"only dense tensors are supported. Received: sparse={sparse}, ragged={ragged}"
        )
    if hasattr(x, "todense"):
        x = x.todense()
    return as_array(x, dtype)


@op("numpy")
def array(x: Tensor, dtype: DType = None) -> Array:
    """`x` as an array of `dtype` (default: its own)."""
    return as_array(x, dtype)


def convert_to_numpy(x: Tensor) -> np.ndarray:
    """`x` as a NumPy array.

    Raises:
        TypeError: for a symbolic tensor, which has no value.
    """
    if isinstance(x, Variable):
        x = x.value
    return np.asarray(as_array(x) if isinstance(x, list | tuple) else x)


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array of JAX, a variable or a symbolic tensor."""
    return isinstance(x, jax.Array | KerasTensor | Variable)


def dtype(x: Tensor) -> str:
    """Name of the dtype of a tensor or variable."""
    found = getattr(x, "dtype", None)
    return dtypes.standardize(as_array(x).dtype if found is None else found)


@op("numpy")
def view(x: Tensor, dtype: DType = None) -> Array:
    """The same bits read as `dtype`; the last axis shrinks or grows with the element's size."""
    x = as_array(x)
    return x if dtype is None else x.view(dtypes.held(dtype))


@op("core")
def stop_gradient(variable: Tensor) -> Array:
    """The value, through which no gradient flows."""
    return lax.stop_gradient(as_array(variable))
