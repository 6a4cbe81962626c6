"""State: everything a step reads and writes, as one pytree of flat tuples.

`read` and `commit` are the only two functions that move values between a model's variables and a
State. A commit stores one consistent step; an interrupt waits until it is done.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from jax import Array

from cornu.core import variable
from cornu.core.variable import Variable
from cornu.training import interrupts


class State(NamedTuple):
    """Values, in the order of the variables in a `Binding`."""

    trainable: tuple[Array, ...]
    frozen: tuple[Array, ...]
    optimizer: tuple[Array, ...]
    metrics: tuple[Array, ...]
    step: Any


@dataclasses.dataclass(frozen=True, eq=False)
class Binding:
    """The variables whose values a State holds."""

    trainable: tuple[Variable, ...]
    frozen: tuple[Variable, ...]
    optimizer: tuple[Variable, ...]
    metrics: tuple[Variable, ...]

    def all(self) -> tuple[Variable, ...]:
        """Every variable, in the order of `State`."""
        return (*self.trainable, *self.frozen, *self.optimizer, *self.metrics)

    @property
    def size(self) -> int:
        """The number of values of all variables."""
        return sum(v.size for v in self.all())

    def key(self) -> tuple[int, ...]:
        """What tells bindings apart; variables themselves compare by value."""
        return (variable.constants_version, len(self.trainable), *map(id, self.all()))


def bind(model: Any, optimizer: Any, metrics: Sequence[Any]) -> Binding:
    """The variables of a model, its optimizer and its metrics; each variable once."""
    trainable = tuple(model.trainable_variables)
    taken = {id(v) for v in trainable}
    metric_variables = _fresh((v for m in metrics for v in m.variables), taken)
    frozen = _fresh(model.non_trainable_variables, taken)
    slots = _fresh(optimizer.variables if optimizer is not None else (), taken)
    return Binding(trainable, frozen, slots, metric_variables)


def _fresh(variables: Any, taken: set[int]) -> tuple[Variable, ...]:
    found = []
    for one in variables:
        if id(one) not in taken:
            taken.add(id(one))
            found.append(one)
    return tuple(found)


def read(binding: Binding, step: Any) -> State:
    """The stored values of all variables, and the step counter."""
    # A Python int would be weakly typed, and the program compiled once more for the strong one.
    step = np.int32(step) if isinstance(step, int) else step

    def stored(variables: tuple[Variable, ...]) -> tuple[Array, ...]:
        return tuple(v.stored for v in variables)

    return State(
        stored(binding.trainable),
        stored(binding.frozen),
        stored(binding.optimizer),
        stored(binding.metrics),
        step,
    )


def commit(binding: Binding, state: State) -> None:
    """Store the values of `state`, all or none as far as an interrupt is concerned."""
    with interrupts.deferred():
        groups = (
            (binding.trainable, state.trainable),
            (binding.frozen, state.frozen),
            (binding.optimizer, state.optimizer),
            (binding.metrics, state.metrics),
        )
        for variables, values in groups:
            for variable, value in zip(variables, values, strict=True):
                variable.store(value)
