"""What all convolutional layers share: arguments, their checks, the bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from jax import Array

from cornu import activations, constraints, initializers, ops, regularizers
from cornu.layers.base.layer import InputSpec, Layer
from cornu.layers.convolution.window import Windowed
from cornu.ops.bias import add_bias


class BaseConvolution(Windowed, Layer):
    """Base of the convolutional layers of one, two or three spatial axes.

    Args:
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window.
        padding: "valid" or "same", in some layers "causal".
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
        activation: name or function; default: none.
        use_bias: whether to add one number per channel of the output.
        bias_initializer, bias_regularizer, bias_constraint: of the bias.

    Raises:
        ValueError: for a size that is not positive, an unknown padding or data format, or strides
            and dilation together.
    """

    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}

    def __init__(
        self,
        *,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int],
        padding: str,
        data_format: str | None,
        dilation_rate: int | Sequence[int],
        activation: Any,
        use_bias: bool,
        bias_initializer: Any,
        bias_regularizer: Any,
        bias_constraint: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.set_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, max_ndim=self.rank + 2)

    def input_channels(self, input_shape: Any) -> int:
        """Channels of inputs of this shape; notes them as a demand on later inputs.

        Raises:
            ValueError: if they are unknown.
        """
        channels = input_shape[self.channel_axis] if len(input_shape) == self.rank + 2 else None
        if channels is None:
            raise ValueError(
                f"layer '{self.name}' ({type(self).__name__}, {self.data_format}) needs inputs of "
                f"{self.rank + 2} axes with a known number of channels. "
                f"Received shape {tuple(input_shape)}"
            )
        rank = self.rank + 2
        self.input_spec = InputSpec(
            min_ndim=rank, max_ndim=rank, axes={self.channel_axis: channels}
        )
        return channels

    def add_bias(self, channels: int) -> None:
        """Make the bias, if there is to be one."""
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(channels,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def check_window(self, inputs: Array) -> None:
        """Raise a ValueError if the window is larger than the inputs and may not leave them."""
        first = 1 if self.data_format == "channels_last" else 2
        self.check_fit(inputs.shape[first : first + self.rank], inputs.shape)

    def finish(self, outputs: Array) -> Array:
        """Bias and activation."""
        if self.bias is not None:
            if self.channel_axis == -1:
                outputs = add_bias(outputs, self.bias.value)
            else:
                outputs = ops.add(outputs, ops.reshape(self.bias, (-1, *(1,) * self.rank)))
        return self.activation(outputs)
