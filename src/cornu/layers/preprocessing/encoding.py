"""Integers as vectors: the output modes that preprocessing layers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu import ops
from cornu.errors import did_you_mean


def check_mode(mode: Any, modes: Sequence[str], layer_name: str) -> str:
    """`mode`, if it is one of `modes`.

    Raises:
        ValueError: if it is not.
    """
    if mode not in modes:
        raise ValueError(
            f"`output_mode` must be one of {tuple(modes)}{did_you_mean(str(mode), modes)} "
            f"Received: output_mode={mode!r} (layer '{layer_name}')"
        )
    return mode


def refuse_sparse(sparse: Any, layer_name: str) -> None:
    """Sparse outputs do not exist here.

    Raises:
        ValueError: if they are asked for.
    """
    if sparse:
        raise ValueError(
            f"`sparse=True` is not supported: outputs are dense arrays. Leave it out of layer "
            f"'{layer_name}'"
        )


def encode(
    indices: Array, depth: int, mode: str, dtype: Any, weights: Array | None = None
) -> Array:
    """Integers as vectors of size `depth`, the new last axis.

    Args:
        indices: integers, (batch, n), (n,) or any other rank; those outside of [0, depth) count
            nowhere.
        depth: size of a vector.
        mode: "one_hot" (a vector for each integer; a last axis of size 1 is dropped), "multi_hot"
            (1 where an integer occurs along axis 1, or in all if there is one axis only) or
            "count" (how often).
        dtype: of the result.
        weights: what each integer counts, in the shape of `indices`; default 1.
    """
    indices = jnp.atleast_1d(indices)
    if mode == "one_hot":
        dropped = indices.ndim > 1 and indices.shape[-1] == 1
        return ops.one_hot(indices[..., 0] if dropped else indices, depth, dtype=dtype)
    hot = ops.one_hot(indices, depth, dtype=dtype)
    over = 1 if indices.ndim > 1 else 0
    if mode == "multi_hot":
        return jnp.max(hot, axis=over, initial=0)
    if weights is not None:
        hot = hot * jnp.atleast_1d(weights).astype(hot.dtype)[..., None]
    return jnp.sum(hot, axis=over, dtype=hot.dtype)
