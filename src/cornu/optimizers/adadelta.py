"""Adadelta: step lengths from recent steps and recent gradients."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots
from cornu.settings import settings


class Adadelta(Optimizer):
    """Steps whose length follows the root mean square of recent steps over that of gradients.

    Args:
        learning_rate: a number, schedule or function without arguments; 1.0 is the paper's form.
        rho: decay rate of both running means.
        epsilon: added to both; None: `epsilon()` of the settings.

    Other arguments are those of `Optimizer`.

    Source: Zeiler, arXiv:1212.5701.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float | None = 1e-7,
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
        self.epsilon = settings.epsilon if epsilon is None else epsilon

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        del step
        squares, changes = slots["accumulated_grad"], slots["accumulated_delta_var"]
        squares = self.rho * squares + (1 - self.rho) * jnp.square(gradient)
        change = -gradient * jnp.sqrt((changes + self.epsilon) / (squares + self.epsilon))
        changes = self.rho * changes + (1 - self.rho) * jnp.square(change)
        slots = {"accumulated_grad": squares, "accumulated_delta_var": changes}
        return value + learning_rate * change, slots
