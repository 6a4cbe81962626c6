"""The arithmetic of one step of each kind of cell, and its derivative.

Everything here works element by element on blocks, one a gate, stacked to (gates, ...). Those of a
dense cell have the shape (units, batch), which stands for all below. `sequence.py` makes a loop
over time of it; `slopes` is outside of the loop, so its arrays have a leading axis of time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import jax.numpy as jnp
from jax import Array

from cornu import activations

Activation = Callable[[Any], Any]
States = tuple[Array, ...]

# The slope of an activation as a function of its value: the loop keeps the value only.
SLOPES: dict[Activation, Callable[[Array], Array]] = {
    activations.tanh: lambda y: 1 - y * y,
    activations.sigmoid: lambda y: y * (1 - y),
    activations.relu: lambda y: (y > 0).astype(y.dtype),
    activations.linear: jnp.ones_like,
    activations.hard_sigmoid: lambda y: ((y > 0) & (y < 1)).astype(y.dtype) / 6,
}


class Gates(Protocol):
    """One step, in three parts.

    Attributes:
        joined: whether inputs and state act through the sum of their two products only.
    """

    joined: ClassVar[bool]

    def advance(self, projected: Array, inner: Array, states: States) -> tuple[States, Any]:
        """The new states, output first, and what `slopes` needs.

        Args:
            projected: what the inputs add to the gates, (gates, units, batch).
            inner: what the state adds, of the same shape.
            states: each (units, batch).
        """
        ...

    def slopes(self, kept: Any, before: States, after: States) -> Any:
        """The factors of `tangent`, from what `advance` kept and the states around the steps."""
        ...

    def tangent(self, slopes: Any, projected: Array, inner: Array, states: States) -> States:
        """Change of the new states with small changes of what `advance` was given; linear."""
        ...


@dataclasses.dataclass(frozen=True)
class SimpleGates:
    """`h = a(projected + inner)`."""

    activation: Activation
    joined: ClassVar[bool] = True

    def advance(self, projected: Array, inner: Array, states: States) -> tuple[States, Any]:
        """See `Gates`."""
        del states
        return (self.activation(projected[0] + inner[0]),), None

    def slopes(self, kept: Any, before: States, after: States) -> Any:
        """See `Gates`."""
        del kept, before
        return SLOPES[self.activation](after[0])

    def tangent(self, slopes: Any, projected: Array, inner: Array, states: States) -> States:
        """See `Gates`."""
        del states
        return (slopes * (projected[0] + inner[0]),)


@dataclasses.dataclass(frozen=True)
class LSTMGates:
    """`i, f, g, o = projected + inner`, `c = s(f) * c + s(i) * a(g)`, `h = s(o) * a(c)`."""

    activation: Activation
    recurrent_activation: Activation
    joined: ClassVar[bool] = True

    def advance(self, projected: Array, inner: Array, states: States) -> tuple[States, Any]:
        """See `Gates`."""
        squashed = self._squash(projected + inner)
        write, forget, new, read = squashed
        memory = forget * states[1] + write * new
        return (read * self.activation(memory), memory), squashed

    def _squash(self, gates: Array) -> Array:
        if self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid:
            # One function for all four, since s(x) = tanh(x / 2) / 2 + 1 / 2: one loop, not four.
            half = _column(gates, 0.5, 0.5, 1.0, 0.5)
            return jnp.tanh(gates * half) * half + _column(gates, 0.5, 0.5, 0.0, 0.5)
        write, forget, new, read = gates
        gate = self.recurrent_activation
        return jnp.stack([gate(write), gate(forget), self.activation(new), gate(read)])

    def slopes(self, kept: Any, before: States, after: States) -> Any:
        """See `Gates`."""
        write, forget, new, read = (kept[:, i] for i in range(4))
        of_new, of_gate = SLOPES[self.activation], SLOPES[self.recurrent_activation]
        squashed = self.activation(after[1])
        gates = [
            new * of_gate(write),
            before[1] * of_gate(forget),
            write * of_new(new),
            squashed * of_gate(read),
        ]
        return jnp.stack(gates, 1), forget, read * of_new(squashed)

    def tangent(self, slopes: Any, projected: Array, inner: Array, states: States) -> States:
        """See `Gates`."""
        of_gates, of_memory, of_hidden = slopes
        # Sums with weights, not slices: transposed they are products that join in one loop.
        gates = (projected + inner) * of_gates
        memory = of_memory * states[1] + jnp.sum(gates * _column(gates, 1, 1, 1, 0), 0)
        return jnp.sum(gates * _column(gates, 0, 0, 0, 1), 0) + of_hidden * memory, memory


@dataclasses.dataclass(frozen=True)
class GRUGates:
    """`z, r = s(projected + inner)`, `n = a(projected + r * inner)`, `h = z * h + (1 - z) * n`."""

    activation: Activation
    recurrent_activation: Activation
    joined: ClassVar[bool] = False

    def advance(self, projected: Array, inner: Array, states: States) -> tuple[States, Any]:
        """See `Gates`."""
        update, reset = self.recurrent_activation(projected[:2] + inner[:2])
        new = self.activation(projected[2] + reset * inner[2])
        return (update * states[0] + (1 - update) * new,), (update, reset, new, inner[2])

    def slopes(self, kept: Any, before: States, after: States) -> Any:
        """See `Gates`."""
        del after
        update, reset, new, inner = kept
        of_gate = SLOPES[self.recurrent_activation]
        of_update = (before[0] - new) * of_gate(update)
        of_new = (1 - update) * SLOPES[self.activation](new)
        of_reset = of_new * inner * of_gate(reset)
        gates = jnp.stack([of_update, of_reset, of_new], 1)
        return gates, jnp.stack([of_update, of_reset, of_new * reset], 1), update

    def tangent(self, slopes: Any, projected: Array, inner: Array, states: States) -> States:
        """See `Gates`."""
        of_projected, of_inner, of_state = slopes
        return (of_state * states[0] + jnp.sum(of_projected * projected + of_inner * inner, 0),)


def _column(like: Array, *weights: float) -> Array:
    """One weight a gate, to be multiplied with arrays of `like`'s axes, the gates first."""
    return jnp.reshape(jnp.asarray(weights, like.dtype), (-1, *(1,) * (like.ndim - 1)))
