"""The public scopes: code on objects as a function of values, and code of which only shapes count.

They are `Scope`s that can be opened inside a run: what the inner one does not hold is looked up in
the outer one, so a `StatelessScope` inside a compiled training step sees the step's weights.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from jax import Array

from cornu.core.scope import Scope, current
from cornu.core.variable import Variable


class StatelessScope(Scope):
    """Inside, variables read from a mapping, and no assignment reaches their stores.

    Args:
        state_mapping: pairs (variable, value) to read instead of the stored values; None: none.
        collect_losses: whether `losses` keeps what layers add with `add_loss`.
        initialize_variables: kept for Keras's sake: a variable's value is made when it is first
            read, so one made inside costs nothing until then.

    Raises:
        ValueError: if a key is no Variable, or a value has another shape than its variable.

    Example:
        >>> import cornu
        >>> count = cornu.Variable(1.0)
        >>> with cornu.StatelessScope([(count, 5.0)]) as scope:
        ...     _ = count.assign_add(1.0)
        >>> float(scope.get_current_value(count)), float(count)
        (6.0, 1.0)
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        super().__init__()
        self.keeps_stores = True
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        for pair in state_mapping or ():
            self.add_update(pair)

    def __enter__(self) -> Self:
        outer = current()
        if outer is not None and outer is not self:
            self.inherit(outer)
            self.masks = outer.masks
        super().__enter__()
        return self

    def __exit__(self, *exc: object) -> None:
        super().__exit__(*exc)
        if not self.collect_losses:
            self.losses.clear()

    def get_current_value(self, variable: Variable) -> Array | None:
        """The value from the mapping or the last assignment inside; None if there is neither."""
        return self.values.get(id(variable))

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Note a value: `update` is a pair (variable, value).

        Raises:
            ValueError: if it is no such pair, or the value's shape is not the variable's.
        """
        if not isinstance(update, tuple | list) or len(update) != 2:
            raise ValueError(
                "the state of a StatelessScope is pairs (variable, value). "
                f"Received: {type(update).__name__}"
            )
        variable, value = update
        if not isinstance(variable, Variable):
            raise ValueError(
                "the state of a StatelessScope is pairs (variable, value), the first a Variable. "
                f"Received: {type(variable).__name__}"
            )
        self.values[id(variable)] = variable.check(value)

    def add_loss(self, loss: Any) -> None:
        """Note a scalar among `losses`, if they are collected."""
        if self.collect_losses:
            self.losses.append(loss)


class SymbolicScope(StatelessScope):
    """Inside, only shapes count: variables that have no value yet get none by being read."""

    def __init__(self) -> None:
        super().__init__()
        self.abstract = True
