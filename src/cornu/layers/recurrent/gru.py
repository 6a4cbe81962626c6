"""GRU: one state with two gates."""

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
from cornu.layers.recurrent.gates import Gates, GRUGates
from cornu.layers.recurrent.rnn import RNN
from cornu.ops.bias import add_bias


class GRUCell(RecurrentCell):
    """One step of a gated recurrent unit.

    `z, r = s(x-part + h-part)`, `new = a(x-part + r * h-part)`, `h = z * h + (1 - z) * new`, with s
    the recurrent activation.

    Args:
        units: size of the state, which is also the output.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        reset_after: whether the reset gate acts after the product with the recurrent kernel (then
            there are two biases), or before.
        kernel_initializer, recurrent_initializer, bias_initializer: of the weights.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties of the weights.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each update.
        dropout: share of the inputs dropped in training, the same in all steps.
        recurrent_dropout: the same for the state.
        seed: integer; default: drawn once when the cell is made.

    Input: (batch, features) and a list of one state (batch, units).

    Source: Cho et al., 2014.
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**handed_on(locals(), without=("recurrent_activation", "reset_after")))
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after

    @property
    def bias_shape(self) -> tuple[int, ...]:
        """With `reset_after` one bias for the inputs and one for the state."""
        size = 3 * self.units
        return (2, size) if self.reset_after else (size,)

    def project(self, inputs: Array) -> Array:
        """What the inputs add to the gates."""
        projected = ops.matmul(inputs, self.kernel)
        if self.bias is None:
            return projected
        return add_bias(projected, self.bias.value[0] if self.reset_after else self.bias.value)

    def products(self, inputs: Array) -> tuple[Array, Array | None]:
        """See `RecurrentCell`; the second bias belongs to the product with the state."""
        projected, bias = super().products(inputs)
        return (projected, None) if bias is None else (add_bias(projected, bias[0]), bias[1])

    def gates_of_step(self) -> Gates | None:
        """`step` as arithmetic on gates; not if the reset gate acts before the product."""
        chosen = (self.activation, self.recurrent_activation)
        is_own = keeps_its_step(self, GRUCell) and differentiable(*chosen)
        return GRUGates(*chosen) if is_own and self.reset_after else None

    def step(
        self, projected: Array, states: list[Array], drop: Array | None
    ) -> tuple[Array, list[Array]]:
        """The new state, twice."""
        state, units = states[0], self.units
        kernel = self.recurrent_kernel.value
        of_gates, of_new = projected[:, : 2 * units], projected[:, 2 * units :]
        dropped = state if drop is None else state * drop
        if self.reset_after:
            inner = ops.matmul(dropped, kernel)
            if self.bias is not None:
                inner = inner + self.bias.value[1]
            update, reset = self._gates(of_gates + inner[:, : 2 * units])
            new = self.activation(of_new + reset * inner[:, 2 * units :])
        else:
            update, reset = self._gates(of_gates + ops.matmul(dropped, kernel[:, : 2 * units]))
            new = self.activation(of_new + ops.matmul(reset * dropped, kernel[:, 2 * units :]))
        output = update * state + (1 - update) * new
        return output, [output]

    def _gates(self, inner: Array) -> list[Array]:
        return jnp.split(self.recurrent_activation(inner), 2, axis=-1)


class GRU(CellArguments, RNN):
    """Gated recurrent unit.

    Args:
        units: size of the output.
        activation: name or function.
        recurrent_activation: name or function of the gates.
        use_bias: whether to add a bias.
        reset_after: whether the reset gate acts after the product with the recurrent kernel.
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

    Source: Cho et al., 2014.
    """

    config_omit = ("cell", "use_cudnn")
    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}

    recurrent_activation = OfCell()
    reset_after = OfCell()

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        del use_cudnn
        kwargs.pop("implementation", None)  # of earlier versions
        cell = cell_of(GRUCell, locals(), name="gru_cell")
        loop = (return_sequences, return_state, go_backwards, stateful, unroll)
        super().__init__(cell, *loop, activity_regularizer=activity_regularizer, **kwargs)
