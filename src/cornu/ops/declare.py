"""`@op`: makes a function of arrays accept variables and symbolic tensors too.

Below it the four tables: `unary`, `binary`, `comparison` and `reduction` declare an op that is one
function of `jax.numpy` with Keras's dtype rules and signature around it.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from cornu.core import symbolic
from cornu.core.operators import TABLE
from cornu.core.variable import Variable
from cornu.errors import short
from cornu.ops.operation import FunctionOperation
from cornu.ops.promotion import as_array, as_float, float_pair, pair
from cornu.types import Array, Axis, Tensor

P = ParamSpec("P")
R = TypeVar("R")
_IN_THE_CALL = "in the call"


def op(home: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare an op that Keras keeps under `keras.src.ops.<home>`.

    Arrays go straight to the function; variables are read; a symbolic tensor anywhere among the
    arguments makes the call infer its output and note itself in the graph.
    """

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        name = function.__name__

        @functools.wraps(function)
        def run(*args: Any, **kwargs: Any) -> Any:
            if symbolic.any_symbolic(args, kwargs):
                operation = FunctionOperation(function_of_values, name, home)
                return operation.symbolic_call(*args, **kwargs)
            return function_of_values(*args, **kwargs)

        def function_of_values(*args: Any, **kwargs: Any) -> Any:
            args = tuple(_value(a) for a in args)
            if kwargs:
                kwargs = {key: _value(value) for key, value in kwargs.items()}
            try:
                return function(*args, **kwargs)  # type: ignore[arg-type]
            except (TypeError, ValueError, IndexError) as error:
                _note_the_call(error, function, args, kwargs)
                raise

        run.home = home  # type: ignore[attr-defined]
        TABLE.setdefault(name, run)  # `activations.relu` leaves `ops.relu` in its place
        TABLE[f"{home}.{name}"] = run
        return cast(Callable[P, R], run)

    return declare


def _note_the_call(
    error: Exception, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Adds to an error what the op was called with: JAX's own messages name neither."""
    if any(note.startswith(_IN_THE_CALL) for note in getattr(error, "__notes__", ())):
        return  # an op inside this one has told already
    try:
        given = inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError:  # the arguments themselves are wrong, and Python has said so
        return
    shown = ", ".join(f"{name}={_shown(value)}" for name, value in given.items())
    error.add_note(f"{_IN_THE_CALL} ops.{function.__name__}({shown})")


def _shown(value: Any) -> str:
    if type(value) in (list, tuple) and any(hasattr(item, "shape") for item in value):
        return f"[{', '.join(short(item) for item in value[:4])}{', ...' * (len(value) > 4)}]"
    return short(value)


def _value(x: Any) -> Any:
    if isinstance(x, Variable):
        return x.value
    if type(x) in (list, tuple) and any(isinstance(item, Variable) for item in x):
        return type(x)(_value(item) for item in x)
    return x


class Unary(Protocol):
    """An op of one tensor."""

    def __call__(self, x: Tensor) -> Array:
        """Apply it."""
        ...


class Binary(Protocol):
    """An op of two tensors that broadcast."""

    def __call__(self, x1: Tensor, x2: Tensor) -> Array:
        """Apply it."""
        ...


class Reduction(Protocol):
    """An op that takes axes away (or keeps them as 1)."""

    def __call__(self, x: Tensor, axis: Axis = None, keepdims: bool = False) -> Array:
        """Apply it."""
        ...


def unary(
    name: str, function: Callable[..., Any], doc: str, *, floats: bool = False, home: str = "numpy"
) -> Unary:
    """The op `name(x)`; `floats` makes integers `floatx` first."""
    convert = as_float if floats else as_array

    def call(x: Tensor) -> Array:
        return function(convert(x))

    return _declared(call, name, doc, home)


def binary(name: str, function: Callable[..., Any], doc: str, *, floats: bool = False) -> Binary:
    """The op `name(x1, x2)`; `floats` makes integers `floatx` first."""
    convert = float_pair if floats else pair

    def call(x1: Tensor, x2: Tensor) -> Array:
        return function(*convert(x1, x2))

    return _declared(call, name, doc, "numpy")


def reduction(
    name: str, function: Callable[..., Any], doc: str, *, floats: bool = False
) -> Reduction:
    """The op `name(x, axis=None, keepdims=False)`; `floats` makes integers `floatx` first."""
    convert = as_float if floats else as_array

    def call(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Array:
        x = convert(x)
        return function(x, axis=axes(axis, x), keepdims=keepdims)

    return _declared(call, name, doc, "numpy")


def _declared(call: Callable[..., Any], name: str, doc: str, home: str) -> Any:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    call.__module__ = sys._getframe(2).f_globals["__name__"]  # where it stands, so that it pickles
    return op(home)(call)


def axes(axis: Axis, x: Array | None = None) -> int | tuple[int, ...] | None:
    """`axis` in the form that `jax.numpy` takes: lists become tuples.

    Raises:
        ValueError: if the array `x` is given and does not have that axis.
    """
    found = tuple(axis) if isinstance(axis, list | tuple) else cast(Any, axis)
    if x is not None and found is not None:
        for one in found if isinstance(found, tuple) else (found,):
            if not -x.ndim <= one < x.ndim:
                raise ValueError(
                    f"axis must lie between {-x.ndim} and {x.ndim - 1} for a tensor of shape "
                    f"{x.shape}. Received: axis={axis}"
                )
    return found
