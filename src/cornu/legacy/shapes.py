"""`layer.input_shape` and `layer.output_shape`, which every layer had in Keras 1 and 2."""

from __future__ import annotations

from typing import Any

from cornu.core import tree


class FirstCallShape:
    """The shape of a layer's first symbolic input or output; its own attribute goes first."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __get__(self, layer: Any, owner: type | None = None) -> Any:
        """The shape, or a nest of shapes."""
        if layer is None:
            return self
        return tree.map_structure(lambda tensor: tensor.shape, getattr(layer, self.part))


def attach(layer_class: type) -> None:
    """Give `layer_class` the two attributes, unless it has them."""
    for name, part in (("input_shape", "input"), ("output_shape", "output")):
        if name not in vars(layer_class):
            setattr(layer_class, name, FirstCallShape(part))
