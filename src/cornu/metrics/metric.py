"""Metric: numbers that are gathered batch by batch, and what they amount to."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu import initializers
from cornu.core import dtypes, naming
from cornu.core.scope import Scope, current
from cornu.core.variable import Variable
from cornu.losses.loss import compute_dtype, drop_defaults
from cornu.serialization.configurable import Configurable


class Metric(Configurable):
    """Base class of metrics.

    Subclasses make their variables in `__init__` with `add_weight`, change them in `update_state`
    and compute from them in `result`. Other metrics held as attributes count as parts: their
    variables are this metric's, too.

    Args:
        dtype: dtype of the variables and of the computation; default `floatx()`.
        name: key in logs; default: from the class name.
    """

    # Arguments that Keras leaves out of the config; here they are written when not the default.
    config_quiet: ClassVar[tuple[str, ...]] = ()
    rows_weighable: ClassVar[bool] = True  # whether a row of weight 0 counts for nothing
    _direction: ClassVar[str | None] = None  # "up" or "down": what callbacks hold for better

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self._dtype = compute_dtype(dtype)
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """Name of the dtype of its variables."""
        return self._dtype

    # -- variables -------------------------------------------------------------------------------

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: Any = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """Make a variable of this metric.

        Args:
            shape: tuple of ints.
            initializer: name, object or callable `(shape, dtype=...)`; None is "zeros".
            dtype: default: the metric's.
            aggregation: how replicas combine it.
            name: last part of its path.

        Raises:
            RuntimeError: if `super().__init__()` was not called first.
            ValueError: for an unknown initializer.
        """
        if "_variables" not in self.__dict__:
            raise RuntimeError(
                f"call `super().__init__()` first in `{type(self).__name__}.__init__`, before "
                "making variables."
            )
        recipe = initializers.get("zeros" if initializer is None else initializer)
        with naming.name_scope(self.name.replace("/", ">")):
            variable = Variable(
                recipe,
                shape=shape,
                dtype=dtype or self._dtype,
                trainable=False,
                aggregation=aggregation,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Make a variable of this metric, zeros unless told otherwise; see `add_variable`."""
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """Own variables in the order they were made, then those of metrics held as attributes."""
        found = {id(variable): variable for variable in self.__dict__.get("_variables", ())}
        for part in _parts(self.__dict__.values()):
            for variable in part.variables if isinstance(part, Metric) else (part,):
                found.setdefault(id(variable), variable)
        return list(found.values())

    def build(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Make the variables that depend on the data, if there are such and they are not made yet.

        The first `update_state` does this. Who compiles `update_state` calls it before, so that all
        variables are known; arguments may be tracers or `jax.ShapeDtypeStruct`: only shapes and
        dtypes are read.

        Args:
            y_true: targets.
            y_pred: predictions.
            sample_weight: weights, or None.
        """
        del y_true, y_pred, sample_weight

    # -- what it does ----------------------------------------------------------------------------

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Gather a batch; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `update_state`")

    def result(self) -> Any:
        """What the gathered numbers amount to: a scalar, an array or a dict; subclasses say."""
        raise NotImplementedError(f"{type(self).__name__} defines no `result`")

    def reset_state(self) -> None:
        """Set all variables to zero."""
        for variable in self.variables:
            variable.assign(_zeros(variable.shape, variable.dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Gather a batch and give the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    # -- the same as pure functions ----------------------------------------------------------------

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Array]:
        """`update_state` on given values instead of the variables; the new values.

        Raises:
            ValueError: if there are not as many values as variables.
        """
        with self._bound(metric_variables) as scope:
            self.update_state(*args, **kwargs)
        return [scope.values[id(variable)] for variable in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """`result` of given values instead of the variables'.

        Raises:
            ValueError: if there are not as many values as variables.
        """
        with self._bound(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Array]:
        """The values that `reset_state` would set."""
        variables = self.variables
        with self._bound([jnp.zeros(v.shape, dtypes.held(v.dtype)) for v in variables]) as scope:
            self.reset_state()
        return [scope.values[id(variable)] for variable in variables]

    def _bound(self, values: Sequence[Any]) -> Scope:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"metric_variables must hold one value for each variable of '{self.name}': "
                f"expected {len(variables)}, received {len(values)}."
            )
        scope = Scope(zip(variables, map(jnp.asarray, values), strict=True))
        outer = current()
        if outer is not None:
            scope.masks.update(outer.masks)  # masks of the traced arrays that come as arguments
        return scope

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        config = super().get_config()
        drop_defaults(self, config, self.config_quiet)
        return config

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.__dict__.get('name')}>"


@functools.lru_cache(64)
def _zeros(shape: tuple[int, ...], dtype: str) -> Array:
    return jax.device_put(np.zeros(shape, dtypes.held(dtype)))


def _parts(values: Any) -> Iterator[Metric | Variable]:
    for value in values:
        if isinstance(value, Metric | Variable):
            yield value
        elif isinstance(value, list | tuple):
            yield from _parts(value)
        elif isinstance(value, dict):
            yield from _parts(value.values())
