"""Several optimizers as one, each for some of the variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, ClassVar

from cornu.core.variable import Variable
from cornu.errors import short
from cornu.optimizers.optimizer import Optimizer
from cornu.optimizers.update import unscale
from cornu.serialization import codec


class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer updates which variable, by regular expressions over the variables' paths.

    A pattern must match the whole path ("encoder/.*"). Reading gives the default optimizer for a
    path that no pattern matches.

    Args:
        default_optimizer: for variables that no pattern matches.
        optimizer_map: pattern -> optimizer.

    Raises:
        ValueError: if a value is not an optimizer, a pattern is invalid or there already.
    """

    def __init__(
        self,
        default_optimizer: Optimizer,
        optimizer_map: Mapping[str, Optimizer] | None = None,
    ) -> None:
        self.default_optimizer = _checked(default_optimizer, "default_optimizer")
        self._optimizers: dict[str, Optimizer] = {}
        for pattern, optimizer in (optimizer_map or {}).items():
            self[pattern] = optimizer

    def __getitem__(self, key: str) -> Optimizer:
        """The optimizer of a pattern, else that of the pattern which matches a path.

        Raises:
            ValueError: if more than one pattern matches.
        """
        if key in self._optimizers:
            return self._optimizers[key]
        matching = [pattern for pattern in self._optimizers if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"path '{key}' is matched by more than one pattern: {matching}")
        return self._optimizers[matching[0]] if matching else self.default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if key in self._optimizers:
            raise ValueError(f"pattern '{key}' has an optimizer already; delete that first")
        try:
            re.compile(key)
        except re.error as error:
            raise ValueError(f"'{key}' is not a valid regular expression: {error}") from None
        self._optimizers[key] = _checked(optimizer, f"the optimizer of '{key}'")

    def __delitem__(self, key: str) -> None:
        del self._optimizers[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizers)

    def __len__(self) -> int:
        return len(self._optimizers)

    def get_config(self) -> dict[str, Any]:
        """The default optimizer and the map."""
        return {
            "default_optimizer": codec.serialize(self.default_optimizer),
            "optimizer_map": {key: codec.serialize(value) for key, value in self.items()},
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> OptimizerMap:
        """A map from its config."""
        read = codec.deserialize
        optimizers = {
            key: read(value, custom_objects) for key, value in config["optimizer_map"].items()
        }
        return cls(read(config["default_optimizer"], custom_objects), optimizers)


class MultiOptimizer(Optimizer):
    """Hands each variable to its own optimizer.

    There is no learning rate here: each of `optimizers` has its own.

    Args:
        optimizer_map: an `OptimizerMap`, or a function from a variable to an optimizer.
        loss_scale_factor: the loss is multiplied by it, gradients are divided by it.
        name: prefix of the variables' paths.

    Raises:
        TypeError: if `optimizer_map` is neither of both.
    """

    config_omit: ClassVar[tuple[str, ...]] = ("learning_rate",)

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(optimizer_map, OptimizerMap) and not callable(optimizer_map):
            raise TypeError(
                "`optimizer_map` must be an OptimizerMap or a function from a variable to an "
                f"optimizer. Received: {short(optimizer_map)}"
            )
        super().__init__(learning_rate=0.001, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        self._groups: list[tuple[Optimizer, list[Variable]]] = []

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers in use, in the order of their first variables; empty before `build`."""
        return [optimizer for optimizer, _ in self._groups]

    @property
    def learning_rate(self) -> Any:
        """Not here: each optimizer has its own.

        Raises:
            AttributeError: always.
        """
        raise AttributeError(
            f"'{self.name}' has no learning rate of its own: read or set that of each of its "
            "`optimizers`"
        )

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        del value
        self.learning_rate  # noqa: B018 (raises)

    @property
    def variables(self) -> list[Variable]:
        """Own variables, then those of each optimizer."""
        inner = [variable for optimizer in self.optimizers for variable in optimizer.variables]
        return super().variables + inner

    def build(self, variables: Iterable[Variable]) -> None:
        """Give each variable to its optimizer and build these."""
        wanted = list(variables)
        groups: dict[int, tuple[Optimizer, list[Variable]]] = {}
        chosen = {id(v): o for o, known in self._groups for v in known}
        for variable in wanted:
            optimizer = chosen.get(id(variable)) or self._choose(variable)
            groups.setdefault(id(optimizer), (optimizer, []))[1].append(variable)
        super().build(wanted)
        self._groups = list(groups.values())
        for optimizer, group in self._groups:
            optimizer.build(group)

    def _choose(self, variable: Variable) -> Optimizer:
        if isinstance(self.optimizer_map, OptimizerMap):
            return self.optimizer_map[variable.path]
        return _checked(self.optimizer_map(variable), f"what was given for '{variable.path}'")

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Update variables from their gradients, each by its optimizer."""
        gradients, variables = self._resolve(grads, trainable_variables)
        gradients = unscale(gradients, self.loss_scale_factor)
        by_variable = {id(v): g for v, g in zip(variables, gradients, strict=True)}
        for optimizer, group in self._groups:
            present = [v for v in group if id(v) in by_variable]
            if present:
                optimizer.apply([by_variable[id(v)] for v in present], present)
        self._iterations.assign(self._iterations.value + 1)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Give the weights their final values, as each optimizer does."""
        wanted = {id(v) for v in var_list}
        for optimizer, group in self._groups:
            optimizer.finalize_variable_values([v for v in group if id(v) in wanted])

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spare variables the weight decay of their optimizers; call it after `build`."""
        given, names = list(var_list or ()), list(var_names or ())
        for optimizer, group in self._groups:
            own = [v for v in given if any(v is w for w in group)]
            optimizer.exclude_from_weight_decay(own, names)

    def get_config(self) -> dict[str, Any]:
        """The map, the loss scale and the name."""
        return {
            "optimizer_map": codec.serialize(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> MultiOptimizer:
        """An optimizer from its config."""
        return cls(**{**config, "optimizer_map": _read(config["optimizer_map"], custom_objects)})


def _read(identifier: Any, custom_objects: dict[str, Any] | None) -> Any:
    if isinstance(identifier, OptimizerMap):
        return identifier
    return codec.deserialize(identifier, custom_objects)


def _checked(optimizer: Any, what: str) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"{what} must be an Optimizer. Received: {short(optimizer)}")
    return optimizer
