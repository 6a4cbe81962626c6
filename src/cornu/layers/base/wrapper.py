"""Wrapper: a layer around another layer."""

from __future__ import annotations

from typing import Any

from cornu.layers.base.layer import Layer


class Wrapper(Layer):
    """Base of layers that change what another layer does.

    Args:
        layer: the layer inside.

    Raises:
        TypeError: if `layer` is not a Layer.
    """

    def __init__(self, layer: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise TypeError(
                f"`layer` of {type(self).__name__} must be a Layer object. "
                f"Received: {type(layer).__name__}"
            )
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside for inputs of this shape."""
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True
