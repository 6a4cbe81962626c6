"""Optimizer: what all optimizers share.

An algorithm is two pure methods: `slots` says which extra arrays it keeps for a weight, `update`
turns a gradient, a weight and its slots into a new weight and new slots. Everything else (clipping,
decay, averages, accumulation, learning rate, files) stands here once. A subclass may instead
override `build` and `update_step` and work on variables.

All state lives in Variables that are read by `value` and written by `assign`, so that a training
step can trace through it inside a `Scope`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu.core import naming, scope
from cornu.core.variable import Variable, structure_changed
from cornu.errors import warn
from cornu.optimizers import arguments
from cornu.optimizers.schedules.schedule import LearningRateSchedule
from cornu.optimizers.state import SHARED_SLOTS, OptimizerState
from cornu.optimizers.update import clip, decayed, moving_average, unscale, when
from cornu.serialization import codec, registry
from cornu.serialization.configurable import config_names

Slots = dict[str, Array]


class Optimizer(OptimizerState):
    """Base of optimizers.

    Args:
        learning_rate: a number, a `LearningRateSchedule`, or a function without arguments.
        weight_decay: each update first subtracts `weight * weight_decay * learning_rate`.
        clipnorm: largest L2 norm of each gradient; longer ones are shortened.
        clipvalue: largest absolute value of an element of a gradient.
        global_clipnorm: largest L2 norm of all gradients together.
        use_ema: whether to keep exponential moving averages of the weights.
        ema_momentum: weight of the old average, in [0, 1].
        ema_overwrite_frequency: number of updates after which the weights become their averages;
            None: only at the end of `fit` (`finalize_variable_values`).
        loss_scale_factor: the loss is multiplied by it (`scale_loss`), gradients divided by it.
        gradient_accumulation_steps: number of calls whose gradients are averaged into one update,
            at least 2; None: each call updates.
        name: prefix of the variables' paths; default: the class's name in snake case.
        **kwargs: older spellings: `lr` for `learning_rate`; `decay`, with which the rate of
            update t (from 0) is `learning_rate / (1 + decay * t)`.

    Raises:
        ValueError: if a value cannot be, or two kinds of clipping are given.
        UnexpectedKeywordError: for an unknown keyword.
    """

    config_omit: ClassVar[tuple[str, ...]] = ("learning_rate", "lr")
    counts_every_step: ClassVar[bool] = True  # whether each `apply` adds 1 to `steps_taken`

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        legacy = arguments.read_legacy(self, kwargs, self._given[1])
        self.name = name or naming.auto_name(type(self).__name__)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency if use_ema else None
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps or None
        self.decay = float(legacy.get("decay") or 0.0)
        arguments.check_shared(self)
        self._decay_exceptions: tuple[list[Variable], list[str]] = ([], [])
        rate = legacy.get("learning_rate", learning_rate)
        self._start_state(arguments.read_learning_rate(rate))

    # -- what an algorithm defines ---------------------------------------------------------------

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """The new value of a weight and its new slots; pure.

        Args:
            gradient: shape and dtype of `value`.
            value: the weight.
            slots: arrays by the names that `slots` gave.
            learning_rate: scalar, dtype of `value` but never less than 32 bits.
            step: number of this update, from 1; scalar of the same dtype.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define `update(self, gradient, value, slots, "
            "learning_rate, step)` or `update_step(self, gradient, variable, learning_rate)`"
        )

    def update_step(self, gradient: Array, variable: Variable, learning_rate: Array) -> None:
        """Apply one gradient to one variable; override it to write an optimizer on variables."""
        value = variable.value
        dtype = value.dtype
        held = self._slots[self._get_variable_index(variable)]
        slots = {name: held[name].value for name in held if name not in SHARED_SLOTS}
        # In 16 bits 0.999 ** step is 1, and Adam, which divides by what is left, would stand still.
        exact = jnp.promote_types(dtype, "float32")
        step = (self._count_updates() + 1).astype(exact)
        rate = jnp.asarray(learning_rate).astype(exact)
        value, slots = self.update(jnp.asarray(gradient).astype(dtype), value, slots, rate, step)
        variable.assign(value)
        for name, slot in slots.items():
            held[name].assign(slot)

    # -- learning rate and counters --------------------------------------------------------------

    @property
    def iterations(self) -> Any:
        """Number of updates made: a Variable, or with accumulation a scalar array."""
        return self._count_updates() if self.gradient_accumulation_steps else self._iterations

    @property
    def steps_taken(self) -> Variable:
        """Number of calls of `apply`; with accumulation, several make one update."""
        return self._iterations

    def _count_updates(self) -> Array:
        return self._iterations.value // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: Any) -> None:
        if isinstance(value, Variable):
            if self.built:
                raise RuntimeError("`iterations` cannot be replaced after the optimizer was built")
            self._iterations = value
        else:
            self._iterations.assign(value)

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a Variable, or the current value of a schedule.

        Assign a number, also while training, or a schedule.
        """
        rate = self._learning_rate
        return rate if isinstance(rate, Variable) else self._scheduled()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = arguments.read_learning_rate(value)
        if callable(rate):
            self._learning_rate = rate
            structure_changed()
        elif isinstance(self._learning_rate, Variable):
            self._learning_rate.assign(rate)
        else:
            raise TypeError(
                f"the learning rate of '{self.name}' is given by a schedule, so a number cannot be "
                "assigned to it. Make the optimizer with a number if it is to be changed."
            )

    @property
    def lr(self) -> Any:
        """Older name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    def _scheduled(self) -> Any:
        rate = self._learning_rate
        return rate(self._iterations.value) if isinstance(rate, LearningRateSchedule) else rate()

    def _get_current_learning_rate(self) -> Array:
        rate = self.learning_rate
        rate = jnp.asarray(rate.value if isinstance(rate, Variable) else rate)
        if self.decay:
            rate = rate * (1.0 / (1.0 + self.decay * self._iterations.value.astype(rate.dtype)))
        return rate

    # -- updating --------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Update from (gradient, variable) pairs; gives the step counter."""
        pairs = list(grads_and_vars)
        self.apply([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Update variables from their gradients.

        Args:
            grads: one array a variable, of its shape; None leaves the variable as it is.
            trainable_variables: the variables, some or all of those the optimizer was built for;
                default: all, in the order of `build`. The first call with variables builds.

        Raises:
            ValueError: if gradients and variables do not fit together, a variable is not known, or
                there is no gradient at all.
        """
        gradients, variables = self._resolve(grads, trainable_variables)
        self._apply(gradients, variables)
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        self._iterations.assign(self._iterations.value + 1)

    def _resolve(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None
    ) -> tuple[list[Array], list[Variable]]:
        """Gradients and the variables they belong to, checked; builds where that is still due."""
        if trainable_variables is None and not self.built:
            raise ValueError(
                f"optimizer '{self.name}' does not know its variables yet: give them as "
                "`trainable_variables`, or call `build(trainable_variables)` first"
            )
        if trainable_variables is None:
            return self._checked(list(grads), self._trainable_variables)
        if not self.built:
            self.build(trainable_variables)
        return self._checked(list(grads), list(trainable_variables))

    def _checked(
        self, grads: list[Any], variables: list[Variable]
    ) -> tuple[list[Array], list[Variable]]:
        if len(grads) != len(variables):
            raise ValueError(
                "there must be one gradient a variable. "
                f"Received: {len(grads)} gradients for {len(variables)} variables"
            )
        for gradient, variable in zip(grads, variables, strict=True):
            if id(variable) not in self._index:
                raise ValueError(
                    f"Unknown variable: '{variable.path}' is not among the {len(self._index)} that "
                    f"optimizer '{self.name}' was built for. Make a new optimizer for another "
                    "model; for layers unfrozen since, call `build` with all variables."
                )
            if gradient is not None and tuple(jnp.shape(gradient)) != variable.shape:
                raise ValueError(
                    f"gradient of '{variable.path}' has shape {tuple(jnp.shape(gradient))}; the "
                    f"variable has shape {variable.shape}"
                )
        missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
        if missing and len(missing) == len(grads):
            raise ValueError(
                "No gradients provided for any variable: the loss depends on none of them"
            )
        if missing:
            warn(
                f"no gradient for {missing[:5]}{' ...' if len(missing) > 5 else ''}: left unchanged"
            )
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]
        return [jnp.asarray(g) for g, _ in pairs], [v for _, v in pairs]

    def _apply(self, grads: list[Array], variables: list[Variable]) -> None:
        rate = self._get_current_learning_rate()
        grads = unscale(grads, self.loss_scale_factor)
        for gradient, variable in zip(grads, variables, strict=True):
            if variable.overwrite_with_gradient:
                variable.assign(gradient)
        pairs = [
            (g, v) for g, v in zip(grads, variables, strict=True) if not v.overwrite_with_gradient
        ]
        if not pairs:
            return
        grads, variables = [g for g, _ in pairs], [v for _, v in pairs]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables, rate)
        else:
            self._update_variables(grads, variables, rate)
        if self.use_ema:
            self._average(variables)

    def _accumulate(self, grads: list[Array], variables: list[Variable], rate: Array) -> None:
        steps = self.gradient_accumulation_steps
        assert steps is not None
        sums = [self._slots[self._index[id(v)]]["gradient_accumulator"] for v in variables]

        def keep() -> None:
            for total, gradient in zip(sums, grads, strict=True):
                total.assign(total.value + gradient)

        def spend() -> None:
            means = [(t.value + g) / steps for t, g in zip(sums, grads, strict=True)]
            self._update_variables(means, variables, rate)
            for total in sums:
                total.assign(jnp.zeros_like(total.value))

        is_due = (self._iterations.value + 1) % steps == 0
        when(is_due, spend, keep, [*self.variables, *self._trainable_variables])

    def _update_variables(self, grads: list[Array], variables: list[Variable], rate: Array) -> None:
        grads = clip(
            grads, norm=self.clipnorm, value=self.clipvalue, global_norm=self.global_clipnorm
        )
        for variable in variables:
            decay = self._weight_decay_of(variable)
            if decay is not None and self._use_weight_decay(variable):
                variable.assign(decayed(variable.value, decay, rate))
        for gradient, variable in zip(grads, variables, strict=True):
            self.update_step(gradient, variable, rate)

    def _average(self, variables: list[Variable]) -> None:
        count = self._count_updates()
        for variable in variables:
            average = self._slots[self._index[id(variable)]]["average"]
            mean = moving_average(average.value, variable.value, self.ema_momentum, count == 0)
            average.assign(mean)
            if self.ema_overwrite_frequency:
                due = (count + 1) % self.ema_overwrite_frequency == 0
                variable.assign(jnp.where(due, average.value, variable.value))

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Give the weights their final values: with `use_ema` their averages."""
        if not self.use_ema:
            return
        for variable in var_list:
            held = self._slots[self._index[id(variable)]] if id(variable) in self._index else {}
            if "average" in held:
                variable.assign(held["average"].value)

    def stateless_apply(
        self,
        optimizer_variables: Sequence[Any],
        grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Array], list[Array]]:
        """`apply` as a pure function of values.

        Args:
            optimizer_variables: values of `variables`.
            grads: gradients.
            trainable_variables: values of the variables that the optimizer was built for.

        Returns:
            (new trainable variables, new optimizer variables).

        Raises:
            ValueError: if it is not built, or the numbers of values do not fit.
        """
        if not self.built:
            raise ValueError(
                f"`stateless_apply` needs a built optimizer: call `build` of '{self.name}'"
            )
        own, weights = self.variables, self._trainable_variables
        for what, given, known in (
            ("optimizer", optimizer_variables, own),
            ("trainable", trainable_variables, weights),
        ):
            if len(given) != len(known):
                raise ValueError(f"{len(given)} {what} variables given, {len(known)} expected")
        values = [jnp.asarray(v) for v in (*trainable_variables, *optimizer_variables)]
        run = scope.pure(lambda: self.apply(grads, weights), [*weights, *own])
        new = run(values).values
        return list(new[: len(weights)]), list(new[len(weights) :])

    def scale_loss(self, loss: Any) -> Any:
        """The loss as gradients are to be taken of it."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spare variables the weight decay.

        Args:
            var_list: these variables.
            var_names: and all in whose name one of these regular expressions is found.
        """
        self._decay_exceptions = (list(var_list or ()), list(var_names or ()))

    def _use_weight_decay(self, variable: Variable) -> bool:
        spared, names = self._decay_exceptions
        is_spared = any(v is variable for v in spared)
        return not is_spared and not any(re.search(name, variable.name) for name in names)

    def _weight_decay_of(self, variable: Variable) -> float | None:
        del variable
        return self.weight_decay

    def assign(self, variable: Variable, value: Any) -> None:
        """Set a variable."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """Add to a variable."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """Subtract from a variable."""
        variable.assign_sub(value)

    # -- config ----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal optimizer."""
        config = super().get_config()
        # a subclass may call its parameter by the older name
        config["lr" if "lr" in config_names(type(self)) else "learning_rate"] = self._rate_config()
        if self.decay:
            config["decay"] = self.decay
        return config

    def _rate_config(self) -> Any:
        rate = self._learning_rate
        if isinstance(rate, Variable):
            return float(np.asarray(rate.value))
        return codec.encode(rate)

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """An optimizer made with the arguments of a config."""
        with registry.CustomObjectScope(custom_objects or {}):
            return super().from_config(config)
