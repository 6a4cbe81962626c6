"""Cross-entropies: minus the logarithm of the probability that a model gives to the truth."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

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
    logs = _log_probabilities(output, from_logits, axis)
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
        The shape of `target`.

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
    logs = _log_probabilities(output, from_logits, axis)
    # Comparing instead of gathering: the gradient is then no scatter, which is slow on CPUs.
    here = lax.broadcasted_iota(jnp.int32, output.shape, axis) == jnp.expand_dims(target, axis)
    return -jnp.sum(jnp.where(here, logs, 0), axis=axis)


def _log_probabilities(output: Array, from_logits: bool, axis: int) -> Array:
    if from_logits:
        return jax.nn.log_softmax(output, axis=axis)
    return jnp.log(_clip(normalized(output, axis)))


def normalized(probabilities: Array, axis: int) -> Array:
    """`probabilities` scaled to sum 1 along `axis`; zeros stay zeros.

    Dividing by the total, a constant, and then by what remains of it keeps the gradient finite
    where the total is so small that its square is 0.
    """
    total = jnp.sum(probabilities, axis=axis, keepdims=True)
    tiny = jnp.finfo(probabilities.dtype).tiny
    shares = probabilities / lax.stop_gradient(
        jnp.where(jnp.abs(total) < tiny, jnp.where(total == 0, 1, tiny), total)
    )
    rest = jnp.sum(shares, axis=axis, keepdims=True)
    return shares / jnp.where(rest == 0, 1, rest)


def _clip(probabilities: Array) -> Array:
    return jnp.clip(probabilities, settings.epsilon, 1 - settings.epsilon)


def _same_shape(target: Array, output: Array) -> None:
    if target.shape != output.shape:
        raise ValueError(
            f"target and output must have one shape. Received: {target.shape} and {output.shape}"
        )
