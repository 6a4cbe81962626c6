"""Rescaling: a fixed scale and offset."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array

from cornu import ops
from cornu.errors import short
from cornu.layers.base.layer import Layer
from cornu.settings import settings


class Rescaling(Layer):
    """`inputs * scale + offset`, in the compute dtype.

    Args:
        scale: a number, or one for each channel.
        offset: a number, or one for each channel.

    Input and output: any shape. Where `scale` or `offset` holds one number a channel, channels are
    the last axis, or axis 1 if the process's image data format is "channels_first".

    Raises:
        ValueError: if `scale` or `offset` is neither a number nor a list of them.

    Example:
        >>> import numpy as np
        >>> Rescaling(1 / 2, offset=-1)(np.array([0, 1, 4], "uint8")).tolist()
        [-1.0, -0.5, 1.0]
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("scale", scale), ("offset", offset)):
            _check_numbers(name, value, self.name)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Array) -> Array:
        """The rescaled inputs."""
        inputs = ops.cast(inputs, self.compute_dtype)
        scale, offset = (self._per_channel(v, inputs.ndim) for v in (self.scale, self.offset))
        return inputs * scale + offset

    def _per_channel(self, value: Any, rank: int) -> Array:
        numbers = ops.cast(np.asarray(value), self.compute_dtype)
        if numbers.ndim and rank > 2 and settings.image_data_format == "channels_first":
            return ops.reshape(numbers, (-1, *(1,) * (rank - 2)))
        return numbers


def _check_numbers(name: str, value: Any, layer_name: str) -> None:
    kind = getattr(value, "dtype", None)
    if kind is None:
        kind = np.asarray(value).dtype
    if np.dtype(kind).kind not in "biuf":
        raise ValueError(
            f"`{name}` must be a number, or a list of one for each channel. "
            f"Received: {name}={short(value)} (layer '{layer_name}')"
        )
