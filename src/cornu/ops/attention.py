"""Attention of queries to keys."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from cornu.ops import fused_attention, head_products
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.types import Array, Tensor


@op("nn")
def dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor = None,
    mask: Tensor = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Array:
    """`softmax(query @ key * scale + bias) @ value`.

    Args:
        query: (batch, targets, heads, size).
        key: (batch, sources, key heads, size); heads must be a multiple of key heads.
        value: (batch, sources, key heads, value size).
        bias: added to the logits; broadcasts to (batch, heads, targets, sources).
        mask: booleans, where attention is allowed; broadcasts likewise.
        scale: factor of the logits; default `1 / sqrt(size)`.
        is_causal: lets target i attend to sources 0..i only.
        flash_attention: False keeps cuDNN's fused attention off; else it is used on GPUs in half
            precision, where it has what is asked for. It has no second derivatives.
        attn_logits_soft_cap: limits logits smoothly to plus and minus this.

    Raises:
        ValueError: if a tensor does not have 4 axes, or head numbers do not fit.

    Source: Vaswani et al., "Attention is all you need", 2017.
    """
    query, key, value = as_float(query), as_float(key), as_float(value)
    for name, tensor in (("query", query), ("key", key), ("value", value)):
        if tensor.ndim != 4:
            raise ValueError(f"{name} must have 4 axes. Received shape {tensor.shape}")
    heads, key_heads = query.shape[2], key.shape[2]
    if heads % key_heads:
        raise ValueError(f"{heads} query heads are no multiple of {key_heads} key heads")
    if heads != key_heads:
        key = jnp.repeat(key, heads // key_heads, axis=2)
        value = jnp.repeat(value, heads // key_heads, axis=2)
    if fused_attention.suits(query, key, value, flash_attention) and attn_logits_soft_cap is None:
        return fused_attention.attend(query, key, value, bias, mask, scale, is_causal)
    wide = jnp.promote_types(query.dtype, jnp.float32)
    logits = head_products.match(query, key, wide)
    logits = logits * (1 / math.sqrt(key.shape[-1]) if scale is None else scale)
    if attn_logits_soft_cap is not None:
        logits = jnp.tanh(logits / attn_logits_soft_cap) * attn_logits_soft_cap
    if bias is not None:
        logits = logits + as_array(bias)
    allowed = _allowed(logits.shape, mask, is_causal)
    if allowed is not None:
        logits = jnp.where(allowed, logits, 0.7 * float(jnp.finfo(logits.dtype).min))
    weights = jax.nn.softmax(logits, axis=-1).astype(key.dtype)
    return head_products.mix(weights, value)


def _allowed(shape: tuple[int, ...], mask: Tensor, is_causal: bool) -> Array | None:
    allowed = None if mask is None else as_array(mask).astype(bool)
    if not is_causal:
        return allowed
    causal = jnp.tri(shape[2], shape[3], dtype=bool)
    return causal if allowed is None else allowed & causal
