"""Activation functions by name: `keras.activations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.nn
import jax.numpy as jnp

from cornu.errors import explain_missing_names
from cornu.ops import activation
from cornu.ops.activation import (
    celu,
    elu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    log_sigmoid,
    log_softmax,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh_shrink,
    threshold,
)
from cornu.ops.declare import op
from cornu.ops.elementwise import tanh
from cornu.ops.promotion import as_array, as_float
from cornu.serialization.family import Family
from cornu.types import Array, Tensor


@op("activations")
def relu(
    x: Tensor, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """Rectified linear unit: `x` above the threshold, at most `max_value`, else a small slope.

    Args:
        x: any shape.
        negative_slope: factor of `x - threshold` below the threshold.
        max_value: largest output; None: no limit.
        threshold: where the unit sets in.
    """
    x = as_array(x)
    if not (negative_slope or threshold):
        found = jax.nn.relu(x)
        return found if max_value is None else jnp.minimum(found, jnp.asarray(max_value, x.dtype))
    above = x if max_value is None else jnp.minimum(x, jnp.asarray(max_value, x.dtype))
    return jnp.where(x > threshold, above, negative_slope * (x - threshold))


@op("activations")
def gelu(x: Tensor, approximate: bool = False) -> Array:
    """`x * P(X <= x)` for a standard normal X (Hendrycks & Gimpel, 2016).

    Args:
        x: any shape.
        approximate: use the tanh approximation instead of `erf`.
    """
    return activation.gelu(x, approximate=approximate)


@op("activations")
def exponential(x: Tensor) -> Array:
    """`exp(x)`."""
    return jnp.exp(as_float(x))


@op("activations")
def linear(x: Tensor) -> Array:
    """`x` itself."""
    return as_array(x)


@op("activations")
def mish(x: Tensor) -> Array:
    """`x * tanh(softplus(x))` (Misra, 2019)."""
    return jax.nn.mish(as_float(x))


@op("activations")
def hard_sigmoid_of_keras_2(x: Tensor) -> Array:
    """`0.2 x + 0.5` limited to [0, 1]: what `hard_sigmoid` was before Keras 3, in older files.

    Args:
        x: any shape.
    """
    return jnp.clip(0.2 * as_float(x) + 0.5, 0, 1)


swish = silu
hard_swish = hard_silu

FAMILY = Family(
    "activation",
    "keras.activations",
    [
        celu,
        elu,
        exponential,
        gelu,
        glu,
        hard_shrink,
        hard_sigmoid,
        hard_sigmoid_of_keras_2,
        hard_silu,
        hard_tanh,
        leaky_relu,
        linear,
        log_sigmoid,
        log_softmax,
        mish,
        relu,
        relu6,
        selu,
        sigmoid,
        silu,
        soft_shrink,
        softmax,
        softplus,
        softsign,
        sparse_plus,
        sparse_sigmoid,
        sparsemax,
        squareplus,
        tanh,
        tanh_shrink,
        threshold,
    ],
    aliases={"swish": silu, "hard_swish": hard_silu},
)


def get(identifier: Any) -> Any:
    """The activation meant by a name, a config or a function; None means `linear`.

    Raises:
        UnknownNameError: if there is no activation of that name.
        TypeError: if `identifier` is nothing of the above.
    """
    return linear if identifier is None else FAMILY.get(identifier)


def serialize(activation: Any) -> Any:
    """The name of an activation of this module; of another function a record."""
    return FAMILY.serialize(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The activation behind a name or a record.

    Raises:
        UnknownNameError: if there is no activation of that name.
    """
    return FAMILY.deserialize(config, custom_objects)


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
