"""Adagrad: steps divided by the root of all squared gradients so far."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots
from cornu.settings import settings


class Adagrad(Optimizer):
    """Each weight's step shrinks with the sum of its squared gradients.

    Args:
        learning_rate: a number, schedule or function without arguments.
        initial_accumulator_value: the sum to start from.
        epsilon: added to the sum; None: `epsilon()` of the settings.

    Other arguments are those of `Optimizer`.

    Source: Duchi et al., JMLR 12 (2011).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = settings.epsilon if epsilon is None else epsilon

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"accumulator": self.initial_accumulator_value}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        del step
        total = slots["accumulator"] + jnp.square(gradient)
        new = value - learning_rate * gradient / jnp.sqrt(total + self.epsilon)
        return new, {"accumulator": total}
