"""RMSprop: gradients divided by their recent root mean square."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots
from cornu.settings import settings


class RMSprop(Optimizer):
    """Divides the gradient by the root of a running mean of its square.

    Args:
        learning_rate: a number, schedule or function without arguments.
        rho: decay rate of the running means.
        momentum: weight of earlier steps in the next one; 0: none.
        epsilon: added to the mean square; None: `epsilon()` of the settings.
        centered: whether to divide by the root of the variance instead.

    Other arguments are those of `Optimizer`.

    Source: Hinton, lecture 6 of "Neural Networks for Machine Learning" (2012).
    """

    late_slots = ("momentum", "average_gradient")

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float | None = 1e-7,
        centered: bool = False,
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
        self.rho = rho
        self.momentum = momentum
        self.epsilon = settings.epsilon if epsilon is None else epsilon
        self.centered = centered

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        wanted = {
            "velocity": True,
            "momentum": self.momentum > 0,
            "average_gradient": self.centered,
        }
        return {name: 0.0 for name, used in wanted.items() if used}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        del step
        square = self.rho * slots["velocity"] + (1 - self.rho) * jnp.square(gradient)
        slots, spread = {**slots, "velocity": square}, square
        if self.centered:
            mean = self.rho * slots["average_gradient"] + (1 - self.rho) * gradient
            slots["average_gradient"], spread = mean, square - jnp.square(mean)
        change = learning_rate * gradient * lax.rsqrt(spread + self.epsilon)
        if self.momentum > 0:
            change = slots["momentum"] = self.momentum * slots["momentum"] + change
        return value - change, slots
