"""ConvLSTM: a long short-term memory of images, whose products are convolutions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from cornu import ops
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import InputSpec
from cornu.layers.convolution.window import Windowed
from cornu.layers.recurrent.cell import (
    CellArguments,
    OfCell,
    Shape,
    cell_of,
    differentiable,
    keeps_its_step,
)
from cornu.layers.recurrent.gates import Gates, LSTMGates
from cornu.layers.recurrent.lstm import LSTMCell
from cornu.layers.recurrent.recurrence import ConvolutionRecurrence, convolve
from cornu.layers.recurrent.rnn import RNN
from cornu.ops.bias import add_bias


class ConvLSTMCell(Windowed, LSTMCell):
    """One step of an LSTM whose inputs and states are images, or rows or volumes.

    The equations of `LSTMCell` with convolutions in place of products. That of the input may be
    strided, dilated or without padding; that of the state keeps its size. Inside of the cell,
    channels are the last axis; the layer turns other data formats over.

    Args:
        rank: number of spatial axes.
        filters: channels of each of the two states; the first is the output.
        kernel_size, strides, padding, data_format, dilation_rate: of the window; see `ConvLSTM2D`.
        name: of the cell.
        **kwargs: see `LSTMCell`.

    Input: (batch, *spatial, channels) and a list of two states (batch, *spatial, filters).

    Source: Shi et al., NeurIPS 2015.
    """

    recurrence = ConvolutionRecurrence()
    seed_first = True

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        name: str = "conv_lstm_cell",
        **kwargs: Any,
    ) -> None:
        filters = positive_integer(filters, "filters", name)
        super().__init__(filters, name=name, **kwargs)
        self.rank = rank
        self.filters = filters
        self.set_window(kernel_size, strides, padding, data_format, dilation_rate)

    @property
    def window(self) -> Shape:
        """Axes of both kernels before the channels."""
        return self.kernel_size

    def state_rows(self, rows: Shape) -> Shape:
        """(batch, *spatial) of the states, where `rows` is that of the inputs."""
        return (rows[0], *self.places(rows[1:]))

    def project(self, inputs: Array) -> Array:
        """What the inputs, (..., *spatial, channels), add to the gates."""
        projected, bias = self.products(inputs)
        return projected if bias is None else add_bias(projected, bias)

    def products(self, inputs: Array) -> tuple[Array, Array | None]:
        """For `sequence.run`: what the inputs add to the gates, and what each step adds beside."""
        # All steps are rows of one convolution.
        lead, image = inputs.shape[: -self.rank - 1], inputs.shape[-self.rank - 1 :]
        rows = ops.conv(
            jnp.reshape(inputs, (math.prod(lead), *image)),
            self.kernel,
            strides=self.strides,
            padding=self.padding,
            data_format="channels_last",
            dilation_rate=self.dilation_rate,
        )
        bias = None if self.bias is None else self.bias.value
        return jnp.reshape(rows, (*lead, *rows.shape[1:])), bias

    def gates_of_step(self) -> Gates | None:
        """`step` as arithmetic on gates."""
        chosen = (self.activation, self.recurrent_activation)
        is_own = keeps_its_step(self, ConvLSTMCell) and differentiable(*chosen)
        return LSTMGates(*chosen) if is_own else None

    def recurrent(self, state: Array, drop: Array | None) -> Array:
        """What the state adds to the gates."""
        return convolve(state if drop is None else state * drop, self.recurrent_kernel.value)


class ConvLSTM(CellArguments, RNN):
    """Base of the LSTM layers with convolutions; subclasses say over how many axes."""

    rank: ClassVar[int]
    config_omit = ("cell",)
    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}

    filters = OfCell()
    kernel_size = OfCell()
    strides = OfCell()
    padding = OfCell()
    data_format = OfCell()
    dilation_rate = OfCell()
    recurrent_activation = OfCell()
    unit_forget_bias = OfCell()

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | Sequence[int] = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        cell = cell_of(ConvLSTMCell, locals(), rank=self.rank)
        loop = (return_sequences, return_state, go_backwards, stateful)
        super().__init__(cell, *loop, activity_regularizer=activity_regularizer, **kwargs)
        self.input_spec = InputSpec(ndim=self.rank + 3)
        self._spatial: tuple[int | None, ...] = (None,) * self.rank

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell, and the states if they are kept."""
        first = self._channels_first
        axis = 2 if first else len(sequences_shape) - 1
        channels = sequences_shape[axis] if len(sequences_shape) == self.rank + 3 else None
        if channels is None:
            raise ValueError(
                f"layer '{self.name}' ({type(self).__name__}, {self.cell.data_format}) needs "
                f"inputs of {self.rank + 3} axes with a known number of channels. "
                f"Received shape {tuple(sequences_shape)}"
            )
        self.input_spec = InputSpec(ndim=self.rank + 3, axes={axis: channels})
        self._spatial = tuple(sequences_shape[3:] if first else sequences_shape[2:-1])
        if not self.cell.built:
            self.cell.build((sequences_shape[0], *self._spatial, channels))
        super().build(sequences_shape, initial_state_shape)

    @property
    def _channels_first(self) -> bool:
        return self.cell.data_format == "channels_first"

    def state_shape(self, shape: Any, size: int) -> tuple[int, ...]:
        """The shape of a state of this size, for sequences of `shape`."""
        spatial = shape[3:] if self._channels_first else shape[2:-1]
        if None in spatial:
            raise ValueError(
                f"the sizes of the states of layer '{self.name}' are not known: build it with "
                f"fixed spatial sizes. Received shape {tuple(shape)}"
            )
        self.cell.check_fit(spatial, shape)
        places = self.cell.places(spatial)
        return (shape[0], size, *places) if self._channels_first else (shape[0], *places, size)

    def fresh_states(self, shape: Any) -> list[Any]:
        """States of zeros for sequences of `shape`."""
        return [
            jnp.zeros(self.state_shape(shape, size), self.compute_dtype)
            for size in self.cell.state_size
        ]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """States of zeros for the sizes that the layer was built for.

        Args:
            batch_size: number of rows.

        Raises:
            ValueError: if these sizes are not known.
        """
        step = (1, *self._spatial) if self._channels_first else (*self._spatial, 1)
        return self.fresh_states((batch_size, None, *step))

    def inner_loop(
        self, sequences: Array, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Array, Any, list[Any]]:
        """(last output, all outputs, last states) over sequences of images."""
        if not self._channels_first:
            return super().inner_loop(sequences, initial_state, mask, training)
        # XLA's CPU compiler has fast convolutions for channels last only, above all in loops.
        last, outputs, states = super().inner_loop(
            jnp.moveaxis(sequences, 2, -1),
            [jnp.moveaxis(state, 1, -1) for state in initial_state],
            mask,
            training,
        )
        outputs = None if outputs is None else jnp.moveaxis(outputs, -1, 2)
        states = [jnp.moveaxis(state, -1, 1) for state in states]
        return jnp.moveaxis(last, -1, 1), outputs, states


