"""How states meet the recurrent kernel, and how arrays lie while `sequence.run` loops over time.

There, the arithmetic of the gates works on blocks, one a gate, on an axis before all others; the
states have the axes of one block. A `Recurrence` says which those are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Protocol

import jax.numpy as jnp
from jax import Array, lax

from cornu import ops
from cornu.ops.bias import add_bias


class Recurrence(Protocol):
    """The product of a state with the recurrent kernel, linear in both."""

    def enter(self, state: Array) -> Array:
        """A state, (batch, ..., units), as it lies in the loop."""
        ...

    def leave(self, state: Array) -> Array:
        """Back again."""
        ...

    def leave_all(self, states: Array) -> Array:
        """The states of all steps, (time, ...), as (batch, time, ..., units)."""
        ...

    def align(self, marks: Array, state: Array) -> Array:
        """Marks, (time, batch), so that those of a step broadcast with `state` in the loop."""
        ...

    def lay(self, gates: Array, units: int) -> Array:
        """What is added to the gates, (time, batch, ..., gates * units), as the loop takes it."""
        ...

    def blocks(self, added: Array, state: Array) -> Array:
        """What one step adds to the gates as blocks, each like `state`."""
        ...

    def product(self, kernel: Array) -> Callable[[Array], Array]:
        """The function of a state in the loop that gives what it adds to the gates."""
        ...

    def change(self, kernel: Array, state: Array) -> Array:
        """The same at once, written so that its transpose in `state` is fast in a loop as well."""
        ...

    def bias(self, bias: Array, projected: Array) -> Array:
        """A bias, (gates * units,), to broadcast with a step of `projected`, which is laid."""
        ...

    def of_all(self, kernel: Array, bias: Array | None, states: Array) -> Array:
        """What the states of all steps, (time, ...), add to the gates: one product."""
        ...


@dataclasses.dataclass(frozen=True)
class DenseRecurrence:
    """A product of matrices.

    Batches are the last axis in the loop: `kernel.T @ h` with `h` (units, batch) runs two to four
    times as fast on CPU as `h @ kernel` (128 units, 32 rows), and gates are contiguous.
    """

    def enter(self, state: Array) -> Array:
        """See `Recurrence`: (units, batch)."""
        return state.T

    def leave(self, state: Array) -> Array:
        """See `Recurrence`."""
        return state.T

    def leave_all(self, states: Array) -> Array:
        """See `Recurrence`."""
        return jnp.transpose(states, (2, 0, 1))

    def align(self, marks: Array, state: Array) -> Array:
        """See `Recurrence`: (time, 1, batch)."""
        del state
        return marks[:, None]

    def lay(self, gates: Array, units: int) -> Array:
        """See `Recurrence`: (time, gates, units, batch), which are blocks already."""
        steps, rows, size = gates.shape
        return jnp.swapaxes(gates, 1, 2).reshape(steps, size // units, units, rows)

    def blocks(self, added: Array, state: Array) -> Array:
        """See `Recurrence`."""
        del state
        return added

    def product(self, kernel: Array) -> Callable[[Array], Array]:
        """See `Recurrence`."""
        turned = kernel.T
        return lambda state: _stacked(turned @ state, state)

    def change(self, kernel: Array, state: Array) -> Array:
        """See `Recurrence`: the transpose multiplies with the kernel as it lies."""
        return _stacked(lax.dot_general(kernel, state, (((0,), (0,)), ((), ()))), state)

    def bias(self, bias: Array, projected: Array) -> Array:
        """See `Recurrence`."""
        return jnp.reshape(bias, (*projected.shape[1:3], 1))

    def of_all(self, kernel: Array, bias: Array | None, states: Array) -> Array:
        """See `Recurrence`."""
        steps, units, rows = states.shape
        added = jnp.swapaxes(states, 1, 2).reshape(steps * rows, units) @ kernel
        added = added if bias is None else add_bias(added, bias)
        return self.lay(added.reshape(steps, rows, kernel.shape[-1]), units)


@dataclasses.dataclass(frozen=True)
class ConvolutionRecurrence:
    """A convolution that keeps the size of the states, (batch, *spatial, filters).

    What is added to the gates stays as convolutions give it, (batch, *spatial, gates * filters);
    blocks are made of it in the loop, where XLA does so on the way.
    """

    def enter(self, state: Array) -> Array:
        """See `Recurrence`: as it is."""
        return state

    def leave(self, state: Array) -> Array:
        """See `Recurrence`."""
        return state

    def leave_all(self, states: Array) -> Array:
        """See `Recurrence`."""
        return jnp.swapaxes(states, 0, 1)

    def align(self, marks: Array, state: Array) -> Array:
        """See `Recurrence`: (time, batch, 1, ..., 1)."""
        return jnp.reshape(marks, (*marks.shape, *(1,) * (state.ndim - 1)))

    def lay(self, gates: Array, units: int) -> Array:
        """See `Recurrence`: as it is."""
        del units
        return gates

    def blocks(self, added: Array, state: Array) -> Array:
        """See `Recurrence`: (gates, batch, *spatial, filters)."""
        filters = state.shape[-1]
        apart = jnp.reshape(added, (*added.shape[:-1], added.shape[-1] // filters, filters))
        return jnp.moveaxis(apart, -2, 0)

    def product(self, kernel: Array) -> Callable[[Array], Array]:
        """See `Recurrence`."""
        return lambda state: convolve(state, kernel)

    def change(self, kernel: Array, state: Array) -> Array:
        """See `Recurrence`."""
        return convolve(state, kernel)

    def bias(self, bias: Array, projected: Array) -> Array:
        """See `Recurrence`."""
        del projected
        return bias

    def of_all(self, kernel: Array, bias: Array | None, states: Array) -> Array:
        """See `Recurrence`."""
        steps, rows, *image = states.shape
        added = convolve(jnp.reshape(states, (steps * rows, *image)), kernel)
        added = added if bias is None else add_bias(added, bias)
        return jnp.reshape(added, (steps, rows, *added.shape[1:]))


def convolve(states: Array, kernel: Array) -> Array:
    """The convolution of (batch, *spatial, filters) that keeps its size."""
    return ops.conv(states, kernel, padding="same", data_format="channels_last")


def _stacked(product: Array, state: Array) -> Array:
    return jnp.reshape(product, (len(product) // len(state), *state.shape))
