"""Activations, losses, normalization and dropout."""

from __future__ import annotations

from typing import Any

from cornu import ops
from cornu.legacy.backend.elementwise import clip
from cornu.legacy.backend.shaping import int_shape, ndim
from cornu.legacy.backend.values import normalize_data_format


def relu(x: Any, alpha: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """`x` above `threshold` (at most `max_value`), `alpha * (x - threshold)` below it."""
    if not alpha and max_value is None and not threshold:
        return ops.relu(x)
    above = x if max_value is None else ops.minimum(x, max_value)
    return ops.where(ops.greater_equal(x, threshold), above, alpha * (x - threshold))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    return ops.elu(x, alpha)


def softmax(x: Any, axis: int = -1) -> Any:
    """Positive numbers that add to 1 along `axis`."""
    return ops.softmax(x, axis=axis)


def softplus(x: Any) -> Any:
    """`log(exp(x) + 1)`."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    """`x / (|x| + 1)`."""
    return ops.softsign(x)


def sigmoid(x: Any) -> Any:
    """`1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    """Keras 2's straight line `0.2 x + 0.5`, cut to [0, 1] (today's layers use `x / 6 + 0.5`)."""
    return clip(0.2 * x + 0.5, 0.0, 1.0)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return ops.tanh(x)


def l2_normalize(x: Any, axis: Any = None) -> Any:
    """`x` divided by its Euclidean norm along `axis`."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    squares = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(squares, 1e-12))


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """Whether each integer target is among the `k` highest of its row of predictions."""
    return ops.in_top_k(ops.cast(targets, "int32"), predictions, k)


def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Cross-entropy of one-hot targets; one value a row."""
    return ops.categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    """Cross-entropy of integer targets; one value a row."""
    wanted = [size for place, size in enumerate(int_shape(output)) if place != axis % ndim(output)]
    if ndim(target) == 1 and len(wanted) > 1 and None not in wanted:
        target = ops.reshape(target, wanted)  # Keras 2 took targets in any shape
    target = ops.cast(target, "int32")
    return ops.sparse_categorical_crossentropy(target, output, from_logits=from_logits, axis=axis)


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """Cross-entropy of each element with a target in [0, 1]."""
    return ops.binary_crossentropy(target, output, from_logits=from_logits)


def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
    """Add a bias: one number a channel, or one a channel and place.

    Raises:
        ValueError: if the bias has neither 1 dimension nor one less than `x`.
    """
    rank, sizes = ndim(x), int_shape(bias)
    if len(sizes) not in (1, rank - 1):
        raise ValueError(f"bias must have 1 or {rank - 1} dimensions. Received shape {sizes}")
    if normalize_data_format(data_format) == "channels_last" or rank < 3:
        return x + ops.reshape(bias, (1,) * (rank - len(sizes)) + sizes)
    if len(sizes) == 1:
        return x + ops.reshape(bias, (1, sizes[0], *(1,) * (rank - 2)))
    return x + ops.expand_dims(ops.transpose(bias, (len(sizes) - 1, *range(len(sizes) - 1))), 0)


def batch_normalization(
    x: Any, mean: Any, var: Any, beta: Any, gamma: Any, axis: int = -1, epsilon: float = 1e-3
) -> Any:
    """`gamma * (x - mean) / sqrt(var + epsilon) + beta`, with statistics along `axis`."""
    shape = [1] * ndim(x)
    shape[axis] = -1
    scale = ops.rsqrt(ops.reshape(var, shape) + epsilon)
    scale = scale if gamma is None else scale * ops.reshape(gamma, shape)
    normalized = (x - ops.reshape(mean, shape)) * scale
    return normalized if beta is None else normalized + ops.reshape(beta, shape)


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """`x` normalized over `reduction_axes`, with the mean and variance that were used."""
    axes = tuple(axis % ndim(x) for axis in reduction_axes)
    mean, var = ops.mean(x, axis=axes), ops.var(x, axis=axes)
    shape = [1 if place in axes else size for place, size in enumerate(int_shape(x))]
    scale = ops.rsqrt(ops.reshape(var, shape) + epsilon)
    scale = scale if gamma is None else scale * ops.reshape(gamma, shape)
    normalized = (x - ops.reshape(mean, shape)) * scale
    if beta is not None:
        normalized = normalized + ops.reshape(beta, shape)
    return normalized, mean, var
