"""Which dtype a computation has.

Python numbers adapt to the arrays beside them; integers become `floatx` where floats are due.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes
from cornu.core.variable import Variable
from cornu.settings import settings
from cornu.types import Array

_SCALARS = (bool, int, float)


def as_array(x: Any, dtype: Any = None) -> Array:
    """`x` as an array; Python floats (and lists of them) are `floatx`, others keep their dtype."""
    if dtype is not None:
        dtype = dtypes.held(dtype)
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, jax.Array):
        return x if dtype is None or x.dtype == dtype else x.astype(dtype)
    if dtype is None:
        dtype = _default_dtype(x)
    elif hasattr(x, "__jax_array__"):
        return jnp.asarray(x).astype(dtype)
    return jnp.asarray(_readable(x), dtype)


def _default_dtype(x: Any) -> Any:
    if isinstance(x, bool | np.generic | np.ndarray):
        return None
    if isinstance(x, float):
        return settings.floatx
    if isinstance(x, int):
        return "int32"  # explicit, so that the array is not weakly typed
    if isinstance(x, list | tuple):
        leaves = jax.tree.leaves(x)
        if any(isinstance(leaf, float) and not isinstance(leaf, np.generic) for leaf in leaves):
            known = [leaf.dtype for leaf in leaves if hasattr(leaf, "dtype")]
            return dtypes.held(jnp.result_type(*known, settings.floatx))
    return None


def _readable(x: Any) -> Any:
    """`x` as `jnp.asarray` takes it: variables read, tensors of others by way of NumPy."""
    if isinstance(x, list | tuple):
        return [_readable(item) for item in x]
    if isinstance(x, Variable):
        return x.value
    if hasattr(x, "__jax_array__") or isinstance(
        x, np.ndarray | np.generic | int | float | complex
    ):
        return x
    return np.asarray(x) if hasattr(x, "__array__") else x


def as_float(x: Any) -> Array:
    """`x` as an array; integers and booleans become `floatx`."""
    x = as_array(x)
    return x if jnp.issubdtype(x.dtype, jnp.inexact) else x.astype(dtypes.held(settings.floatx))


def pair(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two operands; a Python number beside an array stays one, to take the array's dtype."""
    scalar1, scalar2 = isinstance(x1, _SCALARS), isinstance(x2, _SCALARS)
    if scalar1 == scalar2:
        return as_array(x1), as_array(x2)
    if scalar1:
        x2 = as_array(x2)
        return _beside(x1, x2), x2
    x1 = as_array(x1)
    return x1, _beside(x2, x1)


def _beside(scalar: Any, other: Array) -> Any:
    floats = isinstance(scalar, float) and not jnp.issubdtype(other.dtype, jnp.inexact)
    return as_array(scalar) if floats else scalar


def several(xs: Any) -> list[Any]:
    """Operands that are joined or chosen from; Python numbers take the dtype of the arrays."""
    arrays = [x if isinstance(x, _SCALARS) else as_array(x) for x in xs]
    known = [x for x in arrays if not isinstance(x, _SCALARS)]
    if not known:
        return [as_array(x) for x in arrays]
    dtype = jnp.result_type(*known, *(x for x in arrays if isinstance(x, _SCALARS)))
    return [jnp.asarray(x, dtype) if isinstance(x, _SCALARS) else x for x in arrays]


def same_floats(x1: Any, x2: Any) -> tuple[Array, Array]:
    """Two operands as arrays of the float dtype that both fit; of two integers `floatx`."""
    x1, x2 = pair(x1, x2)
    dtype = jnp.result_type(x1, x2)
    if not jnp.issubdtype(dtype, jnp.inexact):
        dtype = dtypes.held(settings.floatx)
    return jnp.asarray(x1, dtype), jnp.asarray(x2, dtype)


def float_pair(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two operands of a function that gives floats; where both are integers, as `floatx`."""
    x1, x2 = pair(x1, x2)
    if jnp.issubdtype(jnp.result_type(x1, x2), jnp.inexact):
        return x1, x2
    return as_float(x1), as_float(x2)
