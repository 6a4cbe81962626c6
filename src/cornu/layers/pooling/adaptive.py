"""Maximum and average over as many bins as the output is to have, whatever the input's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from jax import Array

from cornu import ops
from cornu.layers.base.arguments import axis_sizes
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format


class BaseAdaptivePooling(Layer):
    """Base of pooling to a given size; subclasses say over how many axes.

    Bin i of n along an axis of length L takes items floor(i L / n) to ceil((i + 1) L / n): bins
    cover all of the axis, differ in length by one at most, and overlap where n does not divide L.

    Args:
        output_size: size of the output, one integer or one an axis.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Raises:
        ValueError: for a size that is not positive, or an unknown data format.
    """

    rank: ClassVar[int]

    def __init__(
        self, output_size: int | Sequence[int], data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.output_size = axis_sizes(output_size, self.rank, "output_size", self.name)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)


class _Average(BaseAdaptivePooling):
    def call(self, inputs: Array) -> Array:
        """The mean of each bin."""
        return ops.adaptive_average_pool(inputs, self.output_size, self.data_format)


class _Maximum(BaseAdaptivePooling):
    def call(self, inputs: Array) -> Array:
        """The largest element of each bin."""
        return ops.adaptive_max_pool(inputs, self.output_size, self.data_format)


class AdaptiveAveragePooling1D(_Average):
    """Mean of each of `output_size` bins of sequences, of whatever size they are.

    Args:
        output_size: number of time steps that come out.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, time, channels), or channels first.
    Output: (batch, output_size, channels), or channels first.

    Raises:
        ValueError: for a size that is not positive, or inputs with an empty axis.
    """

    rank = 1


class AdaptiveAveragePooling2D(_Average):
    """Mean of each of `output_size` bins of images, of whatever size they are.

    Args:
        output_size: size of the output, one integer or one an axis.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, height, width, channels), or channels first.
    Output: (batch, *output_size, channels), or channels first.

    Raises:
        ValueError: for a size that is not positive, or inputs with an empty axis.
    """

    rank = 2


class AdaptiveAveragePooling3D(_Average):
    """Mean of each of `output_size` bins of volumes, of whatever size they are.

    Args:
        output_size: size of the output, one integer or one an axis.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, depth, height, width, channels), or channels first.
    Output: (batch, *output_size, channels), or channels first.

    Raises:
        ValueError: for a size that is not positive, or inputs with an empty axis.
    """

    rank = 3


class AdaptiveMaxPooling1D(_Maximum):
    """Largest element of each of `output_size` bins of sequences, of whatever size they are.

    Args:
        output_size: number of time steps that come out.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, time, channels), or channels first.
    Output: (batch, output_size, channels), or channels first.

    Raises:
        ValueError: for a size that is not positive, or inputs with an empty axis.
    """

    rank = 1


class AdaptiveMaxPooling2D(_Maximum):
    """Largest element of each of `output_size` bins of images, of whatever size they are.

    Args:
        output_size: size of the output, one integer or one an axis.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, height, width, channels), or channels first.
    Output: (batch, *output_size, channels), or channels first.

    Raises:
        ValueError: for a size that is not positive, or inputs with an empty axis.
    """

    rank = 2


class AdaptiveMaxPooling3D(_Maximum):
    """Largest element of each of `output_size` bins of volumes, of whatever size they are.

    Args:
        output_size: size of the output, one integer or one an axis.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, depth, height, width, channels), or channels first.
    Output: (batch, *output_size, channels), or channels first.

    Raises:
        ValueError: for a size that is not positive, or inputs with an empty axis.
    """

    rank = 3
