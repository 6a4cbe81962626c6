"""Sample weights, masks and reductions: from one value a sample to one number."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from cornu.errors import did_you_mean

REDUCTIONS = ("sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none", None)
MEANS = ("sum_over_batch_size", "mean")


def standardize_reduction(reduction: Any) -> str | None:
    """A valid reduction; Keras 2's "auto" is "sum_over_batch_size".

    Raises:
        ValueError: if it is none.
    """
    if reduction == "auto":
        return "sum_over_batch_size"
    if reduction not in REDUCTIONS:
        known = [name for name in REDUCTIONS if name]
        raise ValueError(
            f"reduction must be one of {known} or None. Received: {reduction!r}"
            f"{did_you_mean(str(reduction), known)}"
        )
    return reduction


def align(weights: Array, shape: tuple[int, ...]) -> Array:
    """`weights` with as many dimensions as `shape`: trailing sizes of 1 go or come.

    Weights belong to leading dimensions: `(N,)` or `(N, 1)` is one a sample, `(N, T)` one a step.

    Raises:
        ValueError: if they fit neither.
    """
    given = weights.shape
    while weights.ndim > len(shape) and weights.shape[-1] == 1:
        weights = weights[..., 0]
    fits = weights.ndim <= len(shape) and all(
        w in (1, v) for w, v in zip(weights.shape, shape, strict=False)
    )
    if not fits and not shape:
        raise ValueError(
            f"sample_weight {given} cannot weigh samples: this loss or metric gives one value for "
            "the whole batch. Where it has an `axis`, let that leave out axis 0."
        )
    if not fits:
        samples = shape[:1]
        steps = f" or {shape}" if len(shape) > 1 else ""
        raise ValueError(
            f"sample_weight {given} does not fit values of shape {shape}: need {samples} or "
            f"{(*samples, 1)}{steps}."
        )
    return weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim))


def combine_mask(weights: Any, mask: Any, dtype: Any, *, mean: bool = False) -> Any:
    """Weights that are 0 where `mask` is False.

    Args:
        weights: None or an array.
        mask: None or a bool array.
        dtype: dtype of the result.
        mean: scale what is kept, so that a mean over everything is the mean over the kept part.
    """
    if mask is None:
        return weights
    kept = jnp.asarray(mask).astype(dtype)
    if mean:
        total = jnp.asarray(math.prod(kept.shape), "float32")
        valid = jnp.sum(kept, dtype="float32")
        kept = kept * (total / jnp.maximum(valid, 1)).astype(dtype)
    if weights is None:
        return kept
    weights = jnp.asarray(weights).astype(dtype)
    rank = max(weights.ndim, kept.ndim)
    return weights.reshape(weights.shape + (1,) * (rank - weights.ndim)) * kept.reshape(
        kept.shape + (1,) * (rank - kept.ndim)
    )


def reduce_weighted(values: Array, weights: Any, mask: Any, reduction: str | None) -> Array:
    """One number (or, with "none", the weighted values) from a value a sample.

    Args:
        values: float array.
        weights: None, or an array that `align` accepts.
        mask: None, or a bool array over leading dimensions of `values`.
        reduction: one of `REDUCTIONS`; the mean of no values is 0.
    """
    dtype = values.dtype
    if mask is not None:
        mask = align(jnp.asarray(mask), values.shape)
    if weights is not None:
        weights = align(jnp.asarray(weights).astype(dtype), values.shape)
    weights = combine_mask(weights, mask, dtype, mean=reduction in MEANS)
    if reduction in ("none", None):
        return values if weights is None else values * weights
    if not values.size:
        return jnp.zeros((), dtype)  # no samples cost nothing; their mean would be NaN
    total = weighted_sum(values, weights)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weights is not None:
        share = jnp.sum(jnp.broadcast_to(weights, values.shape))
        return total / jnp.where(share == 0, jnp.ones_like(share), share)
    return total / values.size


def weighted_sum(values: Array, weights: Array | None) -> Array:
    """`sum(values * weights)`; of vectors as a product, which XLA compiles to less."""
    if weights is None:
        return jnp.sum(values)
    if values.ndim == 1 and values.shape == weights.shape and values.dtype == jnp.float32:
        return jnp.dot(values, weights, precision=lax.Precision.HIGHEST)
    return jnp.sum(values * weights)
