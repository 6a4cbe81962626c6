"""Attention as one kernel of cuDNN, which never writes the weights of all pairs to memory.

It comes for NVIDIA's GPUs in half precision only. Elsewhere attention is written out: see
`attention`.

Source: Dao et al., "FlashAttention: fast and memory-efficient exact attention with IO-awareness",
2022.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from cornu.ops.promotion import as_array
from cornu.settings import settings
from cornu.types import Array, Tensor

_DTYPES = ("bfloat16", "float16")
_MOST_FEATURES = 128  # of a head; newer GPUs take more


def suits(query: Array, key: Array, value: Array, wanted: bool | None) -> bool:
    """Whether cuDNN is at hand and has a kernel for these.

    Args:
        query: (batch, targets, heads, size).
        key: (batch, sources, heads, size).
        value: (batch, sources, heads, value size).
        wanted: what the user said; None leaves it to `config.disable_flash_attention`.
    """
    if (settings.flash_attention if wanted is None else wanted) is False:
        return False
    if query.dtype not in _DTYPES or not query.dtype == key.dtype == value.dtype:
        return False
    if key.shape != value.shape or key.shape[0] != query.shape[0]:
        return False
    size = query.shape[3]
    # Its gradients want even lengths where there is a bias; a mask is one to it.
    even = query.shape[1] % 2 == key.shape[1] % 2 == 0
    return even and size % 8 == 0 and size <= _MOST_FEATURES and _has_cudnn()


def attend(
    query: Array,
    key: Array,
    value: Array,
    bias: Tensor,
    mask: Tensor,
    scale: float | None,
    is_causal: bool,
) -> Array:
    """`softmax(query @ key * scale + bias) @ value`; arguments as in `dot_product_attention`."""
    pairs = (query.shape[1], key.shape[1])
    return jax.nn.dot_product_attention(
        query,
        key,
        value,
        bias=None if bias is None else _for_pairs(as_array(bias).astype(query.dtype), pairs),
        mask=None if mask is None else _for_pairs(as_array(mask).astype(bool), pairs),
        scale=scale,
        is_causal=is_causal,
        implementation="cudnn",
    )


def _for_pairs(array: Array, pairs: tuple[int, int]) -> Array:
    """With 4 axes, the last two of which are (targets, sources) in full."""
    array = array.reshape((1,) * (4 - array.ndim) + array.shape)
    return jnp.broadcast_to(array, (*array.shape[:2], *pairs))


def _has_cudnn() -> bool:
    """Whether programs go to an NVIDIA GPU that has these kernels, Ampere or newer."""
    if jax.default_backend() != "gpu":
        return False
    capability = getattr(jax.devices()[0], "compute_capability", "0")  # a text as "9.0"
    return capability.replace(".", "").isdigit() and float(capability) >= 8
