"""Adam and its relatives: steps scaled by running moments of the gradient."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core import naming
from cornu.core.variable import Variable
from cornu.optimizers.optimizer import Optimizer, Slots
from cornu.settings import settings


def moments(gradient: Array, slots: Slots, beta_1: float, beta_2: float) -> tuple[Array, Array]:
    """Running means of the gradient ("momentum") and of its square ("velocity")."""
    mean, square = slots["momentum"], slots["velocity"]
    mean = mean + (gradient - mean) * (1 - beta_1)
    return mean, square + (jnp.square(gradient) - square) * (1 - beta_2)


class Adam(Optimizer):
    """Steps along the mean of gradients, divided by the root of their mean square.

    Args:
        learning_rate: a number, schedule or function without arguments.
        beta_1: decay rate of the mean of gradients, in [0, 1).
        beta_2: decay rate of the mean of squared gradients, in [0, 1).
        epsilon: added to the divisor; None: `epsilon()` of the settings.
        amsgrad: whether to divide by the largest mean square so far (Reddi et al., 2018).

    Other arguments are those of `Optimizer`.

    Source: Kingma & Ba, arXiv:1412.6980, in the form before its section 2.1.
    """

    late_slots = ("velocity_hat",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = 1e-7,
        amsgrad: bool = False,
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
        self.epsilon = settings.epsilon if epsilon is None else epsilon
        self.amsgrad = amsgrad

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        names = ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))
        return dict.fromkeys(names, 0.0)

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        mean, square = moments(gradient, slots, self.beta_1, self.beta_2)
        slots = {**slots, "momentum": mean, "velocity": square}
        if self.amsgrad:
            square = slots["velocity_hat"] = jnp.maximum(slots["velocity_hat"], square)
        rate = learning_rate * jnp.sqrt(1 - self.beta_2**step) / (1 - self.beta_1**step)
        return value - rate * mean / (jnp.sqrt(square) + self.epsilon), slots


class AdamW(Adam):
    """Adam with decoupled weight decay.

    Args:
        learning_rate: a number, schedule or function without arguments.
        weight_decay: each update first subtracts `weight * weight_decay * learning_rate`.
        beta_1: as for `Adam`.
        beta_2: as for `Adam`.
        epsilon: as for `Adam`.
        amsgrad: as for `Adam`.

    Other arguments are those of `Optimizer`.

    Raises:
        ValueError: if `weight_decay` is None.

    Source: Loshchilov & Hutter, arXiv:1711.05101.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float | None = 1e-7,
        amsgrad: bool = False,
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
        if weight_decay is None:
            raise ValueError("`weight_decay` of AdamW must be a number; without decay use Adam")
        super().__init__(
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue,
            global_clipnorm, use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor,
            gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip


class Adamax(Optimizer):
    """Adam with the largest recent gradient in place of the root of the mean square.

    Args:
        learning_rate: a number, schedule or function without arguments.
        beta_1: decay rate of the mean of gradients, in [0, 1).
        beta_2: decay rate of the largest gradient, in [0, 1).
        epsilon: added to the divisor; None: `epsilon()` of the settings.

    Other arguments are those of `Optimizer`.

    Source: Kingma & Ba, arXiv:1412.6980, section 7.1.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = settings.epsilon if epsilon is None else epsilon

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"momentum": 0.0, "norm": 0.0}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        mean = slots["momentum"] + (gradient - slots["momentum"]) * (1 - self.beta_1)
        norm = jnp.maximum(self.beta_2 * slots["norm"], jnp.abs(gradient))
        rate = learning_rate / (1 - self.beta_1**step)
        return value - rate * mean / (norm + self.epsilon), {"momentum": mean, "norm": norm}


class Nadam(Optimizer):
    """Adam with Nesterov momentum, the momentum rising from half of `beta_1` towards it.

    Args:
        learning_rate: a number, schedule or function without arguments.
        beta_1: decay rate of the mean of gradients, in [0, 1).
        beta_2: decay rate of the mean of squared gradients, in [0, 1).
        epsilon: added to the divisor; None: `epsilon()` of the settings.

    Other arguments are those of `Optimizer`.

    Source: Dozat, "Incorporating Nesterov Momentum into Adam" (2015).
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = settings.epsilon if epsilon is None else epsilon
        self._u_product: Variable | None = None

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots, and the running product of momenta that all variables share."""
        super().build(variables)
        if self._u_product is None:
            self._u_product = Variable(
                1.0, trainable=False, autocast=False, name=naming.auto_name("variable")
            )
            self._added_variables.append(self._u_product)

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"momentum": 0.0, "velocity": 0.0}

    def _momentum(self, step: Array) -> Array:
        return self.beta_1 * (1 - 0.5 * 0.96**step)

    def _update_variables(self, grads: list[Array], variables: list[Variable], rate: Array) -> None:
        super()._update_variables(grads, variables, rate)
        assert self._u_product is not None
        product = self._u_product.value
        step = (self._count_updates() + 1).astype(product.dtype)
        self._u_product.assign(product * self._momentum(step))

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        assert self._u_product is not None
        # 1 - beta in the weight's dtype, as Keras takes it here, differs by 5e-5 from double; in 16
        # bits, though, beta_2 would be 1.
        work = step.dtype
        beta_1, beta_2 = (jnp.asarray(b, work) for b in (self.beta_1, self.beta_2))
        mean = beta_1 * slots["momentum"] + (1 - beta_1) * gradient
        square = beta_2 * slots["velocity"] + (1 - beta_2) * jnp.square(gradient)
        now, ahead = self._momentum(step), self._momentum(step + 1)
        product = self._u_product.value.astype(work) * now
        direction = ahead * mean / (1 - product * ahead) + (1 - now) * gradient / (1 - product)
        root = jnp.sqrt(square / (1 - self.beta_2**step))
        new = value - learning_rate * direction / (root + self.epsilon)
        return new, {"momentum": mean, "velocity": square}


class Lamb(Optimizer):
    """Adam whose step for each weight is as long as `learning_rate` times the weight's norm.

    Args:
        learning_rate: a number, schedule or function without arguments.
        beta_1: decay rate of the mean of gradients, in [0, 1).
        beta_2: decay rate of the mean of squared gradients, in [0, 1).
        epsilon: added to the divisor; None: `epsilon()` of the settings.

    Other arguments are those of `Optimizer`.

    Source: You et al., arXiv:1904.00962.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
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
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = settings.epsilon if epsilon is None else epsilon

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        del variable
        return {"momentum": 0.0, "velocity": 0.0}

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        mean, square = moments(gradient, slots, self.beta_1, self.beta_2)
        root = jnp.sqrt(square / (1 - self.beta_2**step))
        direction = mean / (1 - self.beta_1**step) / (root + self.epsilon)
        length, reach = jnp.linalg.norm(value.ravel()), jnp.linalg.norm(direction.ravel())
        usable = (length > 0) & (reach > 0)
        ratio = jnp.where(usable, length / jnp.where(usable, reach, 1), 1)
        new = value - learning_rate * ratio * direction
        return new, {"momentum": mean, "velocity": square}
