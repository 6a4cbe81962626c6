"""Dtype names, and the rule that casts floats to a layer's compute dtype."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.errors import did_you_mean
from cornu.settings import settings

FLOATS = ("float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2")
INTS = ("int8", "int16", "int32", "int64", "int4")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
ALLOWED = frozenset((*FLOATS, *INTS, *UNSIGNED, "bool", "complex64", "complex128", "string"))

_PYTHON = {bool: "bool", int: "int32", float: None, str: "string"}


def standardize(dtype: Any) -> str:
    """The name of `dtype` (a name, a Python type, a NumPy or torch dtype); None is `floatx()`.

    Raises:
        ValueError: if it is no dtype that Cornu knows.
    """
    if dtype is None or dtype is float:
        return settings.floatx
    if isinstance(dtype, str) and dtype in ALLOWED:
        return dtype
    if isinstance(dtype, type) and dtype in _PYTHON:
        return _PYTHON[dtype] or settings.floatx
    name = _name_of(dtype)
    if name not in ALLOWED:
        raise ValueError(f"invalid dtype {dtype!r}{did_you_mean(name, ALLOWED)}")
    return name


def _name_of(dtype: Any) -> str:
    text = str(dtype)
    if text.startswith("torch."):
        return text.removeprefix("torch.")
    try:
        return jnp.dtype(dtype).name
    except TypeError:
        return str(getattr(dtype, "name", dtype))


def is_float(dtype: Any) -> bool:
    """Whether `dtype` is a real floating-point dtype."""
    return standardize(dtype) in FLOATS


def is_int(dtype: Any) -> bool:
    """Whether `dtype` is a signed or unsigned integer dtype."""
    return standardize(dtype) in INTS + UNSIGNED


def held(dtype: Any) -> np.dtype:
    """The dtype the device really holds for `dtype`: 64 bits become 32 unless JAX runs in x64."""
    return np.dtype(jax.dtypes.canonicalize_dtype(standardize(dtype)))


def result_type(*dtypes: Any) -> str:
    """Name of the dtype that values of these dtypes are computed in; none at all is `floatx()`.

    Python's `bool`, `int` and `float` stand for numbers, which adapt to the others.
    """
    if not dtypes:
        return settings.floatx
    known = [d if d in (bool, int, float) else jnp.dtype(standardize(d)) for d in dtypes]
    return held(jnp.result_type(*known).name).name
