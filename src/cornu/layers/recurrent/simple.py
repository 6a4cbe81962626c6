"""SimpleRNN: the output is the state."""

from __future__ import annotations

from typing import Any, ClassVar

from jax import Array

from cornu import ops
from cornu.layers.recurrent.cell import (
    CellArguments,
    RecurrentCell,
    cell_of,
    differentiable,
    keeps_its_step,
)
from cornu.layers.recurrent.gates import Gates, SimpleGates
from cornu.layers.recurrent.rnn import RNN


class SimpleRNNCell(RecurrentCell):
    """One step: `h = activation(x @ kernel + bias + h @ recurrent_kernel)`.

    Args:
        units: size of the state, which is also the output.
        activation: name or function.
        use_bias: whether to add a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the cell is made.

    Input: (batch, features) and a list of one state (batch, units).
    """

    seed_first = True

    def step(
        self, projected: Array, states: list[Array], drop: Array | None
    ) -> tuple[Array, list[Array]]:
        """The new state, twice."""
        output = self.activation(ops.add(projected, self.recurrent(states[0], drop)))
        return output, [output]

    def gates_of_step(self) -> Gates | None:
        """`step` as arithmetic on gates."""
        is_own = keeps_its_step(self, SimpleRNNCell) and differentiable(self.activation)
        return SimpleGates(self.activation) if is_own else None


class SimpleRNN(CellArguments, RNN):
    """Fully connected recurrent layer: the output is fed back in.

    Args:
        units: size of the state, which is also the output.
        activation: name or function.
        use_bias: whether to add a bias.
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

    Input: (batch, time, features), and a `mask` (batch, time).
    Output: (batch, units), or (batch, time, units) with `return_sequences`.
    """

    config_omit = ("cell", "seed")
    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = cell_of(SimpleRNNCell, locals(), name="simple_rnn_cell")
        loop = (return_sequences, return_state, go_backwards, stateful, unroll)
        super().__init__(cell, *loop, activity_regularizer=activity_regularizer, **kwargs)
