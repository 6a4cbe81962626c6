"""A cell's loop over all time steps, with a derivative written for speed.

Left to itself, the derivative of a loop adds to the recurrent kernel's gradient in each step: a
small product and a pass over the whole kernel. Here the change of the states along changes of
everything is a linear loop of its own, in which the kernel's change stands as one product outside:
`inner = h @ kernel` changes by `dh @ kernel`, which needs the loop, plus `h @ dkernel`, which does
not, as all `h` are known by then. Transposed, that is one product for the whole gradient. Since it
is said as a forward derivative (`custom_jvp`), every kind of derivative follows from it.

Inside the loop, batches are the last axis: `kernel.T @ h` with `h` (units, batch) runs two to four
times as fast on CPU as `h @ kernel` (128 units, 32 rows), and gates are contiguous.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from cornu.layers.recurrent.gates import Gates, States
from cornu.ops.bias import add_bias


class Given(NamedTuple):
    """What a loop works on.

    Attributes:
        projected: what the inputs add to the gates, (time, gates, units, batch).
        kernel: the recurrent kernel, (units, gates * units).
        bias: added to its product, (gates * units,), or None.
        states: at the start, each (units, batch); the first is multiplied with the kernel.
        drop: factors of the first state in that product, (units, batch), or None.
        mask: (time, batch), False where states stay as they are, or None.
    """

    projected: Array
    kernel: Array
    bias: Array | None
    states: States
    drop: Array | None
    mask: Array | None


Result = tuple[States, Array | None]


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2))
def run(gates: Gates, every: bool, unroll: bool, given: Given) -> Result:
    """The states at the end, and the first state after each step: (time, units, batch).

    Args:
        gates: the arithmetic of a step.
        every: whether the states after each step are wanted; else None comes in their place.
        unroll: write the loop out.
        given: what to work on.
    """
    return _loop(gates, unroll, given, lambda new, kept: new[0] if every else None)


@run.defjvp
def _run_jvp(
    gates: Gates, every: bool, unroll: bool, primals: tuple[Given], tangents: tuple[Given]
) -> tuple[Result, Result]:
    (given,), (change,) = primals, tangents
    last, (after, kept) = _loop(gates, unroll, given, lambda new, kept: (new, kept))
    before = tuple(
        jnp.concatenate([first[None], states[:-1]])
        for first, states in zip(given.states, after, strict=True)
    )
    slopes = gates.slopes(kept, before, after)
    projected, inner = change.projected, _inner_change(given, change, before[0])
    if gates.joined:
        projected, inner = projected + inner, None

    def body(states: States, now: Any) -> tuple[States, Array | None]:
        slope, outer, rest, mark = now
        product = _blocks(_transposed_product(given.kernel, _dropped(states[0], given.drop)), outer)
        new = gates.tangent(slope, outer, product if rest is None else rest + product, states)
        new = _held(mark, new, states)
        return new, new[0] if every else None

    steps = (slopes, projected, inner, given.mask)
    changes = lax.scan(body, change.states, steps, unroll=unroll)
    return (last, after[0] if every else None), changes


def of_layer(
    layer: Any, gates: Gates, sequences: Array, states: Any, mask: Any, training: bool
) -> tuple[Array, Array | None, list[Array]]:
    """What `RNN.inner_loop` gives, for a layer whose cell has `gates`; all outputs only if wanted.

    Args:
        layer: the layer, with its cell and options.
        gates: the arithmetic of the cell.
        sequences: (batch, time, features).
        states: a list, each (batch, units).
        mask: (batch, time), or None.
        training: whether dropout acts.
    """
    cell = layer.cell
    drop = cell.state_drop(sequences.shape[0], training)
    factors = cell.input_drop(sequences.shape[0], training)
    steps = jnp.swapaxes(sequences if factors is None else sequences * factors[:, None], 0, 1)
    marks = None if mask is None else jnp.swapaxes(jnp.asarray(mask, bool), 0, 1)
    if layer.go_backwards:
        steps = jnp.flip(steps, 0)
        marks = None if marks is None else jnp.flip(marks, 0)
    projected, bias = cell.products(steps)
    given = Given(
        _to_blocks(projected, cell.units),
        cell.recurrent_kernel.value,
        bias,
        tuple(state.T for state in states),
        None if drop is None else drop.T,
        marks,
    )
    last, outputs = run(gates, layer.return_sequences, layer.unroll, given)
    output = last[0]
    if marks is not None:
        # A masked step repeats the last output, which before the first step that counts is 0.
        counts = marks if layer.zero_output_for_mask else lax.cummax(marks.astype("int8")) > 0
        output = jnp.where(counts[-1], output, 0)
        outputs = None if outputs is None else jnp.where(counts[:, None], outputs, 0)
    if outputs is not None:
        outputs = jnp.transpose(outputs, (2, 0, 1))
    return output.T, outputs, [state.T for state in last]


def _loop(gates: Gates, unroll: bool, given: Given, keep: Any) -> tuple[States, Any]:
    kernel = given.kernel.T

    def body(states: States, now: Any) -> tuple[States, Any]:
        projected, mark = now
        inner = _blocks(kernel @ _dropped(states[0], given.drop), projected)
        if given.bias is not None:
            inner = inner + jnp.reshape(given.bias, (*inner.shape[:2], 1))
        new, kept = gates.advance(projected, inner, states)
        new = _held(mark, new, states)
        return new, keep(new, kept)

    return lax.scan(body, given.states, (given.projected, given.mask), unroll=unroll)


def _inner_change(given: Given, change: Given, hidden: Array) -> Array:
    """How the products with the state change with kernel and bias: one product for all steps."""
    steps, count, units, rows = given.projected.shape
    flat = jnp.swapaxes(_dropped(hidden, given.drop), 1, 2).reshape(steps * rows, units)
    moved = flat @ change.kernel
    if change.bias is not None:
        moved = add_bias(moved, change.bias)
    return _to_blocks(moved.reshape(steps, rows, count * units), units)


def _to_blocks(projected: Array, units: int) -> Array:
    """(time, batch, gates * units) as (time, gates, units, batch)."""
    steps, rows, size = projected.shape
    return jnp.swapaxes(projected, 1, 2).reshape(steps, size // units, units, rows)


def _blocks(product: Array, like: Array) -> Array:
    return jnp.reshape(product, like.shape)


def _transposed_product(kernel: Array, hidden: Array) -> Array:
    """`kernel.T @ hidden`, so that its transpose multiplies with the kernel as it lies."""
    return lax.dot_general(kernel, hidden, (((0,), (0,)), ((), ())))


def _dropped(hidden: Array, drop: Array | None) -> Array:
    return hidden if drop is None else hidden * drop


def _held(mark: Array | None, new: States, old: States) -> States:
    """`new` in the rows that count, else `old`."""
    if mark is None:
        return new
    return tuple(jnp.where(mark, a, b) for a, b in zip(new, old, strict=True))
