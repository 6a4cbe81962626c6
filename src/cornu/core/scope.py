"""The one bridge between objects and pure functions.

A model is objects: layers that hold variables. JAX wants pure functions of arrays. Inside a `Scope`
each variable reads from the scope instead of its own store, and `assign` is noted in the scope
instead of changing the store. `pure(fn, variables)` turns any code that touches those variables
into a function `values -> (result, new values, losses)` that can be jitted, scanned, differentiated
and exported. The store of a variable is never touched by it, which is why an exception or an
interrupt inside a step cannot lose a weight.

Scopes live in a ContextVar, so threads never see each other's.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Self

from jax import Array

_current: contextvars.ContextVar[Scope | None] = contextvars.ContextVar("scope", default=None)


class Scope:
    """What a run sees instead of stored values.

    Attributes:
        values: the value of each bound variable, by `id`; the latest one after `assign`.
        training: whether layers are to behave as in training; None leaves it to the call.
        rows: how many rows of the batch count, the first ones; None: all (see
            `training/filling.py`).
        step: the training step (scalar) that randomness derives from; None lets seed generators
            count on as they do outside a scope.
        losses: values noted by `add_loss` and by regularizers of activities.
        masks: for each traced array that carries one, its mask (tracers take no attributes).
        abstract: True while only shapes are wanted: unborn variables stay unborn.
        probe: the size that stands for an unknown dimension while `abstract`.
        keeps_stores: True where no assignment at all may reach a store; else only traced values
            and those of bound variables are kept from it.
    """

    def __init__(
        self,
        bindings: Iterable[tuple[Any, Any]] = (),
        *,
        training: bool | None = None,
        step: Any = None,
        rows: Any = None,
        abstract: bool = False,
        probe: int | None = None,
    ) -> None:
        self.values: dict[int, Any] = {id(variable): value for variable, value in bindings}
        self.training = training
        self.step = step
        self.rows = rows
        self.abstract = abstract
        self.probe = probe
        self.keeps_stores = abstract
        self.outer: Scope | None = None
        self.losses: list[Any] = []
        self.masks: dict[int, tuple[Any, Any]] = {}
        self.draws: dict[int, list[int]] = {}  # per seed generator: [order of first use, draws]
        self._token: contextvars.Token[Scope | None] | None = None

    def __enter__(self) -> Self:
        self._token = _current.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            _current.reset(self._token)

    def inherit(self, outer: Scope) -> None:
        """See what `outer` sees; `values`, `losses` and `masks` stay this scope's own."""
        self.outer = outer
        self.training, self.step, self.draws = outer.training, outer.step, outer.draws
        self.abstract, self.probe = self.abstract or outer.abstract, outer.probe
        self.keeps_stores = self.keeps_stores or outer.keeps_stores

    def read(self, variable: Any) -> Any:
        """The value bound to `variable`, or None where it is not bound."""
        found = self.values.get(id(variable))
        return found if found is not None or self.outer is None else self.outer.read(variable)

    def holds(self, variable: Any) -> bool:
        """Whether `variable` is bound, so that assignments are noted instead of stored."""
        return id(variable) in self.values or (
            self.outer is not None and self.outer.holds(variable)
        )

    def next_draw(self, generator: Any) -> tuple[int, int]:
        """(order of the generator among those used in this scope, number of this draw)."""
        entry = self.draws.setdefault(id(generator), [len(self.draws), -1])
        entry[1] += 1
        return entry[0], entry[1]


def current() -> Scope | None:
    """The innermost open scope of this thread, if any."""
    return _current.get()


class Outcome(NamedTuple):
    """What a pure run gives back."""

    result: Any
    values: tuple[Array, ...]
    losses: list[Array]


def pure(fn: Callable[..., Any], variables: Sequence[Any]) -> Callable[..., Outcome]:
    """`fn`, which reads and assigns `variables`, as a pure function of their values.

    Returns:
        `run(values, *args, training=None, step=None, **kwargs) -> Outcome`, with `values` in the
        order of `variables` both ways.
    """

    def run(
        values: Sequence[Any],
        *args: Any,
        training: bool | None = None,
        step: Any = None,
        **kwargs: Any,
    ) -> Outcome:
        with Scope(zip(variables, values, strict=True), training=training, step=step) as scope:
            result = fn(*args, **kwargs)
        return Outcome(result, tuple(scope.values[id(v)] for v in variables), scope.losses)

    return run
