"""What all convolutional layers share: arguments, their checks, the bias."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from jax import Array

from cornu import activations, constraints, initializers, ops, regularizers
from cornu.errors import did_you_mean
from cornu.layers.base.arguments import axis_sizes
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.bias import add_bias
from cornu.ops.convolution import standardize_data_format


class BaseConvolution(Layer):
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

    rank: ClassVar[int]
    paddings: ClassVar[tuple[str, ...]] = ("valid", "same")
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
        self.kernel_size = self._per_axis(kernel_size, "kernel_size")
        self.strides = self._per_axis(strides, "strides")
        self.dilation_rate = self._per_axis(dilation_rate, "dilation_rate")
        self.padding = str(padding).lower()
        if self.padding not in self.paddings:
            raise ValueError(
                f"`padding` of {type(self).__name__} must be one of {self.paddings}"
                f"{did_you_mean(self.padding, self.paddings)} "
                f"Received: padding={padding!r} (layer '{self.name}')"
            )
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides` and `dilation_rate` cannot both be larger than 1. Received: "
                f"strides={self.strides}, dilation_rate={self.dilation_rate} (layer '{self.name}')"
            )
        self.data_format = standardize_data_format(data_format)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.bias_initializer = initializers.get(bias_initializer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.bias_constraint = constraints.get(bias_constraint)
        self.input_spec = InputSpec(min_ndim=self.rank + 2, max_ndim=self.rank + 2)

    def _per_axis(self, value: Any, name: str) -> tuple[int, ...]:
        return axis_sizes(value, self.rank, name, self.name)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels."""
        return -1 if self.data_format == "channels_last" else 1

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
        if self.padding != "valid":
            return
        first = 1 if self.data_format == "channels_last" else 2
        spatial = inputs.shape[first : first + self.rank]
        for size, window, step in zip(spatial, self.kernel_size, self.dilation_rate, strict=True):
            if size < (window - 1) * step + 1:
                raise ValueError(
                    f"the window of layer '{self.name}' does not fit into its input: "
                    f"kernel_size={self.kernel_size}, dilation_rate={self.dilation_rate}, input of "
                    f"shape {inputs.shape}. Use padding='same', a smaller window or larger inputs"
                )

    def finish(self, outputs: Array) -> Array:
        """Bias and activation."""
        if self.bias is not None:
            if self.channel_axis == -1:
                outputs = add_bias(outputs, self.bias.value)
            else:
                outputs = ops.add(outputs, ops.reshape(self.bias, (-1, *(1,) * self.rank)))
        return self.activation(outputs)
