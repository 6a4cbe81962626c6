"""Regularizers: penalties on weights or activities that are added to the loss."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from cornu.core.variable import Variable
from cornu.errors import did_you_mean, explain_missing_names, short
from cornu.serialization.configurable import Configurable
from cornu.serialization.family import Family
from cornu.types import Array, Tensor


class Regularizer(Configurable):
    """Base of all regularizers.

    A subclass writes `__call__`; its constructor stores each argument under its own name.

    Example:
        >>> class Mean(Regularizer):
        ...     def __call__(self, x):
        ...         return jnp.mean(jnp.abs(x))
        >>> float(Mean()(jnp.array([1.0, -3.0])))
        2.0
    """

    def __init__(self) -> None:  # or `Configurable.__new__` would take any argument
        super().__init__()

    def __call__(self, x: Tensor) -> Array | float:
        """The penalty on `x`: a scalar. The base class's is zero."""
        del x
        return 0.0


class L1(Regularizer):
    """`l1 * sum(|x|)`.

    Args:
        l1: factor, not negative. None is the default.

    Raises:
        ValueError: if it is negative or not finite.
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _in_float32(_factor("l1", l1, 0.01))

    def __call__(self, x: Tensor) -> Array:
        """The penalty on `x`, of its dtype."""
        return self.l1 * jnp.sum(jnp.abs(_array(x)))


class L2(Regularizer):
    """`l2 * sum(x ** 2)`.

    Args:
        l2: factor, not negative. None is the default.

    Raises:
        ValueError: if it is negative or not finite.
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor("l2", l2, 0.01)

    def __call__(self, x: Tensor) -> Array:
        """The penalty on `x`, of its dtype."""
        return self.l2 * jnp.sum(jnp.square(_array(x)))


class L1L2(Regularizer):
    """`l1 * sum(|x|) + l2 * sum(x ** 2)`.

    Args:
        l1: factor of the first, not negative. None is the default.
        l2: factor of the second, not negative. None is the default.

    Raises:
        ValueError: if one is negative or not finite.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor("l1", l1, 0.0)
        self.l2 = _factor("l2", l2, 0.0)

    def __call__(self, x: Tensor) -> Array:
        """The penalty on `x`, of its dtype."""
        x = _array(x)
        return self.l1 * jnp.sum(jnp.abs(x)) + self.l2 * jnp.sum(jnp.square(x))


class OrthogonalRegularizer(Regularizer):
    """`factor` times the mean |cosine| between pairs of rows (or of columns) of a matrix.

    Args:
        factor: not negative.
        mode: "rows" or "columns": which shall become orthogonal.

    Raises:
        ValueError: for another mode, or a factor that is negative or not finite.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"mode must be 'rows' or 'columns'. Received: mode={short(mode)}"
                f"{did_you_mean(str(mode), ('rows', 'columns'))}"
            )
        self.factor = _in_float32(_factor("factor", factor, 0.01))
        self.mode = mode

    def __call__(self, x: Tensor) -> Array:
        """The penalty on `x`; zero where there is only one row.

        Raises:
            ValueError: if `x` is no matrix.
        """
        x = _array(x)
        if x.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer takes a matrix. Received shape {x.shape}")
        vectors = x if self.mode == "rows" else x.T
        squares = jnp.sum(jnp.square(vectors), axis=1, keepdims=True)
        vectors = vectors / jnp.sqrt(jnp.maximum(squares, 1e-12))
        count = vectors.shape[0]
        cosines = (vectors @ vectors.T) * (1 - jnp.eye(count, dtype=vectors.dtype))
        pairs = max(count * (count - 1) / 2, 1)
        return self.factor * 0.5 * jnp.sum(jnp.abs(cosines)) / pairs


def _array(x: Tensor) -> Array:
    return x.value if isinstance(x, Variable) else jnp.asarray(x)


def _factor(name: str, value: Any, default: float) -> float:
    if value is None:
        return default
    number = isinstance(value, int | float | np.integer | np.floating)
    if not number or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"{name} must be a finite number that is not negative. Received: {name}={short(value)}"
        )
    return value.item() if isinstance(value, np.generic) else value


def _in_float32(value: float) -> float:
    """As Keras keeps (and so writes into files) some factors: rounded to float32."""
    return float(np.float32(value))


l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

family = Family(
    "regularizer",
    "keras.regularizers",
    [L1, L2, L1L2, OrthogonalRegularizer],
    {"l1_l2": L1L2},
)


def get(identifier: Any) -> Any:
    """The regularizer meant by a name, a config, a class, a function of `x`, or None.

    Raises:
        UnknownNameError: if a name is not known.
        TypeError: if it is nothing of the above.
    """
    return family.get(identifier)


def serialize(regularizer: Any) -> Any:
    """A JSON-ready form of a regularizer."""
    return family.serialize(regularizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The regularizer behind such a form.

    Raises:
        UnknownNameError: if its name is not known.
    """
    return family.get(family.deserialize(config, custom_objects))


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
