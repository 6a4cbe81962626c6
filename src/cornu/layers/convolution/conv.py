"""Convolutions that mix channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import Array

from cornu import constraints, initializers, ops, regularizers
from cornu.layers.base.arguments import handed_on, positive_integer
from cornu.layers.convolution.base import BaseConvolution


class BaseConv(BaseConvolution):
    """A convolution that mixes channels; subclasses say over how many axes.

    Args:
        filters: number of channels of the output.
        groups: into how many parts channels are split, each with filters of its own.
        kernel_initializer, kernel_regularizer, kernel_constraint: of the kernel.
        **kwargs: see `BaseConvolution`.
    """

    def __init__(
        self,
        *,
        filters: int,
        groups: int,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive_integer(filters, "filters", self.name)
        self.groups = positive_integer(groups, "groups", self.name)
        if self.filters % self.groups:
            raise ValueError(
                "`filters` must be a multiple of `groups`. "
                f"Received: filters={filters}, groups={groups} (layer '{self.name}')"
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, channels / groups, filters) and bias."""
        channels = self.input_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"the {channels} channels of the input of layer '{self.name}' cannot be split into "
                f"groups={self.groups} parts"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, channels // self.groups, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias(self.filters)

    def convolution_op(self, inputs: Array, kernel: Any) -> Array:
        """The convolution itself, for subclasses to change."""
        return ops.conv(
            inputs,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def call(self, inputs: Array) -> Array:
        """Convolution, bias, activation."""
        self.check_window(inputs)
        return self.finish(self.convolution_op(inputs, self.kernel))


class Conv1D(BaseConv):
    """Convolution of sequences: the same window of weights at each place.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside), "same" (size / stride comes out) or
            "causal" (the window looks back only).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        groups: into how many parts channels are split, each with filters of its own.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        kernel_initializer, bias_initializer: name or object.
        kernel_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, bias_constraint: projection after each update.

    Input: (batch, time, channels), or channels first. Output: the same axes, with
    `filters` channels.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rank = 1
    paddings = ("valid", "same", "causal")

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))

    def convolution_op(self, inputs: Array, kernel: Any) -> Array:
        """The convolution itself; "causal" puts all padding before the start."""
        if self.padding != "causal":
            return super().convolution_op(inputs, kernel)
        before = (self.kernel_size[0] - 1) * self.dilation_rate[0]
        axis = 1 if self.data_format == "channels_last" else 2
        widths = [(before, 0) if i == axis else (0, 0) for i in range(3)]
        return ops.conv(
            ops.pad(inputs, widths),
            kernel,
            strides=self.strides,
            padding="valid",
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )


class Conv2D(BaseConv):
    """Convolution of images: the same window of weights at each place.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        groups: into how many parts channels are split, each with filters of its own.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        kernel_initializer, bias_initializer: name or object.
        kernel_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, bias_constraint: projection after each update.

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
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))


class Conv3D(BaseConv):
    """Convolution of volumes: the same window of weights at each place.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        groups: into how many parts channels are split, each with filters of its own.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        kernel_initializer, bias_initializer: name or object.
        kernel_regularizer, bias_regularizer: penalty; default none.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, bias_constraint: projection after each update.

    Input: (batch, depth, height, width, channels), or channels first. Output: the same axes, with
    `filters` channels.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1, 1),
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals()))
