"""Constraints: where a weight is put back to after each step of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from cornu.core.variable import Variable
from cornu.errors import explain_missing_names
from cornu.serialization.configurable import Configurable
from cornu.serialization.family import Family
from cornu.settings import settings
from cornu.types import Array, Axis, Tensor


class Constraint(Configurable):
    """Base of all constraints.

    A subclass writes `__call__`; its constructor stores each argument under its own name.

    Example:
        >>> class Rounded(Constraint):
        ...     def __call__(self, w):
        ...         return jnp.round(w)
        >>> Rounded()(jnp.array([0.9, 2.2])).tolist()
        [1.0, 2.0]
    """

    def __init__(self) -> None:  # or `Configurable.__new__` would take any argument
        super().__init__()

    def __call__(self, w: Tensor) -> Array:
        """The allowed weight nearest to `w`, in some sense. The base class allows all."""
        return _array(w)


class MaxNorm(Constraint):
    """Shrinks vectors that are longer than `max_value` to that length.

    Args:
        max_value: the largest length (2-norm).
        axis: axes along which a vector lies: 0 for a dense kernel (inputs, outputs), [0, 1, 2] for
            a 2D convolution kernel.
    """

    def __init__(self, max_value: float = 2, axis: Axis = 0) -> None:
        if not max_value >= 0:
            raise ValueError(f"max_value must not be negative. Received: max_value={max_value}")
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w: Tensor) -> Array:
        """`w` with no vector longer than `max_value`."""
        w = _array(w)
        length = _length(w, self.axis)
        return w * (jnp.clip(length, 0, self.max_value) / (settings.epsilon + length))


class NonNeg(Constraint):
    """Sets what is negative to zero.

    Example:
        >>> NonNeg()(jnp.array([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """

    def __call__(self, w: Tensor) -> Array:
        """`w` without negative numbers."""
        w = _array(w)
        return jnp.where(w < 0, jnp.zeros_like(w), w)


class UnitNorm(Constraint):
    """Gives each vector the length 1.

    Args:
        axis: axes along which a vector lies; see `MaxNorm`.
    """

    def __init__(self, axis: Axis = 0) -> None:
        self.axis = axis

    def __call__(self, w: Tensor) -> Array:
        """`w` with unit vectors (zero vectors stay zero)."""
        w = _array(w)
        return w / (settings.epsilon + _length(w, self.axis))


class MinMaxNorm(Constraint):
    """Pulls the length of each vector into [min_value, max_value], wholly or part of the way.

    Args:
        min_value: the smallest length (2-norm).
        max_value: the largest.
        rate: 1.0 enforces the bounds; less moves that share of the way at each step.
        axis: axes along which a vector lies; see `MaxNorm`.
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: Axis = 0,
    ) -> None:
        if not 0 <= min_value <= max_value:
            raise ValueError(
                "min_value must be at least 0 and at most max_value. "
                f"Received: min_value={min_value}, max_value={max_value}"
            )
        if not 0 <= rate <= 1:
            raise ValueError(f"rate must be in [0, 1]. Received: rate={rate}")
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Tensor) -> Array:
        """`w` with vectors of allowed length."""
        w = _array(w)
        length = _length(w, self.axis)
        inside = jnp.clip(length, self.min_value, self.max_value)
        goal = self.rate * inside + (1 - self.rate) * length
        return w * (goal / (settings.epsilon + length))


def _array(w: Tensor) -> Array:
    return w.value if isinstance(w, Variable) else jnp.asarray(w)


def _length(w: Array, axis: Axis) -> Array:
    axes = tuple(axis) if isinstance(axis, list) else axis
    return jnp.sqrt(jnp.sum(jnp.square(w), axis=axes, keepdims=True))


max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

family = Family("constraint", "keras.constraints", [MaxNorm, NonNeg, UnitNorm, MinMaxNorm])


def get(identifier: Any) -> Any:
    """The constraint meant by a name, a config, a class, a function of `w`, or None.

    Raises:
        UnknownNameError: if a name is not known.
        TypeError: if it is nothing of the above.
    """
    return family.get(identifier)


def serialize(constraint: Any) -> Any:
    """A JSON-ready form of a constraint."""
    return family.serialize(constraint)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The constraint behind such a form.

    Raises:
        UnknownNameError: if its name is not known.
    """
    return family.get(family.deserialize(config, custom_objects))


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
