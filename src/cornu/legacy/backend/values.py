"""What a process holds: values of variables, automatic names, the learning phase, image layout."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from typing import Any

import jax
import numpy as np

from cornu.core.scope import current
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.errors import unknown
from cornu.settings import settings


def eval(x: Any) -> np.ndarray:
    """The value of a tensor or variable, as a NumPy array.

    Raises:
        ValueError: if `x` is symbolic, so that it has none.
    """
    if isinstance(x, KerasTensor):
        raise ValueError(
            f"{x} has no value: it depends on a model's input. Make a model of it, "
            "`Model(inputs, x)`, and call `predict`."
        )
    return np.asarray(x.value if isinstance(x, Variable) else x)


def get_value(x: Any) -> Any:
    """The value of a variable, as a NumPy array; plain numbers as they are."""
    return x if isinstance(x, int | float) else eval(x)


def batch_get_value(ops: Iterable[Any]) -> list[Any]:
    """The values of several variables."""
    return [get_value(x) for x in ops]


def set_value(x: Variable, value: Any) -> None:
    """Assign `value`, of the variable's shape.

    Raises:
        TypeError: if `x` is no variable.
    """
    if not isinstance(x, Variable):
        raise TypeError(
            f"set_value needs a variable. Received an object of type {type(x).__name__}"
        )
    x.assign(value)


def batch_set_value(tuples: Iterable[tuple[Variable, Any]]) -> None:
    """Assign several (variable, value) pairs."""
    for variable, value in tuples:
        set_value(variable, value)


def update(x: Variable, new_x: Any) -> Any:
    """Assign `new_x`; gives the new value."""
    return x.assign(new_x)


def update_add(x: Variable, increment: Any) -> Any:
    """Add to a variable; gives the new value."""
    return x.assign_add(increment)


def update_sub(x: Variable, decrement: Any) -> Any:
    """Subtract from a variable; gives the new value."""
    return x.assign_sub(decrement)


def moving_average_update(x: Variable, value: Any, momentum: float) -> Any:
    """Move a variable towards `value` by the share `1 - momentum`; gives the new value."""
    return x.assign(x.value * momentum + value * (1.0 - momentum))


def get_variable_shape(x: Any) -> tuple[int, ...]:
    """Sizes of a variable."""
    return tuple(x.shape)


def print_tensor(x: Any, message: str = "") -> Any:
    """Print `message` and `x` when it has a value; gives `x` back."""
    if not isinstance(x, KerasTensor):
        jax.debug.print(
            "{message} {x}", message=message, x=x.value if isinstance(x, Variable) else x
        )
    return x


# -- learning phase --------------------------------------------------------------------------------

_phase: contextvars.ContextVar[int | None] = contextvars.ContextVar("learning_phase", default=None)


def learning_phase() -> int:
    """1 while a model trains, else 0; `set_learning_phase` overrules it."""
    chosen = _phase.get()
    if chosen is not None:
        return chosen
    scope = current()
    return int(bool(scope is not None and scope.training))


def set_learning_phase(value: Any) -> None:
    """Fix the learning phase: 0 (test) or 1 (train).

    Raises:
        ValueError: for another value.
    """
    if value not in (0, 1):
        raise ValueError(f"learning phase must be 0 or 1. Received: {value!r}")
    _phase.set(int(value))


def release_learning_phase() -> None:
    """Let the learning phase follow the running model again."""
    _phase.set(None)


# -- image layout ----------------------------------------------------------------------------------

_DIM_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def normalize_data_format(value: str | None) -> str:
    """`value` in lower case, or the process's default.

    Raises:
        UnknownNameError: if it is neither "channels_last" nor "channels_first".
    """
    found = (value or settings.image_data_format).lower()
    if found not in _DIM_ORDERINGS.values():
        raise unknown("data format", str(value), _DIM_ORDERINGS.values())
    return found


def image_dim_ordering() -> str:
    """Keras 1's name of the image layout: "tf" (channels last) or "th" (channels first)."""
    return "th" if settings.image_data_format == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the image layout by Keras 1's name: "tf" or "th".

    Raises:
        UnknownNameError: for another name.
    """
    if dim_ordering not in _DIM_ORDERINGS:
        raise unknown("dim ordering", dim_ordering, _DIM_ORDERINGS)
    settings.image_data_format = _DIM_ORDERINGS[dim_ordering]


def get_session() -> Any:
    """There are no sessions: raises NotImplementedError with what to do instead."""
    raise NotImplementedError(
        "there is no TensorFlow session here. Values are read with `K.get_value(variable)`, models "
        "run with `predict`; for graphs and sessions there is nothing to configure."
    )


def set_session(session: Any) -> None:
    """Nothing to do: there are no sessions."""
    del session


def manual_variable_initialization(value: bool) -> None:
    """Nothing to do: variables are ready when they are made."""
    del value
