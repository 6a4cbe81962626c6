"""Dynamic loss scaling, which keeps float16 gradients from vanishing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.errors import short
from cornu.optimizers.optimizer import Optimizer
from cornu.optimizers.update import all_finite, when

_INNER = (
    "learning_rate",
    "lr",
    "weight_decay",
    "clipnorm",
    "clipvalue",
    "global_clipnorm",
    "use_ema",
    "ema_momentum",
    "ema_overwrite_frequency",
    "loss_scale_factor",
    "gradient_accumulation_steps",
)


class LossScaleOptimizer(Optimizer):
    """Multiplies the loss by a scale, divides the gradients by it, and finds the scale.

    A step with an infinity or NaN in a gradient is skipped (the inner optimizer is left as it is)
    and halves the scale; `dynamic_growth_steps` finite steps in a row double it.

    Args:
        inner_optimizer: the optimizer that updates the variables.
        initial_scale: the scale to start from; too high is corrected fast.
        dynamic_growth_steps: number of finite steps after which the scale doubles.
        name: prefix of the variables' paths.

    Raises:
        TypeError: if `inner_optimizer` is not an optimizer.
        ValueError: for arguments that belong to the inner optimizer, or numbers out of range.
    """

    counts_every_step = False  # one with non-finite gradients is left out

    config_omit: ClassVar[tuple[str, ...]] = _INNER

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(
                f"`inner_optimizer` must be an Optimizer object. Received: {short(inner_optimizer)}"
            )
        misplaced = [name for name in _INNER if kwargs.pop(name, None)]
        if misplaced:
            raise ValueError(
                f"LossScaleOptimizer does not take `{misplaced[0]}`: set it on the inner optimizer"
            )
        if not initial_scale > 0:
            raise ValueError(f"`initial_scale` must be greater than 0. Received: {initial_scale}")
        if not dynamic_growth_steps >= 1:
            raise ValueError(
                f"`dynamic_growth_steps` must be at least 1. Received: {dynamic_growth_steps}"
            )
        super().__init__(learning_rate=0.0, name=name, **kwargs)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps

    @property
    def variables(self) -> list[Variable]:
        """Own variables, then the inner optimizer's."""
        return super().variables + self.inner_optimizer.variables

    @property
    def iterations(self) -> Any:
        """Number of updates made by the inner optimizer."""
        return self.inner_optimizer.iterations

    @property
    def steps_taken(self) -> Variable:
        """Number of steps that the inner optimizer took part in."""
        return self.inner_optimizer.steps_taken

    @property
    def learning_rate(self) -> Any:
        """The inner optimizer's learning rate."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    def build(self, variables: Iterable[Variable]) -> None:
        """Build the inner optimizer, and the counter and the scale."""
        self.inner_optimizer.build(variables)
        self._trainable_variables = self.inner_optimizer._trainable_variables
        self._index = self.inner_optimizer._index
        if not self.built:
            self.step_counter = self._variable("step_counter", (), 0, "int32")
            self.dynamic_scale = self._variable(
                "dynamic_scale", (), float(self.initial_scale), "float32"
            )
            self._added_variables += [self.step_counter, self.dynamic_scale]
            self.built = True

    def apply(
        self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None
    ) -> None:
        """Update variables from the gradients of the scaled loss, if these are finite."""
        gradients, variables = self._resolve(grads, trainable_variables)
        scale = self.dynamic_scale.value

        def take() -> None:
            unscaled = [(g.astype("float32") / scale).astype(g.dtype) for g in gradients]
            self.inner_optimizer.apply(unscaled, variables)
            count = self.step_counter.value + 1
            is_due = count >= self.dynamic_growth_steps
            self.step_counter.assign(jnp.where(is_due, 0, count))
            self.dynamic_scale.assign(jnp.where(is_due, scale * 2, scale))

        def skip() -> None:
            self.step_counter.assign(jnp.zeros_like(self.step_counter.value))
            self.dynamic_scale.assign(scale / 2)

        state = [*self.variables, *self._trainable_variables]
        when(self.check_finite(gradients), take, skip, state)

    def check_finite(self, grads: Sequence[Any]) -> Array:
        """Whether no gradient holds an infinity or a NaN: a bool scalar."""
        return all_finite([jnp.asarray(g) for g in grads if g is not None])

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the current scale, and as the inner optimizer scales it."""
        loss = self.inner_optimizer.scale_loss(loss)
        return loss * (self.dynamic_scale.value if self.built else self.initial_scale)

    def finalize_variable_values(self, var_list: Iterable[Variable]) -> None:
        """Give the weights their final values, as the inner optimizer does."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spare variables the inner optimizer's weight decay."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def get_config(self) -> dict[str, Any]:
        """The inner optimizer, the scale to start from and when it grows."""
        config = super().get_config()
        config.pop("learning_rate")
        return config