class ConvLSTM1D(ConvLSTM):
    """Long short-term memory of sequences of rows: its products are convolutions.

    Args:
        filters: channels of the output.
        kernel_size: size of the window, one integer.
        strides: steps of the window over the input; the state's are 1.
        padding: "valid" (the window stays inside the input) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window over the input.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        unit_forget_bias: start with 1 as the forget gate's bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the layer is made.
        return_sequences: whether all outputs are returned, not the last only.
        return_state: whether the last states are returned too.
        go_backwards: go from the last step to the first.
        stateful: start each batch with the last states of the batch before.

    Input: (batch, time, length, channels), or (batch, time, channels, length), and a `mask`
    (batch, time).
    Output: (batch, new length, filters), or channels first; with `return_sequences` time
    comes after batch.

    Raises:
        ValueError: for arguments that are not positive or do not fit together, or a window that
            does not fit into the input.

    Source: Shi et al., NeurIPS 2015, without the peephole connections.
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """Long short-term memory of sequences of images: its products are convolutions.

    Args:
        filters: channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window over the input; the state's are 1.
        padding: "valid" (the window stays inside the input) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window over the input.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        unit_forget_bias: start with 1 as the forget gate's bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the layer is made.
        return_sequences: whether all outputs are returned, not the last only.
        return_state: whether the last states are returned too.
        go_backwards: go from the last step to the first.
        stateful: start each batch with the last states of the batch before.

    Input: (batch, time, height, width, channels), or (batch, time, channels, height, width), and a
    `mask` (batch, time).
    Output: (batch, new height, new width, filters), or channels first; with `return_sequences`
    time comes after batch.

    Raises:
        ValueError: for arguments that are not positive or do not fit together, or a window that
            does not fit into the input.

    Source: Shi et al., NeurIPS 2015, without the peephole connections.
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """Long short-term memory of sequences of volumes: its products are convolutions.

    Args:
        filters: channels of the output.
        kernel_size: size of the window, one integer or one an axis.
        strides: steps of the window over the input; the state's are 1.
        padding: "valid" (the window stays inside the input) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window over the input.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        unit_forget_bias: start with 1 as the forget gate's bias.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        activity_regularizer: penalty of the output; default none.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the layer is made.
        return_sequences: whether all outputs are returned, not the last only.
        return_state: whether the last states are returned too.
        go_backwards: go from the last step to the first.
        stateful: start each batch with the last states of the batch before.

    Input: (batch, time, depth, height, width, channels), or channels after time, and a `mask`
    (batch, time).
    Output: (batch, new depth, new height, new width, filters), or channels first; with
    `return_sequences` time comes after batch.

    Raises:
        ValueError: for arguments that are not positive or do not fit together, or a window that
            does not fit into the input.

    Source: Shi et al., NeurIPS 2015, without the peephole connections.
    """

    rank = 3
