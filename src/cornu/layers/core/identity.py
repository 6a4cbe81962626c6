"""Identity: the output is the input."""

from __future__ import annotations

from typing import Any

from cornu.layers.base.layer import Layer


class Identity(Layer):
    """Gives its input back.

    Input and output: any nest of tensors.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        """The inputs."""
        return inputs
