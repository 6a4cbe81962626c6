"""Transposed convolutions, which enlarge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jax import Array

from cornu import constraints, initializers, ops, regularizers
from cornu.layers.base.arguments import handed_on, positive_integer
from cornu.layers.convolution.base import BaseConvolution
from cornu.ops.convolution import per_axis


class BaseConvTranspose(BaseConvolution):
    """The transpose of a convolution: sizes grow by the strides.

    Args:
        filters: number of channels of the output.
        output_padding: additional size at the end of each axis.
        kernel_initializer, kernel_regularizer, kernel_constraint: of the kernel.
        **kwargs: see `BaseConvolution`.
    """

    def __init__(
        self,
        *,
        filters: int,
        output_padding: int | Sequence[int] | None,
        kernel_initializer: Any,
        kernel_regularizer: Any,
        kernel_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.filters = positive_integer(filters, "filters", self.name)
        self.output_padding: tuple[int, ...] | None = None
        if output_padding is not None:
            self.output_padding = per_axis(output_padding, self.rank, "output_padding")
            if any(a >= b for a, b in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(
                    "`output_padding` must be smaller than `strides`. Received: output_padding="
                    f"{output_padding}, strides={self.strides} (layer '{self.name}')"
                )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)

    def build(self, input_shape: Any) -> None:
        """Make kernel (*window, filters, channels) and bias."""
        channels = self.input_channels(input_shape)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(*self.kernel_size, self.filters, channels),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.add_bias(self.filters)

    def call(self, inputs: Array) -> Array:
        """Transposed convolution, bias, activation."""
        outputs = ops.conv_transpose(
            inputs,
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            output_padding=self.output_padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )
        return self.finish(outputs)


class Conv1DTranspose(BaseConvTranspose):
    """Transposed convolution of sequences, which enlarges them.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        output_padding: additional size at the end of each axis; default: as `padding` says.
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
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

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
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


class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution of images, which enlarges them.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        output_padding: additional size at the end of each axis; default: as `padding` says.
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
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
        output_padding: int | Sequence[int] | None = None,
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = (1, 1),
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


class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution of volumes, which enlarges them.

    Args:
        filters: number of channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        output_padding: additional size at the end of each axis; default: as `padding` says.
        dilation_rate: distance of neighbours in the window.
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
        output_padding: int | Sequence[int] | None = None,
        dilation_rate: int | Sequence[int] = (1, 1, 1),
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
