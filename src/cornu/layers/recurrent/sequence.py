"""A cell's loop over all time steps, with a derivative written for speed.

Left to itself, the derivative of a loop adds to the recurrent kernel's gradient in each step: a
small product and a pass over the whole kernel. Here the change of the states along changes of
everything is a linear loop of its own, in which the kernel's change stands as one product outside:
`inner = h @ kernel` changes by `dh @ kernel`, which needs the loop, plus `h @ dkernel`, which does
not, as all `h` are known by then. Transposed, that is one product for the whole gradient. Since it
is said as a forward derivative (`custom_jvp`), every kind of derivative follows from it.

What a product with the kernel is, and how arrays lie inside the loop, says a `Recurrence`: the
shapes here are those of `DenseRecurrence`.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array, lax

from cornu.layers.recurrent.gates import Gates, States
from cornu.layers.recurrent.recurrence import Recurrence


class Loop(NamedTuple):
    """What a loop does in each step.

    Attributes:
        gates: the arithmetic of the gates.
        recurrence: the product of the state with the kernel.
        unroll: write the loop out.
    """

    gates: Gates
    recurrence: Recurrence
    unroll: bool


class Given(NamedTuple):
    """What a loop works on.

    Attributes:
        projected: what the inputs add to the gates, (time, gates, units, batch).
        kernel: the recurrent kernel, (units, gates * units).
        bias: added to its product, (gates * units,), or None.
        states: at the start, each (units, batch); the first is multiplied with the kernel.
        drop: factors of the first state in that product, (units, batch), or None.
        mask: (time, 1, batch), False where states stay as they are, or None.
    """

    projected: Array
    kernel: Array
    bias: Array | None
    states: States
    drop: Array | None
    mask: Array | None


Result = tuple[States, Array | None]


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def run(loop: Loop, every: bool, given: Given) -> Result:
    """The states at the end, and the first state after each step: (time, units, batch).

    Args:
        loop: what a step is.
        every: whether the states after each step are wanted; else None comes in their place.
        given: what to work on.
    """
    return _loop(loop, given, lambda new, kept: new[0] if every else None)


@run.defjvp
def _run_jvp(
    loop: Loop, every: bool, primals: tuple[Given], tangents: tuple[Given]
) -> tuple[Result, Result]:
    (given,), (change,) = primals, tangents
    gates, recurrence, unroll = loop
    last, (after, kept) = _loop(loop, given, lambda new, kept: (new, kept))
    before = tuple(
        jnp.concatenate([first[None], states[:-1]])
        for first, states in zip(given.states, after, strict=True)
    )
    slopes = gates.slopes(kept, before, after)
    hidden = _dropped(before[0], given.drop)
    projected, inner = change.projected, recurrence.of_all(change.kernel, change.bias, hidden)
    if gates.joined:
        projected, inner = projected + inner, None

    def body(states: States, now: Any) -> tuple[States, Array | None]:
        slope, outer, rest, mark = now
        product = recurrence.change(given.kernel, _dropped(states[0], given.drop))
        product = product if rest is None else rest + product
        outer, product = (recurrence.blocks(one, states[0]) for one in (outer, product))
        new = gates.tangent(slope, outer, product, states)
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
        sequences: (batch, time, ..., features).
        states: a list, each (batch, ..., units).
        mask: (batch, time), or None.
        training: whether dropout acts.
    """
    cell, recurrence = layer.cell, layer.cell.recurrence
    rows = (sequences.shape[0], *sequences.shape[2:-1])
    drop = cell.state_drop(rows, training)
    factors = cell.input_drop(rows, training)
    steps = jnp.swapaxes(sequences if factors is None else sequences * factors[:, None], 0, 1)
    marks = None if mask is None else jnp.swapaxes(jnp.asarray(mask, bool), 0, 1)
    if layer.go_backwards:
        steps = jnp.flip(steps, 0)
        marks = None if marks is None else jnp.flip(marks, 0)
    marks = None if marks is None else recurrence.align(marks, states[0])
    projected, bias = cell.products(steps)
    given = Given(
        recurrence.lay(projected, cell.units),
        cell.recurrent_kernel.value,
        bias,
        tuple(recurrence.enter(state) for state in states),
        None if drop is None else recurrence.enter(drop),
        marks,
    )
    last, outputs = run(Loop(gates, recurrence, layer.unroll), layer.return_sequences, given)
    output = last[0]
    if marks is not None:
        # A masked step repeats the last output, which before the first step that counts is 0.
        counts = marks if layer.zero_output_for_mask else lax.cummax(marks.astype("int8")) > 0
        output = jnp.where(counts[-1], output, 0)
        outputs = None if outputs is None else jnp.where(counts, outputs, 0)
    if outputs is not None:
        outputs = recurrence.leave_all(outputs)
    return recurrence.leave(output), outputs, [recurrence.leave(state) for state in last]


def _loop(loop: Loop, given: Given, keep: Any) -> tuple[States, Any]:
    gates, recurrence, unroll = loop
    product, bias = recurrence.product(given.kernel), given.bias
    if bias is not None:
        bias = recurrence.bias(bias, given.projected)

    def body(states: States, now: Any) -> tuple[States, Any]:
        projected, mark = now
        inner = product(_dropped(states[0], given.drop))
        if bias is not None:
            inner = inner + bias
        projected, inner = (recurrence.blocks(one, states[0]) for one in (projected, inner))
        new, kept = gates.advance(projected, inner, states)
        new = _held(mark, new, states)
        return new, keep(new, kept)

    return lax.scan(body, given.states, (given.projected, given.mask), unroll=unroll)


def _dropped(hidden: Array, drop: Array | None) -> Array:
    return hidden if drop is None else hidden * drop


def _held(mark: Array | None, new: States, old: States) -> States:
    """`new` in the rows that count, else `old`."""
    if mark is None:
        return new
    return tuple(jnp.where(mark, a, b) for a, b in zip(new, old, strict=True))
