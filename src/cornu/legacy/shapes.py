"""`layer.input_shape` and `layer.output_shape`, which every layer had in Keras 1 and 2."""

from __future__ import annotations

from typing import Any

from cornu.core import tree


def attach(layer_class: type) -> None:
    """Give `layer_class` the two properties, unless it has them."""
    for name, part in (("input_shape", "input"), ("output_shape", "output")):
        if name not in vars(layer_class):
            setattr(layer_class, name, property(_shape_of(part)))


def _shape_of(part: str) -> Any:
    def shape(self: Any) -> Any:
        """The shape in the layer's first call on a symbolic tensor."""
        return tree.map_structure(lambda tensor: tensor.shape, getattr(self, part))

    return shape
