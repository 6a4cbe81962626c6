"""TimeDistributed: one layer, applied to each time step."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core import tree
from cornu.layers.base import calling
from cornu.layers.base.layer import Layer
from cornu.layers.base.wrapper import Wrapper


class TimeDistributed(Wrapper):
    """Applies a layer to each time step.

    Args:
        layer: the layer.

    Input: (batch, time, ...), and a `mask` (batch, time).
    Output: (batch, time, *output of the layer).

    Raises:
        ValueError: if the input has no time axis, or the mask does not fit.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Build the layer for one time step."""
        if len(input_shape) < 3:
            raise ValueError(
                f"layer '{self.name}' (TimeDistributed) needs inputs of shape (batch, time, ...). "
                f"Received shape {tuple(input_shape)}"
            )
        super().build((input_shape[0], *input_shape[2:]))

    def call(self, inputs: Array, training: bool | None = None, mask: Any = None) -> Any:
        """The layer's output for each step."""
        batch, time = inputs.shape[:2]
        if mask is not None and tuple(mask.shape[:2]) != (batch, time):
            raise ValueError(
                f"mask of shape {tuple(mask.shape)} does not fit inputs of shape "
                f"{tuple(inputs.shape)} in layer '{self.name}': it must have shape {(batch, time)}"
            )
        # All steps as rows of one batch: one call instead of a loop.
        accepts = calling.call_signature(type(self.layer).call).accepts
        extra: dict[str, Any] = {"training": training} if "training" in accepts else {}
        if mask is not None and "mask" in accepts:
            extra["mask"] = jnp.reshape(mask, (batch * time, *mask.shape[2:]))
        rows = jnp.reshape(inputs, (batch * time, *inputs.shape[2:]))
        outputs = self.layer(rows, **extra)
        return tree.map_structure(lambda x: jnp.reshape(x, (batch, time, *x.shape[1:])), outputs)
