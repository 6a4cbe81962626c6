"""Adafactor: second moments of matrices kept as row and column means."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots
from cornu.optimizers.schedules.schedule import LearningRateSchedule


class Adafactor(Optimizer):
    """Adam-like steps with far less memory, relative to the size of each weight.

    Args:
        learning_rate: a number, schedule or function without arguments.
        beta_2_decay: the running means keep `1 - step ** beta_2_decay` of what they were.
        epsilon_1: added to squared gradients.
        epsilon_2: least size a weight counts with.
        clip_threshold: largest root mean square of a step before scaling.
        relative_step: whether a fixed learning rate is bounded by `1 / sqrt(step)`.

    Other arguments are those of `Optimizer`.

    Source: Shazeer & Stern, arXiv:1804.04235.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Row and column means of matrices (unused scalars otherwise), and the second moment.

        For matrices the latter follows from the means; files have it nevertheless.
        """
        if variable.ndim < 2:
            unused = [Variable(0, name=variable.name, trainable=False) for _ in range(2)]
            return {"row": unused[0], "column": unused[1], "velocity": 0.0}
        *batch, rows, columns = variable.shape
        name, dtype = variable.name, variable.dtype
        return {
            "row": self._variable(name, (*batch, rows), 0.0, dtype),
            "column": self._variable(name, (*batch, columns), 0.0, dtype),
            "velocity": 0.0,
        }

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        if self.relative_step and not isinstance(self._learning_rate, LearningRateSchedule):
            learning_rate = jnp.minimum(learning_rate, 1 / jnp.sqrt(step))
        size = jnp.maximum(self.epsilon_2, _root_mean_square(value))
        kept = 1 - step**self.beta_2_decay
        squares = jnp.square(gradient) + self.epsilon_1
        slots = dict(slots)
        if value.ndim < 2:
            second = kept * slots["velocity"] + (1 - kept) * squares
        else:
            rows = kept * slots["row"] + (1 - kept) * jnp.mean(squares, axis=-1)
            columns = kept * slots["column"] + (1 - kept) * jnp.mean(squares, axis=-2)
            slots["row"], slots["column"] = rows, columns
            share = rows / jnp.mean(rows, axis=-1, keepdims=True)
            second = share[..., :, None] * columns[..., None, :]
        slots["velocity"] = second
        change = gradient / jnp.sqrt(second)
        change = change / jnp.maximum(1.0, _root_mean_square(change) / self.clip_threshold)
        return value - learning_rate * size * change, slots


def _root_mean_square(x: Array) -> Array:
    return jnp.sqrt(jnp.mean(jnp.square(x)))
