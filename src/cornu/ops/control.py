"""Loops and branches that compile, and what changes or maps a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from cornu.core import tree
from cornu.core.variable import Variable
from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.types import Tensor


@op("core")
def cond(pred: Tensor, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    """`true_fn()` if `pred` holds, else `false_fn()`; only one of them runs.

    Args:
        pred: a boolean scalar.
        true_fn: takes nothing; both give the same structure, shapes and dtypes.
        false_fn: takes nothing.
    """
    return lax.cond(jnp.asarray(pred).astype(bool), _reading(true_fn), _reading(false_fn))


def _reading(fn: Callable[..., Any]) -> Callable[..., Any]:
    """`fn` with variables in its result read: branches give arrays."""
    return lambda *args: jax.tree.map(_value, fn(*args))


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else x


@op("core")
def switch(index: Tensor, branches: Any, *operands: Tensor) -> Any:
    """The branch of number `index` (limited to those there are), called with `operands`.

    Args:
        index: an integer scalar.
        branches: functions with equal results in structure, shapes and dtypes.
        *operands: their arguments.
    """
    return lax.switch(as_array(index), [_reading(branch) for branch in branches], *operands)


@op("core")
def scan(
    f: Callable[[Any, Any], Any],
    init: Tensor,
    xs: Tensor = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int = 1,
) -> tuple[Any, Any]:
    """Run `f(carry, x) -> (carry, y)` over the leading axis of `xs`.

    Args:
        f: one step.
        init: the first carry; any structure.
        xs: any structure of tensors with equal leading axes; None to run `length` times.
        length: number of steps, where `xs` does not tell.
        reverse: from the last to the first.
        unroll: steps per loop of the compiled program; True unrolls all.

    Returns:
        (last carry, all `y` along a new leading axis).
    """
    if not callable(f):
        raise TypeError(f"f must be a function. Received: f={f!r}")
    if xs is None and length is None:
        raise ValueError("scan needs `xs` or `length`")
    init, xs = jax.tree.map(as_array, init), jax.tree.map(as_array, xs)
    return lax.scan(_reading(f), init, xs, length=length, reverse=reverse, unroll=unroll)


@op("core")
def associative_scan(
    f: Callable[[Any, Any], Any], elems: Tensor, reverse: bool = False, axis: int = 0
) -> Any:
    """Running combination of `elems` by an associative function, in logarithmic depth.

    Args:
        f: combines two structures like `elems`; `f(a, f(b, c)) == f(f(a, b), c)`.
        elems: any structure of tensors with equal size of `axis`.
        reverse: from the last to the first.
        axis: what to run along.
    """
    if not callable(f):
        raise TypeError(f"f must be a function. Received: f={f!r}")
    elems = jax.tree.map(as_array, elems)
    axis %= max(1, jax.tree.leaves(elems)[0].ndim)  # JAX turns back from the end only these
    return lax.associative_scan(f, elems, reverse=reverse, axis=axis)


@op("core")
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Tensor,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeat `body` while `cond` holds.

    Args:
        cond: called with the loop variables; a boolean scalar.
        body: called with the loop variables; gives their next values.
        loop_vars: a tuple or list of them, or a single one.
        maximum_iterations: stop after so many.

    Returns:
        The last values, in the structure of `loop_vars`.
    """
    several = isinstance(loop_vars, tuple | list)
    start = tuple(loop_vars) if several else (loop_vars,)
    start = jax.tree.map(as_array, start)

    def goes_on(state: Any) -> Any:
        count, values = state
        holds = jnp.asarray(cond(*values)).astype(bool)
        return holds if maximum_iterations is None else holds & (count < maximum_iterations)

    def step(state: Any) -> Any:
        count, values = state
        result = jax.tree.map(_value, body(*values))
        values = tuple(result) if isinstance(result, tuple | list) else (result,)
        return count + 1, values

    _, last = lax.while_loop(goes_on, step, (jnp.int32(0), start))
    if not several:
        return last[0]
    return list(last) if isinstance(loop_vars, list) else last


@op("core")
def fori_loop(
    lower: Tensor, upper: Tensor, body_fun: Callable[[Any, Any], Any], init_val: Tensor
) -> Any:
    """`for i in range(lower, upper): value = body_fun(i, value)`; gives the last value."""
    return lax.fori_loop(lower, upper, _reading(body_fun), jax.tree.map(as_array, init_val))


@op("core")
def map(f: Callable[[Any], Any], xs: Tensor) -> Any:
    """`f` of each slice of `xs` along the leading axis, one after the other, stacked."""
    return lax.map(_reading(f), jax.tree.map(as_array, xs))


@op("core")
def vectorized_map(function: Callable[[Any], Any], elements: Tensor) -> Any:
    """`function` of each slice of `elements` along the leading axis, all at once."""
    return jax.vmap(_reading(function))(jax.tree.map(as_array, elements))


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of scalars (or of the shapes in `signature`) as one of tensors that broadcast.

    Args:
        pyfunc: the function.
        excluded: positions and names of arguments that are passed on as they are.
        signature: e.g. `"(n),(n)->()"`.
    """
    if not callable(pyfunc):
        raise TypeError(f"pyfunc must be a function. Received: pyfunc={pyfunc!r}")
    return jnp.vectorize(pyfunc, excluded=excluded or (), signature=signature)


def custom_gradient(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: `f` gives `(output, gradient function)`, and that function is its gradient.

    The gradient function is called with the gradient of the output and gives one of each argument.
    """
    differentiable = jax.custom_gradient(f)
    return lambda *args, **kwargs: differentiable(*tree.map_structure(_value, args), **kwargs)


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Value of `fun` at `primals` and its derivative along `tangents`.

    Args:
        fun: a function of arrays.
        primals: tuple or list of its arguments.
        tangents: as many directions.
        has_aux: whether `fun` gives `(output, anything)`.

    Returns:
        (output, derivative), and the "anything" with `has_aux`.
    """
    return jax.jvp(fun, tree.map_structure(_value, primals), tangents, has_aux=has_aux)
