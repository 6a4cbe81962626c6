"""Initializer: a function from shape and dtype to a weight's first value."""

from __future__ import annotations

from typing import Any, Self

import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes
from cornu.core.variable import standardize_shape
from cornu.errors import short
from cornu.serialization.configurable import Configurable
from cornu.types import Array, DType, Shape


class Initializer(Configurable):
    """Base of all initializers.

    A subclass writes `__call__`; its constructor stores each argument under its own name.

    Example:
        >>> class Sevens(Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return jnp.full(shape, 7, dtype)
        >>> Sevens()((2,)).tolist()
        [7, 7]
    """

    def __init__(self) -> None:  # or `Configurable.__new__` would take any argument
        super().__init__()

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """The first value of a weight.

        Args:
            shape: sizes of the weight; an integer means one dimension.
            dtype: its dtype; default: `floatx()`.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define `__call__`")

    def clone(self) -> Self:
        """An initializer of the same config; without a fixed seed it draws other numbers."""
        return type(self).from_config(self.get_config())


def wanted(shape: Any, dtype: Any) -> tuple[tuple[int, ...], np.dtype]:
    """What a call asked for: sizes as a tuple, and the dtype that the device will hold.

    Raises:
        ValueError: if a size is unknown or negative, or the dtype holds no numbers.
    """
    name = dtypes.standardize(dtype)
    if name == "string":
        raise ValueError("an initializer makes numbers or booleans. Received: dtype='string'")
    return standardize_shape(shape, "to initialize"), dtypes.held(name)


def wanted_float(owner: Initializer, shape: Any, dtype: Any) -> tuple[tuple[int, ...], np.dtype]:
    """As `wanted`, for initializers whose numbers make sense as floats only.

    Raises:
        ValueError: if the dtype is not a float dtype.
    """
    sizes, held = wanted(shape, dtype)
    if not jnp.issubdtype(held, jnp.floating):
        raise ValueError(
            f"{type(owner).__name__} draws floats; dtype must be a float dtype such as 'float32'. "
            f"Received: dtype={short(dtype)}"
        )
    return sizes, held
