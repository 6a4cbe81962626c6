"""Dense: every output is a weighted sum of all inputs."""

from __future__ import annotations

from typing import Any

from jax import Array

from cornu import activations, constraints, initializers, regularizers
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.bias import add_bias
from cornu.ops.product import rows_by_kernel


class Dense(Layer):
    """`activation(inputs @ kernel + bias)` over the last axis.

    Args:
        units: size of the output's last axis.
        activation: name or function; default: none.
        use_bias: whether to add a bias.
        kernel_initializer, bias_initializer: name or object; default glorot_uniform and zeros.
        kernel_regularizer, bias_regularizer: penalty of the weight; default none.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, bias_constraint: projection after each update; default none.
        lora_rank, lora_alpha, quantization_config: not supported yet; only None.

    Input: (batch, ..., features). Output: (batch, ..., units).

    Raises:
        ValueError: if `units` is not a positive integer.
    """

    config_omit = ("lora_rank", "lora_alpha")

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        if isinstance(units, bool) or not hasattr(units, "__index__") or units <= 0:
            raise ValueError(
                f"`units` must be a positive integer. Received: units={units!r} (layer "
                f"'{self.name}')"
            )
        if lora_rank is not None:
            raise NotImplementedError(f"lora_rank is not supported yet (layer '{self.name}')")
        self.units = int(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.quantization_config = quantization_config
        self.input_spec = InputSpec(min_ndim=2)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for inputs with `input_shape[-1]` features."""
        features = input_shape[-1]
        if features is None:
            raise ValueError(
                f"the last axis of the input of layer '{self.name}' must be known. "
                f"Received shape {tuple(input_shape)}"
            )
        self.kernel = self.add_weight(
            name="kernel",
            shape=(features, self.units),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.units,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(min_ndim=2, axes={-1: features})

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        """Weighted sums of the last axis."""
        del training
        outputs = rows_by_kernel(inputs, self.kernel)
        if self.bias is not None:
            outputs = add_bias(outputs, self.bias)
        return self.activation(outputs) if self.activation is not None else outputs
