"""Activation functions of a layer's output."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from cornu.errors import warn
from cornu.ops.declare import axes, op, unary
from cornu.ops.promotion import as_float, pair
from cornu.types import Array, Axis, Tensor


def _hard_tanh(x: Array) -> Array:
    return jax.nn.hard_tanh(x.astype("int32") if x.dtype == jnp.bool_ else x)


relu = unary("relu", jax.nn.relu, "`max(x, 0)`.", home="nn")
relu6 = unary("relu6", jax.nn.relu6, "`min(max(x, 0), 6)`.", home="nn")
hard_sigmoid = unary(
    "hard_sigmoid", jax.nn.hard_sigmoid, "`relu6(x + 3) / 6`.", floats=True, home="nn"
)
hard_silu = unary("hard_silu", jax.nn.hard_swish, "`x * hard_sigmoid(x)`.", floats=True, home="nn")
hard_swish = hard_silu
hard_tanh = unary("hard_tanh", _hard_tanh, "`x` limited to [-1, 1].", home="nn")
log_sigmoid = unary(
    "log_sigmoid",
    jax.nn.log_sigmoid,
    "`log(sigmoid(x))`, precise far from 0.",
    floats=True,
    home="nn",
)
selu = unary(
    "selu",
    jax.nn.selu,
    "Scaled ELU, which keeps mean 0 and variance 1 (Klambauer et al., 2017).",
    floats=True,
    home="nn",
)
sigmoid = unary("sigmoid", jax.nn.sigmoid, "`1 / (1 + exp(-x))`.", floats=True, home="nn")
silu = unary(
    "silu", jax.nn.silu, "`x * sigmoid(x)` (Ramachandran et al., 2017).", floats=True, home="nn"
)
swish = silu
softplus = unary("softplus", jax.nn.softplus, "`log(1 + exp(x))`.", floats=True, home="nn")
softsign = unary("softsign", jax.nn.soft_sign, "`x / (1 + |x|)`.", floats=True, home="nn")
sparse_plus = unary(
    "sparse_plus",
    jax.nn.sparse_plus,
    "0 below -1, `x` above 1, `(x + 1)**2 / 4` between.",
    floats=True,
    home="nn",
)
sparse_sigmoid = unary(
    "sparse_sigmoid",
    jax.nn.sparse_sigmoid,
    "0 below -1, 1 above 1, `(x + 1) / 2` between.",
    floats=True,
    home="nn",
)
tanh_shrink = unary(
    "tanh_shrink", lambda x: x - jnp.tanh(x), "`x - tanh(x)`.", floats=True, home="nn"
)


@op("nn")
def celu(x: Tensor, alpha: float = 1.0) -> Array:
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))` (Barron, 2017)."""
    return jax.nn.celu(as_float(x), alpha=alpha)


@op("nn")
def elu(x: Tensor, alpha: float = 1.0) -> Array:
    """`x` above 0, `alpha * (exp(x) - 1)` below (Clevert et al., 2016)."""
    return jax.nn.elu(as_float(x), alpha=alpha)


@op("nn")
def gelu(x: Tensor, approximate: bool = True) -> Array:
    """`x * P(X <= x)` for a standard normal X (Hendrycks & Gimpel, 2016).

    Args:
        x: any shape.
        approximate: use the tanh approximation instead of `erf`.
    """
    x = as_float(x)
    return jax.nn.gelu(x, approximate=True) if approximate else _exact_gelu(x)


@jax.custom_jvp
def _exact_gelu(x: Array) -> Array:
    return x * _normal_share_below(x)


@_exact_gelu.defjvp
def _exact_gelu_derivative(primals: Any, tangents: Any) -> tuple[Array, Array]:
    (x,), (change,) = primals, tangents
    # In `erf` everywhere: on GPU, XLA would write the share to memory if both wanted the same.
    wide = x.astype(jnp.promote_types(x.dtype, "float32"))
    share = 0.5 * (1 + lax.erf(wide * math.sqrt(0.5)))
    slope = share + wide * jnp.exp(-0.5 * jnp.square(wide)) * (1 / math.sqrt(2 * math.pi))
    return _exact_gelu(x), change * slope.astype(x.dtype)


