"""Convolutions in two steps: each channel, then across channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import Array

from cornu import constraints, initializers, ops, regularizers
from cornu.layers.base.arguments import handed_on, positive_integer
from cornu.layers.convolution.base import BaseConvolution


class BaseSeparableConv(BaseConvolution):
    """A depthwise convolution, then one of window 1 that mixes the channels.

    Args:
        filters: number of channels of the output.
        depth_multiplier: how many filters each channel has in between.
        depthwise_initializer, pointwise_initializer: of the two kernels.
        depthwise_regularizer, pointwise_regularizer: of the two kernels.
        depthwise_constraint, pointwise_constraint: of the two kernels.
        **kwargs: see `BaseConvolution`.
    """

    def __init__(
        self,
        *,
        filters: int,
        depth_multiplier: int,
        depthwise_initializer: Any,
        pointwise_initializer: Any,
        depthwise_regularizer: Any,
        pointwise_regularizer: Any,
        depthwise_constraint: Any,
        pointwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive_integer(filters, "filters", self.name)
        self.depth_multiplier = positive_integer(depth_multiplier, "depth_multiplier", self.name)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.pointwise_initializer = initializers.get(pointwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.pointwise_regularizer = regularizers.get(pointwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)
        self.pointwise_constraint = constraints.get(pointwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernels (*window, channels, multiplier) and (*ones, product, filters), and bias."""
        channels = self.input_channels(input_shape)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(*(1,) * self.rank, channels * self.depth_multiplier, self.filters),
            initializer=self.pointwise_initializer,
            regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint,
        )
        self.add_bias(self.filters)

    def call(self, inputs: Array) -> Array:
        """Both convolutions, bias, activation."""
        self.check_window(inputs)
        outputs = ops.separable_conv(
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self.finish(outputs)


class SeparableConv1D(BaseSeparableConv):
    """Convolution of sequences in two steps: each channel, then across channels.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        depth_multiplier: how many filters each channel has.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        depthwise_initializer, pointwise_initializer, bias_initializer: name or object.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        depthwise_constraint, pointwise_constraint, bias_constraint: projection after each update.

    Input: (batch, time, channels), or channels first. Output: the same axes, with
    `filters` channels.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))


class SeparableConv2D(BaseSeparableConv):
    """Convolution of images in two steps: each channel, then across channels.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        depth_multiplier: how many filters each channel has.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        depthwise_initializer, pointwise_initializer, bias_initializer: name or object.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        depthwise_constraint, pointwise_constraint, bias_constraint: projection after each update.

    Input: (batch, height, width, channels), or channels first. Output: the same axes, with
    `filters` channels.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))
