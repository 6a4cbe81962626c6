"""Masking: time steps of one value do not count."""

from __future__ import annotations

from typing import Any

from jax import Array

from cornu import ops
from cornu.layers.base.layer import Layer


class Masking(Layer):
    """Time steps in which all features equal `mask_value` are set to 0 and masked.

    Args:
        mask_value: the value that stands for "nothing here".

    Input and output: (batch, time, features).
    """

    def __init__(self, mask_value: float = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Array:
        """True for steps with any other value."""
        del mask
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs: Array) -> Array:
        """The inputs, 0 in masked steps."""
        counts = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        return inputs * ops.cast(counts, inputs.dtype)
