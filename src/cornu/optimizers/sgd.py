"""Gradient descent, plain and with momentum."""

from __future__ import annotations

from typing import Any

from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots


class SGD(Optimizer):
    """Gradient descent with optional momentum.

    With `v = momentum * v - learning_rate * gradient`, a weight changes by `v`, with `nesterov` by
    `momentum * v - learning_rate * gradient`.

    Args:
        learning_rate: a number, schedule or function without arguments.
        momentum: in [0, 1]; 0 is plain gradient descent.
        nesterov: whether the momentum looks one step ahead.

    Other arguments are those of `Optimizer`.

    Raises:
        ValueError: if `momentum` is not in [0, 1].
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be in [0, 1]. Received: momentum={momentum}")
        self.momentum = momentum
        self.nesterov = nesterov

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"momentum": 0.0} if self.momentum else {}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        del step
        change = -learning_rate * gradient
        if not self.momentum:
            return value + change, {}
        velocity = self.momentum * slots["momentum"] + change
        if self.nesterov:
            return value + self.momentum * velocity + change, {"momentum": velocity}
        return value + velocity, {"momentum": velocity}
