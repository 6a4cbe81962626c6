"""Which query may look at which key: padding, causal, window and custom masks, combined."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.layers.base import calling

Mask = Array | None


def allowed_pairs(
    query: Array,
    value: Array,
    *,
    query_mask: Mask = None,
    value_mask: Mask = None,
    key_mask: Mask = None,
    attention_mask: Mask = None,
    causal: bool = False,
    window: int | None = None,
) -> Array | None:
    """True where a query may attend: broadcasts to (batch, targets, sources); None: everywhere.

    Args:
        query: (batch, targets, ...).
        value: (batch, sources, ...).
        query_mask: (batch, targets).
        value_mask: (batch, sources).
        key_mask: (batch, sources).
        attention_mask: broadcasts to the result, or has more axes in between.
        causal: lets target i attend to sources 0..i only.
        window: lets target i attend to sources j with `|i - j| < window` only.

    Raises:
        ValueError: if a mask does not fit its sequence.
    """
    parts = []
    for name, mask, tensor, axis in (
        ("query", query_mask, query, 2),
        ("value", value_mask, value, 1),
        ("key", key_mask, value, 1),
    ):
        if mask is not None:
            parts.append(jnp.expand_dims(padding_mask(mask, tensor, name), axis))
    if causal or window is not None:
        parts.append(_near(query.shape[1], value.shape[1], causal, window)[None])
    if attention_mask is not None:
        mask = jnp.asarray(attention_mask).astype(bool)
        if query.ndim == 3:
            heads = mask.shape[1:-2] if mask.ndim > 3 else ()
            check_attention_mask(mask, (query.shape[0], *heads, query.shape[1], value.shape[1]))
        parts.append(mask)
    combined = None
    for part in parts:
        combined = part if combined is None else combined & part
    return combined


def padding_mask(mask: Any, sequence: Array, name: str) -> Array:
    """The mask as booleans.

    Raises:
        ValueError: if its shape is not (batch, length) of the sequence `name`.
    """
    mask = jnp.asarray(mask).astype(bool)
    if mask.ndim > 1 and mask.shape != sequence.shape[: mask.ndim]:
        raise ValueError(
            f"the mask of `{name}` must have its leading shape. Received a mask of shape "
            f"{calling.shapes_of(mask)} for `{name}` of shape {calling.shapes_of(sequence)}"
        )
    return mask


def check_attention_mask(mask: Array, shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless `mask` broadcasts to `shape`: (batch, ..., targets, sources)."""
    given = tuple(mask.shape)
    aligned = zip(reversed(given), reversed(shape), strict=False)
    if len(given) <= len(shape) and all(a in (1, b) for a, b in aligned):
        return
    hint = ""
    if len(given) == 2:
        hint = "; a padding mask (batch, sources) is given as `value_mask` or `key_mask`"
    raise ValueError(
        "`attention_mask` must broadcast to (batch, targets, sources). "
        f"Received shape {given}, expected {shape}{hint}"
    )


def _near(targets: int, sources: int, causal: bool, window: int | None) -> Array:
    row = jnp.arange(targets)[:, None]
    column = jnp.arange(sources)[None, :]
    allowed = row >= column if causal else jnp.ones((targets, sources), bool)
    if window is not None:
        allowed = allowed & (jnp.abs(row - column) < window)
    return allowed
