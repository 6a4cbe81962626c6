"""Schedule-free AdamW: averaging in the place of a falling learning rate."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots


class ScheduleFreeAdamW(Optimizer):
    """AdamW on a sequence z, beside it the average x of z; weights are `(1-beta_1) z + beta_1 x`.

    Gradients are taken at the weights, between the fast sequence and its average, so that no
    schedule must know when training will end.

    Args:
        learning_rate: a number, schedule or function without arguments.
        beta_1: share of the average in the weights, in (0, 1).
        beta_2: decay rate of the mean of squared gradients, in [0, 1).
        epsilon: added to the divisor.
        warmup_steps: number of updates in which the learning rate rises from 0; 0: none.

    Other arguments are those of `Optimizer`.

    Source: Defazio et al., arXiv:2405.15682.
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
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
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema,
            ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps,
            name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def slots(self, variable: Variable) -> dict[str, Any]:
        """The sequence z, which starts at the weight, and the mean of squared gradients."""
        return {"momentum": lambda shape, dtype: variable.value, "velocity": 0.0}

    def _update_variables(self, grads: list[Array], variables: list[Variable], rate: Array) -> None:
        for variable in variables:  # z starts at the weight as it was before any decay
            _ = self._slots[self._get_variable_index(variable)]["momentum"].value
        super()._update_variables(grads, variables, rate)

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        rate = learning_rate
        if self.warmup_steps:
            rate = rate * jnp.minimum(step / self.warmup_steps, 1)
        fast = slots["momentum"]
        # 1 - beta in the weight's dtype, as Keras takes it here, differs by 1e-5 from double
        beta_2 = jnp.asarray(self.beta_2, value.dtype)
        average = (value - (1 - self.beta_1) * fast) / self.beta_1
        square = beta_2 * slots["velocity"] + (1 - beta_2) * jnp.square(gradient)
        root = jnp.sqrt(square / (1 - beta_2**step)) + self.epsilon
        fast = fast - rate * gradient / root
        average = average + (fast - average) / step
        new = (1 - self.beta_1) * fast + self.beta_1 * average
        return new, {"momentum": fast, "velocity": square}
