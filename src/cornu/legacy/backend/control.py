"""Choices, loops and recurrence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from cornu import ops
from cornu.core.variable import Variable
from cornu.legacy.backend.shaping import int_shape
from cornu.legacy.backend.values import learning_phase
from cornu.ops.declare import op


def switch(condition: Any, then_expression: Any, else_expression: Any) -> Any:
    """One of two tensors, or of two functions' results, as `condition` says.

    Args:
        condition: scalar, or a tensor of the leading dimensions of the expressions.
        then_expression: tensor, or a function without arguments.
        else_expression: the same, of equal shape.
    """
    if isinstance(condition, bool | int):
        return _result(then_expression if condition else else_expression)
    if callable(then_expression) and callable(else_expression) and not int_shape(condition):
        return ops.cond(ops.cast(condition, "bool"), then_expression, else_expression)
    chosen, other = _result(then_expression), _result(else_expression)
    condition = ops.cast(condition, "bool")
    missing = len(int_shape(chosen)) - len(int_shape(condition))
    if int_shape(condition):
        for _ in range(missing):
            condition = ops.expand_dims(condition, -1)
    return ops.where(condition, chosen, other)


def in_train_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`x` while training, else `alt`; either may be a function. training: default the phase."""
    return switch(learning_phase() if training is None else training, x, alt)


def in_test_phase(x: Any, alt: Any, training: Any = None) -> Any:
    """`alt` while training, else `x`."""
    return in_train_phase(alt, x, training)


def _result(expression: Any) -> Any:
    return expression() if callable(expression) else expression


# -- loops -----------------------------------------------------------------------------------------


@op("backend")
def map_fn(fn: Callable[[Any], Any], elems: Any, name: str | None = None, dtype: Any = None) -> Any:
    """`fn` of each row of `elems`, stacked; elems may be a list of tensors."""
    del name
    mapped = lax.map(fn, _arrays(elems))
    return mapped if dtype is None else jax.tree.map(lambda x: x.astype(dtype), mapped)


@op("backend")
def foldl(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None
) -> Any:
    """`fn(... fn(fn(initializer, row 0), row 1) ...)`; default initializer: the first row."""
    del name
    return _fold(fn, _arrays(elems), initializer, reverse=False)


@op("backend")
def foldr(
    fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None, name: str | None = None
) -> Any:
    """`foldl` from the last row to the first."""
    del name
    return _fold(fn, _arrays(elems), initializer, reverse=True)


def _fold(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any, reverse: bool) -> Any:
    if reverse:
        elems = jax.tree.map(lambda x: x[::-1], elems)
    if initializer is None:
        initializer = jax.tree.map(lambda x: x[0], elems)
        elems = jax.tree.map(lambda x: x[1:], elems)
    # The first call tells the dtype that the carried value settles at.
    start = _arrays(initializer)
    if jax.tree.leaves(elems)[0].shape[0]:
        settled = jax.eval_shape(fn, start, jax.tree.map(lambda x: x[0], elems))
        start = jax.tree.map(lambda x, out: x.astype(out.dtype), start, settled)
    return lax.scan(lambda carried, row: (fn(carried, row), None), start, elems)[0]


def _arrays(structure: Any) -> Any:
    return jax.tree.map(lambda x: x.value if isinstance(x, Variable) else jnp.asarray(x), structure)


# -- recurrence ------------------------------------------------------------------------------------


@op("backend")
def rnn(
    step_function: Callable[[Any, list[Any]], tuple[Any, list[Any]]],
    inputs: Any,
    initial_states: Sequence[Any],
    go_backwards: bool = False,
    mask: Any = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
) -> tuple[Any, Any, list[Any]]:
    """Iterate `step_function` over the second axis of `inputs`.

    Args:
        step_function: (input, states + constants) -> (output, new states), each with a batch axis.
        inputs: shape (batch, steps, ...).
        initial_states: arrays with a batch axis.
        go_backwards: last step first; outputs are then in that order.
        mask: shape (batch, steps) or (batch, steps, 1); where it is 0, output and states stay as
            they were at the step before (the output before the first is 0).
        constants: passed to every step.
        unroll: write the loop out, for few steps.
        input_length: not needed here.

    Returns:
        (last output, outputs of shape (batch, steps, ...), last states).
    """
    del input_length
    steps_first = jnp.swapaxes(_arrays(inputs), 0, 1)
    kept = None if mask is None else _steps_of_mask(_arrays(mask))
    if go_backwards:
        steps_first = steps_first[::-1]
        kept = None if kept is None else kept[::-1]
    fixed = list(constants or [])
    states = [_arrays(state) for state in initial_states]
    first_output, first_states = jax.eval_shape(
        lambda x, s: step_function(x, [*s, *fixed]), steps_first[0], states
    )
    states = [s.astype(out.dtype) for s, out in zip(states, first_states, strict=True)]
    before = jnp.zeros(first_output.shape, first_output.dtype)

    def step(carried: tuple[Any, list[Any]], row: tuple[Any, Any]) -> tuple[Any, Any]:
        output, states = carried
        x, keep = row
        new_output, new_states = step_function(x, [*states, *fixed])
        if keep is not None:
            new_output = _where(keep, new_output, output)
            new_states = [_where(keep, n, o) for n, o in zip(new_states, states, strict=True)]
        return (new_output, list(new_states)), new_output

    (last, final), outputs = lax.scan(
        step, (before, states), (steps_first, kept), unroll=len(steps_first) if unroll else 1
    )
    return last, jnp.swapaxes(outputs, 0, 1), final


def _steps_of_mask(mask: Any) -> Any:
    if mask.ndim == 3:
        mask = mask[..., 0]
    return jnp.swapaxes(mask, 0, 1).astype(bool)


def _where(keep: Any, new: Any, old: Any) -> Any:
    return jnp.where(keep.reshape(keep.shape + (1,) * (new.ndim - keep.ndim)), new, old)