def _normal_share_below(x: Array) -> Array:
    """`P(X <= x)` for a standard normal X.

    `erfc` keeps its relative precision far below 0, where the result is near 0. On CPU it is
    computed by an exponential and two fractions, 3 times the work of `erf`, which is exact to the
    rounding of 1 everywhere.
    """
    scaled = x * jnp.asarray(math.sqrt(0.5), x.dtype)
    return lax.platform_dependent(
        scaled,
        cpu=lambda z: 0.5 * (1 + lax.erf(z)),
        default=lambda z: 0.5 * lax.erfc(-z),
    )


@op("nn")
def glu(x: Tensor, axis: int = -1) -> Array:
    """The first half of `axis` times the sigmoid of the second (Dauphin et al., 2017).

    Raises:
        ValueError: if the axis has an odd size.
    """
    x = as_float(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu halves axis {axis}, which must be even. Received shape {x.shape}")
    return jax.nn.glu(x, axis=axis)


@op("nn")
def hard_shrink(x: Tensor, threshold: float = 0.5) -> Array:
    """`x` where `|x| > threshold`, else 0."""
    x = as_float(x)
    return jnp.where(jnp.abs(x) > threshold, x, 0)


@op("nn")
def soft_shrink(x: Tensor, threshold: float = 0.5) -> Array:
    """`x` moved towards 0 by `threshold`, stopping at 0."""
    x = as_float(x)
    return jnp.where(x > threshold, x - threshold, jnp.where(x < -threshold, x + threshold, 0))


@op("nn")
def threshold(x: Tensor, threshold: float, default_value: float) -> Array:
    """`x` where it is above `threshold`, else `default_value`."""
    x, default = pair(x, default_value)
    return jnp.where(x > threshold, x, default)


@op("nn")
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Array:
    """`x` above 0, `negative_slope * x` below (Maas et al., 2013)."""
    return jax.nn.leaky_relu(as_float(x), negative_slope=negative_slope)


@op("nn")
def squareplus(x: Tensor, b: float = 4) -> Array:
    """`(x + sqrt(x**2 + b)) / 2`, a smooth relu (Barron, 2021)."""
    return jax.nn.squareplus(as_float(x), b=b)


@op("nn")
def softmax(x: Tensor, axis: Axis = -1) -> Array:
    """`exp(x) / sum(exp(x))` along `axis` (several: over all of them together).

    Args:
        x: any shape.
        axis: axis or axes that sum to 1.
    """
    x = as_float(x)
    if isinstance(axis, int) and x.ndim and x.shape[axis] == 1:
        warn(
            f"softmax over axis {axis} of a tensor of shape {x.shape}: the axis has size 1, so the "
            "result is always 1. Did you mean `sigmoid`?"
        )
    return jax.nn.softmax(x, axis=axes(axis))


@op("nn")
def log_softmax(x: Tensor, axis: Axis = -1) -> Array:
    """`log(softmax(x))`, precise where probabilities vanish."""
    return jax.nn.log_softmax(as_float(x), axis=axes(axis))


@op("nn")
def sparsemax(x: Tensor, axis: int = -1) -> Array:
    """The point of the probability simplex closest to `x` (Martins & Astudillo, 2016)."""
    x = jnp.moveaxis(as_float(x), axis, -1)
    ordered = jnp.flip(jnp.sort(x, axis=-1), axis=-1)
    excess = jnp.cumsum(ordered, axis=-1) - 1
    rank = jnp.arange(1, x.shape[-1] + 1, dtype=x.dtype)
    count = jnp.sum(rank * ordered > excess, axis=-1, keepdims=True)
    level = jnp.take_along_axis(excess, count - 1, axis=-1) / count.astype(x.dtype)
    return jnp.moveaxis(jnp.maximum(x - level, 0), -1, axis)
