"""Variables, constants and stand-ins for inputs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu import ops
from cornu.core import dtypes
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.settings import settings


def variable(
    value: Any, dtype: Any = None, name: str | None = None, constraint: Any = None
) -> Variable:
    """A variable that starts as `value`; dtype: default `floatx()`."""
    made = Variable(value, dtype=dtype or settings.floatx, name=name)
    made.constraint = constraint
    return made


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None) -> Any:
    """A tensor of `value`, repeated to fill `shape`; dtype: default `floatx()`."""
    del name
    made = ops.convert_to_tensor(value, dtype or settings.floatx)
    return made if shape is None else jnp.broadcast_to(made, tuple(shape))


def cast_to_floatx(x: Any) -> Any:
    """`x` as `floatx()`; a NumPy array stays one."""
    if isinstance(x, jax.Array | Variable | KerasTensor):
        return ops.cast(x, settings.floatx)
    return np.asarray(x, dtype=dtypes.held(settings.floatx))


def placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: str | None = None,
) -> KerasTensor:
    """A symbolic tensor of `shape`, or of `ndim` unknown sizes.

    Raises:
        ValueError: if neither is given.
    """
    if shape is None and ndim is None:
        raise ValueError("placeholder needs `shape` or `ndim`")
    sizes = (None,) * (ndim or 0) if shape is None else tuple(shape)
    return KerasTensor(sizes, dtype or settings.floatx, sparse=sparse, name=name)


def is_placeholder(x: Any) -> bool:
    """Whether `x` is symbolic and nothing has computed it."""
    return isinstance(x, KerasTensor) and x.node is None


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array, a traced array, a variable or a symbolic tensor."""
    return isinstance(x, jax.Array | Variable | KerasTensor)


def is_sparse(tensor: Any) -> bool:
    """False: there are no sparse tensors here."""
    del tensor
    return False


def to_dense(tensor: Any) -> Any:
    """`tensor` itself."""
    return tensor


def zeros(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros of `shape`; dtype: default `floatx()`."""
    del name
    return ops.zeros(tuple(shape), dtype or settings.floatx)


def ones(shape: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones of `shape`; dtype: default `floatx()`."""
    del name
    return ops.ones(tuple(shape), dtype or settings.floatx)


def eye(size: int, dtype: Any = None, name: str | None = None) -> Any:
    """The identity matrix of `size` rows."""
    del name
    return ops.eye(size, dtype=dtype or settings.floatx)


def zeros_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros in the shape of `x`."""
    del name
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones in the shape of `x`."""
    del name
    return ops.ones_like(x, dtype=dtype)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: str = "int32") -> Any:
    """Numbers from `start` (0 if only one is given) to before `stop`."""
    if stop is None:
        start, stop = 0, start
    return ops.arange(start, stop, step, dtype=dtype)
