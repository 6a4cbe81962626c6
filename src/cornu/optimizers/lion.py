"""Lion: steps of one size in the direction of a sign."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots


class Lion(Optimizer):
    """Moves each weight by `learning_rate` against the sign of an interpolated momentum.

    Args:
        learning_rate: a number, schedule or function without arguments; usually 3 to 10 times
            smaller than for AdamW, with `weight_decay` larger by as much.
        beta_1: weight of the momentum, against the gradient, in the step; in (0, 1].
        beta_2: decay rate of the momentum.

    Other arguments are those of `Optimizer`.

    Raises:
        ValueError: if `beta_1` is not in (0, 1].

    Source: Chen et al., arXiv:2302.06675.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        if not 0 < beta_1 <= 1:
            raise ValueError(
                f"`beta_1` must be in (0, 1]; 0 would ignore the momentum. Received: {beta_1}"
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"momentum": 0.0}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        del step
        mean = slots["momentum"]
        direction = jnp.sign(self.beta_1 * mean + (1 - self.beta_1) * gradient)
        mean = self.beta_2 * mean + (1 - self.beta_2) * gradient
        return value - learning_rate * direction, {"momentum": mean}
