"""Cross-entropies: minus the logarithm of the probability that a model gives to the truth."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero

from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.settings import settings
from cornu.types import Array, Tensor


@op("nn")
def binary_crossentropy(target: Tensor, output: Tensor, from_logits: bool = False) -> Array:
    """`-target * log(output) - (1 - target) * log(1 - output)`, elementwise.

    Args:
        target: probabilities (mostly 0 or 1), shape of `output`.
        output: predicted probabilities, or logits.
        from_logits: whether `output` holds logits. Then no precision is lost far from 0;
            probabilities are limited to [epsilon, 1 - epsilon].

    Raises:
        ValueError: if the shapes differ.
    """
    output = as_float(output)
    target = as_array(target).astype(output.dtype)
    _same_shape(target, output)
    if from_logits:
        return jax.nn.softplus(-jnp.abs(output)) + jnp.maximum(output, 0) - output * target
    output = _clip(output)
    return -(target * jnp.log(output) + (1 - target) * jnp.log(1 - output))


@op("nn")
def categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-sum(target * log(output))` over the classes.

    Args:
        target: one-hot or probabilities, shape of `output`.
        output: predicted probabilities (normalized here to sum to 1), or logits.
        from_logits: whether `output` holds logits.
        axis: the classes.

    Returns:
        The shape of `output` without `axis`.

    Raises:
        ValueError: if the shapes differ.
    """
    output = as_float(output)
    target = as_array(target).astype(output.dtype)
    _same_shape(target, output)
    if output.ndim < 1:
        raise ValueError("categorical_crossentropy needs an axis of classes. Received scalars")
    if not from_logits:
        return -_log_likelihood(target, output, axis, settings.epsilon)
    logs = jax.nn.log_softmax(output, axis=axis)
    # Far apart, logits have log-probabilities of -inf, which a target of 0 is not to multiply.
    return -jnp.sum(jnp.where(target == 0, 0, target * logs), axis=axis)


@op("nn")
def sparse_categorical_crossentropy(
    target: Tensor, output: Tensor, from_logits: bool = False, axis: int = -1
) -> Array:
    """`-log(output[target])`: cross-entropy with the truth given as class indices.

    Args:
        target: integers, the shape of `output` without `axis` (or with it as size 1). An index
            outside of the classes counts as 0 loss.
        output: predicted probabilities (normalized here to sum to 1), or logits.
        from_logits: whether `output` holds logits.
        axis: the classes.

    Returns:
        The shape of `target`, in at least `floatx`.

    Raises:
        ValueError: if the shapes do not fit.
    """
    output, target = as_float(output), as_array(target).astype("int32")
    if output.ndim < 1:
        raise ValueError("sparse_categorical_crossentropy needs an axis of classes, not a scalar")
    if target.ndim == output.ndim and target.shape[-1] == 1:
        target = jnp.squeeze(target, axis=-1)
    axis = axis % output.ndim
    expected = output.shape[:axis] + output.shape[axis + 1 :]
    if target.shape != expected:
        raise ValueError(
            f"target of shape {target.shape} does not fit an output of shape {output.shape}: class "
            f"indices of shape {expected} were expected (one-hot targets need "
            "`categorical_crossentropy`)"
        )
    wide = jnp.promote_types(output.dtype, settings.floatx)
    if from_logits:
        return _surprise(output.astype(wide), target, axis)
    # Comparing instead of gathering: the gradient is then no scatter, which is slow on CPUs.
    here = lax.broadcasted_iota(jnp.int32, output.shape, axis) == jnp.expand_dims(target, axis)
    return -_log_likelihood(here.astype(wide), output, axis, settings.epsilon)


