"""A layer that only adds to the loss."""

from __future__ import annotations

from typing import Any

from jax import Array

from cornu import regularizers
from cornu.layers.base.layer import Layer


class ActivityRegularization(Layer):
    """Passes its input on and adds `l1 * sum(|x|) + l2 * sum(x**2)` to the training loss.

    Args:
        l1: factor of the absolute values.
        l2: factor of the squares.

    Input and output: any shape.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer."""
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return config

    def call(self, inputs: Array) -> Array:
        """The inputs."""
        return inputs
