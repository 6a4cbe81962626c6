"""`@op`: makes a function of arrays accept variables and symbolic tensors too."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from cornu.core import symbolic
from cornu.ops.operation import FunctionOperation
from cornu.core.operators import TABLE
from cornu.core.variable import Variable

P = ParamSpec("P")
R = TypeVar("R")


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
                operation = FunctionOperation(function_of_values, name)
                return operation.symbolic_call(*args, **kwargs)
            return function_of_values(*args, **kwargs)

        def function_of_values(*args: Any, **kwargs: Any) -> Any:
            args = tuple(_value(a) for a in args)
            if kwargs:
                kwargs = {key: _value(value) for key, value in kwargs.items()}
            return function(*args, **kwargs)  # type: ignore[arg-type]

        run.home = home  # type: ignore[attr-defined]
        TABLE[name] = run
        return cast(Callable[P, R], run)

    return declare


def _value(x: Any) -> Any:
    if isinstance(x, Variable):
        return x.value
    if type(x) in (list, tuple) and any(isinstance(item, Variable) for item in x):
        return type(x)(_value(item) for item in x)
    return x
