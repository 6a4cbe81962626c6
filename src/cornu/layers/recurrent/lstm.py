"""LSTM: a state that gates protect."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from cornu import activations, ops
from cornu.layers.base.arguments import handed_on
from cornu.layers.recurrent.cell import (
    CellArguments,
    OfCell,
    RecurrentCell,
    cell_of,
    differentiable,
    keeps_its_step,
)
from cornu.layers.recurrent.gates import Gates, LSTMGates
from cornu.layers.recurrent.rnn import RNN


class LSTMCell(RecurrentCell):
    """One step of long short-term memory.

    `i, f, g, o = split(x @ kernel + bias + h @ recurrent_kernel)`, then
    `c = s(f) * c + s(i) * a(g)` and `h = s(o) * a(c)`, with s the recurrent activation.

    Args:
        units: size of each of the two states; the first is the output.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        unit_forget_bias: start with 1 as the forget gate's bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the cell is made.

    Input: (batch, features) and a list of two states (batch, units).

    Source: Hochreiter & Schmidhuber, 1997; Gers et al., 2000.
    """

    gates = 4

    def __init__(
        self,
        units: int,
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            **handed_on(locals(), without=("recurrent_activation", "unit_forget_bias"))
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias

    @property
    def state_size(self) -> list[int]:
        """Sizes of the two states."""
        return [self.units, self.units]

    def first_bias(self, shape: Any, dtype: Any = None) -> Any:
        """The initial bias: 1 for the forget gate, if so wanted."""
        if not self.unit_forget_bias:
            return self.bias_initializer(shape, dtype=dtype)
        units = self.units
        parts = [
            self.bias_initializer((units,), dtype=dtype),
            jnp.ones((units,), dtype),
            self.bias_initializer((2 * units,), dtype=dtype),
        ]
        return jnp.concatenate([jnp.asarray(part, dtype) for part in parts])

    def step(
        self, projected: Array, states: list[Array], drop: Array | None
    ) -> tuple[Array, list[Array]]:
        """The new output, and both new states."""
        hidden, memory = states
        gates = ops.add(projected, self.recurrent(hidden, drop))
        write, forget, new, read = jnp.split(gates, 4, axis=-1)
        memory = self.recurrent_activation(forget) * memory + (
            self.recurrent_activation(write) * self.activation(new)
        )
        hidden = self.recurrent_activation(read) * self.activation(memory)
        return hidden, [hidden, memory]

    def gates_of_step(self) -> Gates | None:
        """`step` as arithmetic on gates."""
        chosen = (self.activation, self.recurrent_activation)
        is_own = keeps_its_step(self, LSTMCell) and differentiable(*chosen)
        return LSTMGates(*chosen) if is_own else None


class LSTM(CellArguments, RNN):
    """Long short-term memory.

    Args:
        units: size of the output.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        unit_forget_bias: start with 1 as the forget gate's bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the layer is made.
        activity_regularizer: penalty of the output; default none.
        return_sequences: whether all outputs are returned, not the last only.
        return_state: whether the last states are returned too.
        go_backwards: go from the last step to the first.
        stateful: start each batch with the last states of the batch before.
        unroll: write the loop out.
        use_cudnn: accepted; the choice is XLA's.

    Input: (batch, time, features), and a `mask` (batch, time).
    Output: (batch, units), or (batch, time, units) with `return_sequences`.

    Source: Hochreiter & Schmidhuber, 1997.
    """

    config_omit = ("cell", "use_cudnn")
    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}

    recurrent_activation = OfCell()
    unit_forget_bias = OfCell()

    def __init__(
        self,
        units: int,
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
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        del use_cudnn
        kwargs.pop("implementation", None)  # of earlier versions
        cell = cell_of(LSTMCell, locals(), name="lstm_cell")
        loop = (return_sequences, return_state, go_backwards, stateful, unroll)
        super().__init__(cell, *loop, activity_regularizer=activity_regularizer, **kwargs)
