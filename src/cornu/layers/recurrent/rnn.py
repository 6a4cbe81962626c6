"""RNN: a cell applied to one time step after the other."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from cornu.core.variable import Variable
from cornu.layers.base.layer import InputSpec, Layer
from cornu.layers.recurrent import sequence
from cornu.layers.recurrent.cell import RecurrentCell
from cornu.layers.recurrent.stacked import StackedRNNCells
from cornu.layers.recurrent.states import flat, like, map_states, match, zeros


class _State:
    """One state that is kept between calls: a variable, but none of the weights."""

    def __init__(self, state: Variable) -> None:
        self.state = state


class RNN(Layer):
    """Applies a cell to each time step of sequences.

    Args:
        cell: a cell, or a list of cells that are stacked: an object with `call(inputs, states)`
            that gives (output, new states), and `state_size` (an integer or a list of them).
        return_sequences: whether all outputs are returned, not the last only.
        return_state: whether the last states are returned too: `(output, *states)`.
        go_backwards: go from the last step to the first; sequences come out reversed.
        stateful: start each batch with the last states of the batch before; needs a fixed batch
            size. `reset_state()` sets them to 0.
        unroll: write the loop out: faster for few steps, slower to compile.
        zero_output_for_mask: outputs of masked steps are 0; default: the last output before.

    Input: (batch, time, features), and a `mask` (batch, time): masked steps change nothing.
    Output: (batch, units), or (batch, time, units) with `return_sequences`.

    Raises:
        ValueError: if the mask or the initial states do not fit.
    """

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        length, features = kwargs.pop("input_length", None), kwargs.get("input_dim")
        if features is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (length, kwargs.pop("input_dim"))
        super().__init__(**kwargs)
        cell = StackedRNNCells(cell) if isinstance(cell, list | tuple) else cell
        for needed in ("call", "state_size"):
            if not hasattr(cell, needed):
                raise ValueError(
                    f"`cell` of layer '{self.name}' must have `{needed}`. "
                    f"Received: {type(cell).__name__}"
                )
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.zero_output_for_mask = zero_output_for_mask
        self.supports_masking = True
        self.input_spec = InputSpec(ndim=3)
        self._states: list[_State] = []

    @property
    def rows_independent(self) -> bool:
        """Whether the output of a row depends on that row only."""
        return not self.stateful

    @property
    def states(self) -> list[Variable] | None:
        """The states kept between calls; None unless `stateful`."""
        return [held.state for held in self._states] if self.stateful else None

    def own_generators(self) -> list[Any]:
        """Seed generators, and the states kept between calls: variables that are no weights."""
        return [*super().own_generators(), *self._states]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell, and the states if they are kept."""
        del initial_state_shape
        step_shape = (sequences_shape[0], *sequences_shape[2:])
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build(step_shape)
            self.cell.built = True
        if not self.stateful:
            return
        if sequences_shape[0] is None:
            raise ValueError(
                f"layer '{self.name}' is stateful, so it needs a fixed batch size: give it with "
                f"`batch_size=` or `batch_shape=` of Input. Received shape {tuple(sequences_shape)}"
            )
        self._states = [
            _State(
                Variable(
                    jnp.zeros_like(state),
                    dtype=self.compute_dtype,
                    trainable=False,
                    name="rnn_state",
                )
            )
            for state in flat(self.fresh_states(sequences_shape))
        ]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """The cell's initial states: by default zeros."""
        if hasattr(self.cell, "get_initial_state"):
            found = self.cell.get_initial_state(batch_size=batch_size)
        else:
            found = zeros(self.cell.state_size, batch_size, self.compute_dtype)
        return map_states(
            lambda state: state, found if isinstance(found, list | tuple) else [found]
        )

    def reset_state(self) -> None:
        """Set the states that are kept between batches to 0."""
        for held in self._states:
            held.state.assign(jnp.zeros(held.state.shape, held.state.dtype))

    reset_states = reset_state

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the sequences, if sequences are returned; states have none."""
        del inputs
        mask = mask[0] if isinstance(mask, list | tuple) and mask else mask
        of_output = mask if self.return_sequences else None
        if not self.return_state:
            return of_output
        return [of_output, *(None for _ in flat(self.cell.state_size))]

    # -- the loop ----------------------------------------------------------------------------------

    def call(
        self, sequences: Array, initial_state: Any = None, mask: Any = None, training: bool = False
    ) -> Any:
        """Outputs, and states if they are asked for."""
        mask = mask[0] if isinstance(mask, list | tuple) else mask
        self._check(sequences, mask)
        states = self._first_states(initial_state, sequences.shape)
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        last = last.astype(self.compute_dtype)
        if self.stateful:
            for held, value in zip(self._states, flat(states), strict=True):
                held.state.assign(value)
        result = outputs.astype(self.compute_dtype) if self.return_sequences else last
        return (result, *states) if self.return_state else result

    def _check(self, sequences: Array, mask: Any) -> None:
        if mask is not None and tuple(mask.shape[:2]) != tuple(sequences.shape[:2]):
            raise ValueError(
                f"mask of shape {tuple(mask.shape)} does not fit sequences of shape "
                f"{tuple(sequences.shape)} in layer '{self.name}': it must have shape "
                f"{tuple(sequences.shape[:2])}, (batch, time)"
            )
        if sequences.shape[1] == 0:
            raise ValueError(f"layer '{self.name}' needs at least one time step, but there is none")

    def _first_states(self, initial_state: Any, shape: Any) -> list[Any]:
        if initial_state is None:
            fresh = self.fresh_states(shape)
            if not self.stateful:
                return fresh
            held = iter([slot.state.value for slot in self._states])
            return like(fresh, held)
        given = list(initial_state) if isinstance(initial_state, list | tuple) else [initial_state]
        expected = self.cell.state_size
        count = len(expected) if isinstance(expected, list | tuple) else 1
        if len(given) != count:
            raise ValueError(
                f"layer '{self.name}' has {count} states, but `initial_state` holds {len(given)}"
            )
        for state, size in zip(given, expected if count > 1 else [expected], strict=False):
            found = getattr(state, "shape", None)
            if not isinstance(size, int) or found is None:
                continue
            if tuple(found) != (wanted := self.state_shape(shape, size)):
                raise ValueError(
                    f"an initial state of layer '{self.name}' has shape {tuple(found)}; it must "
                    f"have shape {wanted}"
                )
        if isinstance(self.cell, StackedRNNCells):
            given = [state if isinstance(state, list | tuple) else [state] for state in given]
        return map_states(lambda state: jnp.asarray(state, self.compute_dtype), given)

    def state_shape(self, shape: Any, size: int) -> tuple[int, ...]:
        """The shape of a state of this size, for sequences of `shape`."""
        return (shape[0], size)

    def fresh_states(self, shape: Any) -> list[Any]:
        """Initial states for sequences of `shape`."""
        return self.get_initial_state(shape[0])

    def inner_loop(
        self, sequences: Array, initial_state: Any, mask: Any, training: bool = False
    ) -> tuple[Array, Any, list[Any]]:
        """(last output, all outputs, last states) over (batch, time, features).

        All outputs may be None unless sequences are to be returned.
        """
        for variable in getattr(self.cell, "variables", ()):
            _ = variable.value  # weights are made before the loop: inside, everything is traced
        gates = self.cell.gates_of_step() if _is_plain(self.cell) else None
        if gates is not None and sequences.dtype == initial_state[0].dtype:
            return sequence.of_layer(self, gates, sequences, initial_state, mask, training)
        sequences, step = self._step_function(sequences, training)
        steps = jnp.swapaxes(sequences, 0, 1)
        marks = None if mask is None else jnp.swapaxes(jnp.asarray(mask, bool), 0, 1)
        if self.go_backwards:
            steps = jnp.flip(steps, 0)
            marks = None if marks is None else jnp.flip(marks, 0)

        def body(carry: Any, now: Any) -> Any:
            states, previous = carry
            inputs, mark = now
            output, new_states = step(inputs, states)
            new_states = match(new_states, states)
            if mark is None:
                return (new_states, None), output
            held = jnp.zeros_like(output) if self.zero_output_for_mask else previous
            # Where the mask is False, everything stays as it was.
            new_states = map_states(lambda new, old: _select(mark, new, old), new_states, states)
            kept = _select(mark, output, previous)
            return (new_states, kept), _select(mark, output, held)

        carry = (initial_state, None)
        if marks is not None:
            first, _ = jax.eval_shape(step, steps[0], initial_state)
            carry = (initial_state, jnp.zeros(first.shape, first.dtype))
        if self.unroll:
            carry, outputs = _unrolled(body, carry, steps, marks)
        else:
            carry, outputs = lax.scan(body, carry, (steps, marks))
        states, kept = carry
        last = outputs[-1] if kept is None or self.zero_output_for_mask else kept
        return last, jnp.swapaxes(outputs, 0, 1), states

    def _step_function(self, sequences: Array, training: bool) -> tuple[Array, Any]:
        """What the loop walks along, and the function of one step."""
        cell = self.cell
        if _is_plain(cell):
            # What does not depend on the state is one product for all steps.
            rows = (sequences.shape[0], *sequences.shape[2:-1])
            drop = cell.state_drop(rows, training)
            factors = cell.input_drop(rows, training)
            if factors is not None:
                sequences = sequences * factors[:, None]
            return cell.project(sequences), lambda inputs, states: cell.step(inputs, states, drop)
        if isinstance(cell, StackedRNNCells):
            return sequences, cell.prepared_step(sequences.shape[0], training)

        def step(inputs: Array, states: Any) -> Any:
            if isinstance(cell, Layer):
                return cell(inputs, states, training=training)
            return cell.call(inputs, states)

        return sequences, step


def _is_plain(cell: Any) -> bool:
    """Whether the cell's step is that of its parts."""
    return isinstance(cell, RecurrentCell) and type(cell).call is RecurrentCell.call


def _unrolled(body: Any, carry: Any, steps: Array, marks: Array | None) -> tuple[Any, Array]:
    outputs = []
    for i in range(steps.shape[0]):
        carry, output = body(carry, (steps[i], None if marks is None else marks[i]))
        outputs.append(output)
    return carry, jnp.stack(outputs)


def _select(mark: Array, new: Array, old: Array) -> Array:
    """`new` in the rows that count, else `old`."""
    return jnp.where(jnp.reshape(mark, (*mark.shape, *(1,) * (new.ndim - mark.ndim))), new, old)
