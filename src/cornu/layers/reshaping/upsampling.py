"""Layers that repeat elements or interpolate between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.image
from jax import Array

from cornu import ops
from cornu.errors import did_you_mean
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import per_axis, standardize_data_format

# Keras's names of the interpolations, and JAX's.
INTERPOLATIONS = {
    "nearest": "nearest",
    "bilinear": "linear",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def _repeat(inputs: Array, sizes: Sequence[int], data_format: str) -> Array:
    first = 1 if data_format == "channels_last" else 2
    for axis, size in enumerate(sizes, first):
        inputs = ops.repeat(inputs, size, axis=axis)
    return inputs


class UpSampling1D(Layer):
    """Each time step `size` times.

    Args:
        size: how many times.

    Input: (batch, time, features). Output: (batch, time * size, features).
    """

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = int(size)
        self.input_spec = InputSpec(ndim=3)

    def call(self, inputs: Array) -> Array:
        """The inputs, repeated along time."""
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(Layer):
    """Images larger by whole factors.

    Args:
        size: factors of height and width, or one for both.
        data_format: "channels_last" or "channels_first"; default: the process's.
        interpolation: "nearest" repeats; or "bilinear", "bicubic", "lanczos3", "lanczos5".

    Input: (batch, height, width, channels), or channels first. Output: the same, larger.

    Raises:
        ValueError: for an unknown interpolation.
    """

    def __init__(
        self,
        size: int | Sequence[int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = per_axis(size, 2, "size")
        self.interpolation = str(interpolation).lower()
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"`interpolation` must be one of {list(INTERPOLATIONS)}"
                f"{did_you_mean(self.interpolation, INTERPOLATIONS)} "
                f"Received: interpolation={interpolation!r} (layer '{self.name}')"
            )
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs: Array) -> Array:
        """The enlarged images."""
        if self.interpolation == "nearest":
            return _repeat(inputs, self.size, self.data_format)
        first = 1 if self.data_format == "channels_last" else 2
        shape = list(inputs.shape)
        for axis, size in enumerate(self.size, first):
            shape[axis] *= size
        method = INTERPOLATIONS[self.interpolation]
        return jax.image.resize(inputs, shape, method, antialias=False)


class UpSampling3D(Layer):
    """Volumes larger by whole factors, by repetition.

    Args:
        size: factors of the three axes, or one for all.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, depth, height, width, channels), or channels first. Output: the same, larger.
    """

    def __init__(
        self, size: int | Sequence[int] = (2, 2, 2), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.size = per_axis(size, 3, "size")
        self.input_spec = InputSpec(ndim=5)

    def call(self, inputs: Array) -> Array:
        """The enlarged volumes."""
        return _repeat(inputs, self.size, self.data_format)
