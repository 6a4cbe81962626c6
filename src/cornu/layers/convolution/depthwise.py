"""Convolutions of each channel by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import Array

from cornu import constraints, initializers, ops, regularizers
from cornu.layers.base.arguments import handed_on, positive_integer
from cornu.layers.convolution.base import BaseConvolution


class BaseDepthwiseConv(BaseConvolution):
    """A convolution of each channel by itself.

    Args:
        depth_multiplier: how many filters each channel has.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the kernel.
        **kwargs: see `BaseConvolution`.
    """

    def __init__(
        self,
        *,
        depth_multiplier: int,
        depthwise_initializer: Any,
        depthwise_regularizer: Any,
        depthwise_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.depth_multiplier = positive_integer(depth_multiplier, "depth_multiplier", self.name)
        self.depthwise_initializer = initializers.get(depthwise_initializer)
        self.depthwise_regularizer = regularizers.get(depthwise_regularizer)
        self.depthwise_constraint = constraints.get(depthwise_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, channels, multiplier) and bias."""
        channels = self.input_channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer,
            regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint,
        )
        self.add_bias(channels * self.depth_multiplier)

    def call(self, inputs: Array) -> Array:
        """Depthwise convolution, bias, activation."""
        self.check_window(inputs)
        outputs = ops.depthwise_conv(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self.finish(outputs)


class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution of each channel of sequences by itself.

    Args:
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        depth_multiplier: how many filters each channel has.
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        depthwise_initializer, bias_initializer: name or object.
        depthwise_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        depthwise_constraint, bias_constraint: projection after each update.

    Input: (batch, time, channels), or channels first. Output: the same axes, with
    channels * depth_multiplier channels.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rank = 1

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))


class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolution of each channel of images by itself.

    Args:
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        depth_multiplier: how many filters each channel has.
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        depthwise_initializer, bias_initializer: name or object.
        depthwise_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        depthwise_constraint, bias_constraint: projection after each update.

    Input: (batch, height, width, channels), or channels first. Output: the same axes, with
    channels * depth_multiplier channels.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rank = 2

    def __init__(
        self,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1),
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))
