"""Losses of similarity: the cosine, and the circle loss of embeddings."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from cornu.losses.function import loss_function
from cornu.losses.loss import LossFunctionWrapper
from cornu.losses.pairing import elementwise, unpaired
from cornu.ops.promotion import as_array
from cornu.types import Tensor


@loss_function(elementwise)
def cosine_similarity(y_true: Tensor, y_pred: Tensor, axis: Any = -1) -> Array:
    """Minus the cosine of the angle between targets and predictions: -1 where they agree.

    Args:
        y_true: targets, `(N, ..., D)`.
        y_pred: predictions, the same shape.
        axis: along which the vectors lie.

    Returns:
        Array of shape `(N, ...)`.
    """
    axes = tuple(axis) if isinstance(axis, list | tuple) else axis
    return -jnp.sum(_unit(y_true, axes) * _unit(y_pred, axes), axis=axes)


@loss_function(unpaired, cast_targets=False)
def circle(
    y_true: Tensor,
    y_pred: Tensor,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """Circle loss of embeddings (Sun et al., 2020).

    Args:
        y_true: class numbers, `(N,)` or `(N, 1)`.
        y_pred: embeddings of length 1, `(N, D)`.
        ref_labels: class numbers of the references, `(M,)`; default `y_true`.
        ref_embeddings: embeddings to compare with, `(M, D)`; default `y_pred`.
        remove_diagonal: whether sample i is not compared with reference i.
        gamma: scale of similarities.
        margin: how far classes are to be apart.

    Returns:
        Array of shape `(N,)`; 0 for samples without both equal and other classes to compare with.

    Raises:
        ValueError: if embeddings are not 2-D.
    """
    if y_pred.ndim != 2:
        raise ValueError(
            f"circle needs embeddings of shape (samples, size). Received: {y_pred.shape}"
        )
    numbers = y_true.reshape(-1)
    references = y_pred if ref_embeddings is None else as_array(ref_embeddings).astype(y_pred.dtype)
    reference_numbers = numbers if ref_labels is None else as_array(ref_labels).reshape(-1)
    same = numbers[:, None] == reference_numbers[None, :]
    positive, negative = same, ~same
    if remove_diagonal:
        positive = positive & ~jnp.eye(*positive.shape, dtype=bool)
    similarity = y_pred @ references.T
    pull = jnp.maximum(1 + margin - similarity, 0)
    push = jnp.maximum(similarity + margin, 0)
    positive_logits = -gamma * pull * (similarity - (1 - margin))
    negative_logits = gamma * push * (similarity - margin)
    total = _log_sum_exp(positive_logits, positive) + _log_sum_exp(negative_logits, negative)
    comparable = positive.any(axis=1) & negative.any(axis=1)
    return jnp.where(comparable, jax.nn.softplus(total), 0)


def _unit(x: Array, axes: Any) -> Array:
    # Vectors beyond 1e15, whose squares may overflow, are shortened first; all others divide by 1.
    largest = jnp.max(jnp.abs(x), axis=axes, keepdims=True, initial=0)
    x = x / jax.lax.stop_gradient(jnp.maximum(largest * 1e-15, 1))
    square = jnp.sum(jnp.square(x), axis=axes, keepdims=True)
    return x * jax.lax.rsqrt(jnp.maximum(square, 1e-12))


def _log_sum_exp(logits: Array, chosen: Array) -> Array:
    lowest = jnp.finfo(logits.dtype).min / 2
    return jax.nn.logsumexp(jnp.where(chosen, logits, lowest), axis=1)


class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine of the angle between targets and predictions.

    Args:
        axis: along which the vectors lie.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    config_quiet = ("dtype", "axis")

    def __init__(
        self,
        axis: Any = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction=reduction, name=name, dtype=dtype, axis=axis)
        self.axis = axis


class Circle(LossFunctionWrapper):
    """Circle loss of embeddings (Sun et al., 2020).

    Args:
        gamma: scale of similarities.
        margin: how far classes are to be apart.
        remove_diagonal: whether a sample is not compared with itself.
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    rows_independent = False  # each is compared with all others of the batch

    keeps_integer_targets = True

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle,
            reduction=reduction,
            name=name,
            dtype=dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal
