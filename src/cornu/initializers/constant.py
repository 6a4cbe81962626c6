"""Initializers that give the same numbers each time, wherever one looks."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from cornu.core.variable import Variable
from cornu.initializers.initializer import Initializer, wanted
from cornu.types import Array, DType, Shape

# Filled on the host and then moved: on the device each new shape would be a program to compile.


class Zeros(Initializer):
    """Zero everywhere.

    Example:
        >>> Zeros()((2, 2)).tolist()
        [[0.0, 0.0], [0.0, 0.0]]
    """

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Zeros (`False` for booleans)."""
        return jax.device_put(np.zeros(*wanted(shape, dtype)))


class Ones(Initializer):
    """One everywhere.

    Example:
        >>> Ones()((3,)).tolist()
        [1.0, 1.0, 1.0]
    """

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Ones (`True` for booleans)."""
        return jax.device_put(np.ones(*wanted(shape, dtype)))


class Constant(Initializer):
    """One value everywhere, or an array.

    Args:
        value: a number, or an array that broadcasts to the weight's shape.
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value.value if isinstance(value, Variable) else value
        self._exact = False

    @classmethod
    def of_array(cls, array: Any) -> Constant:
        """The initializer of a weight whose value, shape included, is `array`."""
        constant = cls(array.value if isinstance(array, Variable) else np.asarray(array))
        constant._exact = True
        return constant

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """The value, broadcast.

        Raises:
            ValueError: if the value does not fit the shape.
        """
        sizes, held = wanted(shape, dtype)
        value = np.asarray(self.value)
        broadcasts = value.ndim <= len(sizes) and all(
            size in (1, full) for size, full in zip(value.shape[::-1], sizes[::-1], strict=False)
        )
        if not broadcasts or (self._exact and value.shape != sizes):
            raise ValueError(
                f"the initial value has shape {value.shape}, but the weight has shape {sizes}"
            )
        return jax.device_put(np.broadcast_to(value, sizes).astype(held))
