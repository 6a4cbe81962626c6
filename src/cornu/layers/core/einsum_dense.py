"""EinsumDense: a dense layer whose product is written as an equation."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

from jax import Array

from cornu import activations, constraints, initializers, ops, regularizers
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.bias import add_bias
from cornu.ops.product import rows_by_kernel

Shape = tuple[int | None, ...]


class Equation(NamedTuple):
    """The three parts of `inputs,kernel->outputs`, ellipses taken off, and where those stood."""

    inputs: str
    kernel: str
    outputs: str
    ellipsis: str  # "", "left" or "right"


class EinsumDense(Layer):
    """`activation(einsum(equation, inputs, kernel) + bias)`.

    Args:
        equation: `ab,bc->ac`, with at most one ellipsis, at the same end of inputs and outputs:
            `...ab,bc->...ac` or `ab...,bc->ac...`. The first axis of the inputs is the batch.
        output_shape: sizes of the output without the batch axis and without axes that an ellipsis
            stands for; None where the input decides.
        activation: name or function; default: none.
        bias_axes: letters of the output along which the bias differs; default: no bias.
        kernel_initializer, bias_initializer: name or object; default glorot_uniform and zeros.
        kernel_regularizer, bias_regularizer: penalty of the weight; default none.
        kernel_constraint, bias_constraint: projection after each update; default none.
        lora_rank, lora_alpha, gptq_unpacked_column_size, quantization_config: not supported yet;
            only None.

    Raises:
        ValueError: when built, if the equation is none of these forms, or sizes contradict it.

    Example:
        >>> EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d").compute_output_shape(
        ...     (None, 10, 128)
        ... )
        (None, 10, 64)
    """

    config_omit = ("lora_rank", "lora_alpha", "gptq_unpacked_column_size")
    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}

    def __init__(
        self,
        equation: str,
        output_shape: int | Sequence[int | None],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if lora_rank is not None:
            raise NotImplementedError(f"lora_rank is not supported yet (layer '{self.name}')")
        self.equation = equation
        sizes: Any = output_shape if isinstance(output_shape, list | tuple) else (output_shape,)
        self.output_shape: Shape = tuple(sizes)
        self.activation = activations.get(activation)
        self.bias_axes = bias_axes
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.quantization_config = quantization_config

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias for inputs of this shape."""
        kernel_shape, bias_shape = weight_shapes(
            self.equation, self.output_shape, self.bias_axes, tuple(input_shape), self.name
        )
        self.kernel = self.add_weight(
            name="kernel",
            shape=kernel_shape,
            initializer=_counting(self.kernel_initializer, parse(self.equation, self.name)),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if bias_shape is not None:
            self.bias = self.add_weight(
                name="bias",
                shape=bias_shape,
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Array, training: bool | None = None) -> Array:
        """The products that the equation says."""
        del training
        outputs = self._multiply(inputs, self.kernel.value)
        if self.bias is not None:
            outputs = _add_bias(outputs, self.bias.value)
        return self.activation(outputs) if self.activation is not None else outputs

    def _multiply(self, inputs: Array, kernel: Array) -> Array:
        """The product; as one of matrices where the kernel's letters stand at the ends."""
        equation = parse(self.equation, self.name)
        summed = sum(letter not in equation.outputs for letter in equation.kernel)
        contracted, made = equation.kernel[:summed], equation.kernel[summed:]
        free = equation.inputs.removesuffix(contracted)
        if (
            equation.ellipsis == "right"
            or not equation.inputs.endswith(contracted)
            or equation.outputs != free + made
            or not (contracted and made)
        ):
            return ops.einsum(self.equation, inputs, kernel)
        rows = inputs.shape[: inputs.ndim - summed]
        size = math.prod(kernel.shape[:summed])
        outputs = rows_by_kernel(inputs.reshape(*rows, size), kernel.reshape(size, -1))
        return outputs.reshape(*rows, *kernel.shape[summed:])


def weight_shapes(
    text: str, output_shape: Shape, bias_axes: str | None, input_shape: Shape, name: str
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Shapes of the kernel and of the bias (None without `bias_axes`) of layer `name`.

    Raises:
        ValueError: if the equation is malformed, or sizes contradict it or stay unknown.
    """
    equation = parse(text, name)
    elided = len(input_shape) - len(equation.inputs)
    if elided < 0 or (elided and not equation.ellipsis):
        raise ValueError(
            f"equation '{text}' of layer '{name}' takes inputs with {len(equation.inputs)} axes"
            f"{' or more' if equation.ellipsis else ''}. Received shape {input_shape}"
        )
    sizes = _named_sizes(equation, output_shape, input_shape, text, name)
    kernel = tuple(sizes[letter] for letter in equation.kernel)
    if None in kernel:
        raise ValueError(
            f"layer '{name}' must know all sizes of its kernel '{equation.kernel}'. Received "
            f"input shape {input_shape} and output_shape={output_shape}"
        )
    if not bias_axes:
        return kernel, None  # type: ignore[return-value]
    absent = [letter for letter in bias_axes if letter not in equation.outputs]
    if absent:
        raise ValueError(
            f"bias_axes='{bias_axes}' of layer '{name}': '{absent[0]}' is no axis of the output "
            f"'{equation.outputs}'"
        )
    first = min(equation.outputs.index(letter) for letter in bias_axes)
    bias = [sizes[c] if c in bias_axes else 1 for c in equation.outputs[first:]]
    if None in bias:
        raise ValueError(
            f"layer '{name}' must know the sizes of bias_axes='{bias_axes}'. Received "
            f"input shape {input_shape} and output_shape={output_shape}"
        )
    tail = [1] * elided if equation.ellipsis == "right" else []
    return kernel, (*bias, *tail)  # type: ignore[return-value]


def _add_bias(outputs: Array, bias: Array) -> Array:
    """The sum; where the bias covers whole trailing axes, by way of rows, which is fast on CPU."""
    if bias.ndim and outputs.shape[-bias.ndim :] == bias.shape:
        flat = outputs.reshape(*outputs.shape[: -bias.ndim], bias.size)
        return add_bias(flat, bias.reshape(-1)).reshape(outputs.shape)
    return outputs + bias


def _counting(initializer: Any, equation: Equation) -> Any:
    """The initializer; one that scales by inputs and outputs learns which axes are which."""
    counts = isinstance(initializer, initializers.VarianceScaling)
    if not counts or initializer.input_axes is not None or initializer.output_axes is not None:
        return initializer
    told = copy.copy(initializer)
    summed = [letter not in equation.outputs for letter in equation.kernel]
    told.input_axes = [axis for axis, is_input in enumerate(summed) if is_input]
    told.output_axes = [axis for axis, is_input in enumerate(summed) if not is_input]
    return told


def parse(text: str, name: str) -> Equation:
    """The parts of an equation.

    Raises:
        ValueError: if it is of none of the forms that `EinsumDense` takes.
    """
    inputs, arrow, outputs = text.replace(" ", "").partition("->")
    inputs, comma, kernel = inputs.partition(",")
    where = {(True, False): "left", (False, True): "right", (False, False): ""}
    ends = [(part.startswith("..."), part.endswith("...")) for part in (inputs, outputs)]
    letters = [part.strip(".") for part in (inputs, kernel, outputs)]
    well_formed = arrow and comma and ends[0] == ends[1] and ends[0] in where
    if not (well_formed and all(part.isalpha() or part == "" for part in letters)):
        raise ValueError(
            f"equation '{text}' of layer '{name}' must have the form 'ab,bc->ac', "
            "'...ab,bc->...ac' or 'ab...,bc->ac...'"
        )
    return Equation(*letters, ellipsis=where[ends[0]])


def _named_sizes(
    equation: Equation, output_shape: Shape, input_shape: Shape, text: str, name: str
) -> dict[str, int | None]:
    """The size of each letter, from the input and from `output_shape`."""
    if equation.ellipsis == "left":
        inputs = dict(zip(reversed(equation.inputs), reversed(input_shape), strict=False))
        outputs = dict(zip(reversed(equation.outputs), reversed(output_shape), strict=False))
    else:
        inputs = dict(zip(equation.inputs, input_shape, strict=False))
        outputs = dict(zip(equation.outputs, (input_shape[0], *output_shape), strict=False))
    sizes: dict[str, int | None] = {**outputs, **inputs}
    for letter, size in outputs.items():
        known = inputs.get(letter)
        if size is not None and letter in inputs and known != size:
            raise ValueError(
                f"axis '{letter}' of '{text}' (layer '{name}') has size {known} in the input, but "
                f"{size} in output_shape={output_shape}"
            )
    unknown = [c for c in equation.kernel + equation.outputs if c not in sizes]
    if unknown:
        raise ValueError(
            f"the size of axis '{unknown[0]}' of '{text}' (layer '{name}') follows neither from "
            f"the input shape {input_shape} nor from output_shape={output_shape}"
        )
    return sizes
