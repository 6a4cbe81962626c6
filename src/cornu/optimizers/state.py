"""The state of an optimizer: its variables, how they are made, saved and set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

import jax
import jax.core
import numpy as np

from cornu import initializers
from cornu.core import dtypes, naming
from cornu.core.variable import Variable, autocast, structure_changed
from cornu.errors import warn
from cornu.serialization.configurable import Configurable

SHARED_SLOTS = ("average", "gradient_accumulator")  # kept whatever the algorithm is


class OptimizerState(Configurable):
    """Variables of an optimizer; knows nothing of gradients."""

    late_slots: ClassVar[tuple[str, ...]] = ()  # made for all variables after the other slots

    name: str
    use_ema: bool
    gradient_accumulation_steps: int | None

    def _start_state(self, learning_rate: Any) -> None:
        self.built = False
        self._trainable_variables: list[Variable] = []
        self._index: dict[int, int] = {}  # id of a variable -> its place in the list above
        self._slots: list[dict[str, Variable]] = []  # beside it: slot name -> slot
        self._slot_variables: list[Variable] = []  # all slots, in the order of `variables`
        self._added_variables: list[Variable] = []  # what subclasses added
        self._iterations = self._scalar(0, "int32", "iteration")
        self._learning_rate: Any = learning_rate
        if not callable(learning_rate):
            self._learning_rate = self._scalar(learning_rate, None, "learning_rate")

    def slots(self, variable: Variable) -> Mapping[str, Any]:
        """What is kept for `variable`: name -> initial value (number, initializer or Variable)."""
        del variable
        return {}

    @property
    def variables(self) -> list[Variable]:
        """Step counter, learning rate (unless a schedule gives it), slots: what is saved."""
        own = [self._iterations]
        if isinstance(self._learning_rate, Variable):
            own.append(self._learning_rate)
        return own + self._slot_variables + self._added_variables

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots for these trainable variables.

        Called again with more variables (a layer was unfrozen), it adds their slots.

        Raises:
            ValueError: if the optimizer already belongs to other variables.
        """
        wanted = list({id(v): v for v in variables}.values())
        if self.built:
            unknown = [v for v in wanted if id(v) not in self._index]
            if not unknown:
                return
            self._check_can_grow(wanted, unknown)
            wanted += [v for v in self._trainable_variables if all(v is not w for w in wanted)]
        old = {id(v): held for v, held in zip(self._trainable_variables, self._slots, strict=True)}
        self._slots = [dict(old.get(id(v), {})) for v in wanted]
        self._trainable_variables = wanted
        self._index = {id(v): i for i, v in enumerate(wanted)}
        self._slot_variables = []
        self._make_slots()
        self.built = True
        structure_changed()

    def _check_can_grow(self, wanted: list[Variable], unknown: list[Variable]) -> None:
        ours = type(self).build.__module__.split(".")[0] == __name__.split(".")[0]
        if len(unknown) == len(wanted) or not ours:
            raise ValueError(
                f"optimizer '{self.name}' already belongs to other variables, as "
                f"'{self._trainable_variables[0].path}'; '{unknown[0].path}' is not among them. "
                "Make a new optimizer for another model"
            )

    def _make_slots(self) -> None:
        shared = {"average": self.use_ema, "gradient_accumulator": self.gradient_accumulation_steps}
        kept = [
            (v, held, dict(self.slots(v)))
            for v, held in zip(self._trainable_variables, self._slots, strict=True)
            if not v.overwrite_with_gradient
        ]
        for name in [name for name, wanted in shared.items() if wanted]:
            for variable, held, _ in kept:
                self._make_slot(variable, held, name, 0.0)
        for variable, held, wanted in kept:
            for name in wanted:
                if name not in self.late_slots:
                    self._make_slot(variable, held, name, wanted[name])
        for name in self.late_slots:
            for variable, held, wanted in kept:
                if name in wanted:
                    self._make_slot(variable, held, name, wanted[name])

    def _make_slot(
        self, variable: Variable, held: dict[str, Variable], name: str, initial: Any
    ) -> None:
        if name not in held and isinstance(initial, Variable):
            held[name] = initial
        elif name not in held:
            path, dtype = _slot_name(variable, name), _dtype_of(variable)
            held[name] = self._variable(path, variable.shape, initial, dtype)
        self._slot_variables.append(held[name])

    def _variable(
        self, name: str, shape: Any, initial: Any, dtype: Any, aggregation: str = "none"
    ) -> Variable:
        with naming.root_scope(self.name):
            return Variable(
                _initializer(initial),
                shape=shape,
                dtype=dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )

    def _scalar(self, initial: float | jax.Array, dtype: str | None, name: str) -> Variable:
        return self._variable(name, (), initial, dtype, "only_first_replica")

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: str | None = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimizer's state.

        Args:
            shape: tuple of ints.
            initializer: name or initializer.
            dtype: name of the dtype; default: `floatx()`.
            aggregation: how replicas combine it.
            layout: sharding.
            name: last part of its path; default: a free automatic name.
        """
        name = name or naming.auto_name("variable")
        variable = self._variable(name, tuple(shape), initializer, dtype, aggregation or "none")
        variable.layout = layout
        self._added_variables.append(variable)
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A new variable of the shape and dtype of a model's variable.

        Args:
            reference_variable: the model's variable.
            name: what it is ("momentum"); its name is `<path of the reference>_<name>`.
            initializer: name or initializer.
        """
        name = _slot_name(reference_variable, name or "var")
        dtype = _dtype_of(reference_variable)
        return self.add_variable(reference_variable.shape, initializer, dtype, name=name)

    def add_optimizer_variables(
        self, trainable_variables: Iterable[Variable], name: Any, initializer: Any = "zeros"
    ) -> Any:
        """One variable like each given one, or None where a gradient simply replaces the value.

        Args:
            trainable_variables: the model's variables.
            name: what they are; a list of names makes one list of variables a name.
            initializer: name or initializer; a list goes along with a list of names.

        Returns:
            A list beside `trainable_variables`; for a list of names a tuple of lists.
        """
        names = [name] if isinstance(name, str) else list(name)
        starts = list(initializer) if isinstance(initializer, list | tuple) else [initializer]
        starts = starts * len(names) if len(starts) == 1 else starts
        made: tuple[list[Variable | None], ...] = tuple([] for _ in names)
        for variable in trainable_variables:
            for column, each, start in zip(made, names, starts, strict=True):
                skip = variable.overwrite_with_gradient
                column.append(
                    None if skip else self.add_variable_from_reference(variable, each, start)
                )
        return made[0] if isinstance(name, str) else made

    def _get_variable_index(self, variable: Variable) -> int:
        return self._index[id(variable)]

    @property
    def weights(self) -> list[Variable]:
        """Older name of `variables`."""
        return self.variables

    def get_weights(self) -> list[np.ndarray]:
        """Values of `variables`."""
        return [v.numpy() for v in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set `variables` from arrays in their order.

        Raises:
            ValueError: if their number or a shape differs.
        """
        variables = self.variables
        if len(weights) != len(variables):
            raise ValueError(
                f"optimizer '{self.name}' has {len(variables)} variables. "
                f"Received: {len(weights)} weights"
            )
        for variable, weight in zip(variables, weights, strict=True):
            variable.assign(weight)

    def save_own_variables(self, store: Any) -> None:
        """Write the values of `variables` into a mapping under "0", "1", ..."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote; if the number differs, warn and keep the own."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            warn(
                f"state of optimizer '{self.name}' not loaded: it has {len(variables)} variables, "
                f"the saved one has {len(store.keys())}"
            )
            return
        self.set_weights([np.asarray(store[str(i)]) for i in range(len(variables))])

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._index = {id(v): i for i, v in enumerate(self._trainable_variables)}


def _slot_name(variable: Variable, name: str) -> str:
    return f"{variable.path.replace('/', '_')}_{name}"


def _dtype_of(variable: Variable) -> str:
    with autocast(None):
        return variable.dtype


def _initializer(initial: Any) -> Any:
    """A recipe that costs nothing until the variable is read, or a traced value as it is."""
    if isinstance(initial, jax.core.Tracer):
        return initial
    if isinstance(initial, int | float):
        return Filled(initial)
    if initial in (None, "zeros"):
        return Filled(0)
    return initializers.get(initial)


class Filled:
    """An array of one number, made on the host."""

    def __init__(self, number: float) -> None:
        self.number = number

    def __call__(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """The array."""
        return np.full(shape, self.number, dtypes.held(dtype))
