"""FTRL: follow the regularized leader."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots

_NOT_NEGATIVE = (
    "initial_accumulator_value",
    "l1_regularization_strength",
    "l2_regularization_strength",
    "l2_shrinkage_regularization_strength",
)


class Ftrl(Optimizer):
    """For shallow models on large sparse inputs: weights that L1 sets exactly to zero.

    Args:
        learning_rate: a number, schedule or function without arguments.
        learning_rate_power: how the rate falls with the squared gradients so far; at most 0, where
            0 is a fixed rate.
        initial_accumulator_value: the sum of squared gradients to start from; not negative.
        l1_regularization_strength: not negative.
        l2_regularization_strength: not negative; it stabilizes.
        l2_shrinkage_regularization_strength: not negative; it penalizes the size of weights.
        beta: the paper's beta, added to the root of the sum.

    Other arguments are those of `Optimizer`.

    Raises:
        ValueError: if one of the numbers is out of its range.

    Source: McMahan et al., "Ad Click Prediction: a View from the Trenches" (2013).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        if learning_rate_power > 0:
            raise ValueError(
                f"`learning_rate_power` must be at most 0. Received: {learning_rate_power}"
            )
        for argument in _NOT_NEGATIVE:
            if getattr(self, argument) < 0:
                raise ValueError(
                    f"`{argument}` must not be negative. Received: {getattr(self, argument)}"
                )

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        del step
        rests = learning_rate <= 0  # where a schedule ends: it would divide by 0
        learning_rate = jnp.where(rests, 1, learning_rate)
        power, l1 = -self.learning_rate_power, self.l1_regularization_strength
        l2 = self.l2_regularization_strength + self.beta / (2 * learning_rate)
        shrunk = gradient + 2 * self.l2_shrinkage_regularization_strength * value
        before = slots["accumulator"]
        total = before + jnp.square(gradient)
        sigma = (total**power - before**power) / learning_rate
        linear = slots["linear"] + shrunk - sigma * value
        curvature = total**power / learning_rate + 2 * l2
        new = (jnp.clip(linear, -l1, l1) - linear) / curvature
        slots = {
            "accumulator": jnp.where(rests, before, total),
            "linear": jnp.where(rests, slots["linear"], linear),
        }
        return jnp.where(rests, value, new), slots