@functools.partial(jax.custom_jvp, nondiff_argnums=(2,))
def _surprise(logits: Array, target: Array, axis: int) -> Array:
    """Minus the log-probability of each target; 0 where it is no class.

    The derivative is written out, `softmax(logits) - one_hot(target)`: one pass over the logits
    makes it, while that of `log_softmax` sums a whole array again.
    """
    index = jnp.expand_dims(target, axis)
    picked = jnp.take_along_axis(logits, index, axis, mode="clip")
    inside = (target >= 0) & (target < logits.shape[axis])
    return jnp.where(inside, jnp.squeeze(_log_total(logits, axis) - picked, axis), 0)


@_surprise.defjvp
def _surprise_derivative(axis: int, primals: Any, tangents: Any) -> tuple[Array, Array]:
    logits, target = primals
    index = jnp.expand_dims(target, axis)
    inside = (index >= 0) & (index < logits.shape[axis])
    here = lax.broadcasted_iota(index.dtype, logits.shape, axis) == index
    probabilities = jnp.exp(logits - _log_total(logits, axis))
    slope = jnp.where(inside, probabilities - here.astype(logits.dtype), 0)
    return _surprise(logits, target, axis), jnp.sum(slope * tangents[0], axis)


def _log_total(logits: Array, axis: int) -> Array:
    """`log(sum(exp(logits)))`, with the axis kept."""
    most = jnp.max(logits, axis, keepdims=True, initial=-jnp.inf)
    most = lax.stop_gradient(jnp.where(jnp.isfinite(most), most, 0))
    return jnp.log(jnp.sum(jnp.exp(logits - most), axis, keepdims=True)) + most


@functools.partial(jax.custom_jvp, nondiff_argnums=(2, 3))
def _log_likelihood(target: Array, output: Array, axis: int, epsilon: float) -> Array:
    """`sum(target * log(q))`, q the outputs scaled to sum to 1 and limited to within `epsilon`.

    Logarithms and sum are taken in the dtype of `target`.
    """
    _, _, limited = _scaled(output, axis, epsilon)
    return jnp.sum(target * jnp.log(limited.astype(target.dtype)), axis=axis)


def _log_likelihood_jvp(
    axis: int, epsilon: float, primals: tuple[Array, Array], tangents: tuple[Any, Any]
) -> tuple[Array, Array]:
    """Written out, as all of it but one product belongs to the forward pass: a third of the work.

    With s the sum of outputs p and q = p / s: d log q_i = (dp_i / p_i - sum(dp) / s), which is 0
    where q_i is limited.
    """
    (target, output), (of_target, of_output) = primals, tangents
    total, scaled, limited = _scaled(output, axis, epsilon)
    logs = jnp.log(limited.astype(target.dtype))
    value = jnp.sum(target * logs, axis=axis)
    change = jnp.zeros_like(value)
    if not isinstance(of_output, SymbolicZero):
        counted = jnp.where(scaled == limited, target, 0)
        shares = jnp.sum(counted, axis=axis, keepdims=True)
        change += jnp.sum((counted / limited - shares) / total * of_output, axis=axis)
    if not isinstance(of_target, SymbolicZero):
        change += jnp.sum(logs * of_target, axis=axis)
    return value, change


_log_likelihood.defjvp(_log_likelihood_jvp, symbolic_zeros=True)


def _scaled(output: Array, axis: int, epsilon: float) -> tuple[Array, Array, Array]:
    """The sum of the outputs, the outputs scaled to sum to 1, and these limited."""
    total = jnp.sum(output, axis=axis, keepdims=True)
    total = jnp.where(total == 0, 1, total)  # a row of zeros gives no NaN
    scaled = output / total
    return total, scaled, jnp.clip(scaled, epsilon, 1 - epsilon)


def _clip(probabilities: Array) -> Array:
    return jnp.clip(probabilities, settings.epsilon, 1 - settings.epsilon)


def _same_shape(target: Array, output: Array) -> None:
    if target.shape != output.shape:
        raise ValueError(
            f"target and output must have one shape. Received: {target.shape} and {output.shape}"
        )
