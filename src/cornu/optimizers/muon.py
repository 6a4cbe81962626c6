"""Muon: momentum made orthogonal, for the matrices inside a network."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.optimizers.adam import moments
from cornu.optimizers.optimizer import Optimizer, Slots
from cornu.settings import settings


class Muon(Optimizer):
    """Replaces the momentum of a matrix by the nearest orthogonal one; AdamW does the rest.

    Variables that are not matrices, embeddings and those named in `exclude_layers` (the output
    layer should be) are updated by AdamW.

    Args:
        learning_rate: a number, schedule or function without arguments.
        adam_beta_1: decay rate of AdamW's mean of gradients.
        adam_beta_2: decay rate of AdamW's mean of squared gradients.
        adam_weight_decay: decay of the variables that AdamW updates.
        epsilon: added to AdamW's divisor; None: `epsilon()` of the settings.
        weight_decay: decay of the variables that Muon updates.
        exclude_layers: parts of paths (regular expressions) of variables left to AdamW.
        exclude_embeddings: whether AdamW updates embeddings.
        muon_a: coefficient of x in the Newton-Schulz step.
        muon_b: coefficient of x^3.
        muon_c: coefficient of x^5.
        adam_lr_ratio: AdamW's learning rate as a multiple of `learning_rate`.
        momentum: decay rate of Muon's sum of gradients.
        ns_steps: number of Newton-Schulz steps.
        nesterov: whether the momentum looks one step ahead.
        rms_rate: root mean square of a step, so that AdamW's rates fit; None: steps stay as
            orthogonal matrices are.

    Other arguments are those of `Optimizer`.

    Source: Jordan et al., "Muon" (2024); Liu et al., arXiv:2502.16982.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float | None = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = settings.epsilon if epsilon is None else epsilon
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema,
            ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps,
            name, **kwargs,
        )  # fmt: skip

    def slots(self, variable: Variable) -> dict[str, Any]:
        """Slots and their initial values."""
        names = ("momentum", "velocity") if self._is_for_adam(variable) else ("momentum",)
        return dict.fromkeys(names, 0.0)

    def _weight_decay_of(self, variable: Variable) -> float | None:
        return self.adam_weight_decay if self._is_for_adam(variable) else self.weight_decay

    def _is_for_adam(self, variable: Variable) -> bool:
        path = variable.path.lower()
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in path):
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def update(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        """New weight and slots."""
        if "velocity" in slots:
            return self._adam(gradient, value, slots, learning_rate * self.adam_lr_ratio, step)
        total = self.momentum * slots["momentum"] + gradient
        ahead = gradient + self.momentum * total if self.nesterov else total
        change = self.lr_adjust(self.zeropower_via_newtonschulz5(ahead, self.ns_steps))
        return value - learning_rate * change, {"momentum": total}

    def _adam(
        self, gradient: Array, value: Array, slots: Slots, learning_rate: Array, step: Array
    ) -> tuple[Array, Slots]:
        mean, square = moments(gradient, slots, self.adam_beta_1, self.adam_beta_2)
        rate = learning_rate * jnp.sqrt(1 - self.adam_beta_2**step) / (1 - self.adam_beta_1**step)
        new = value - rate * mean / (jnp.sqrt(square) + self.epsilon)
        return new, {"momentum": mean, "velocity": square}

    def lr_adjust(self, x: Array) -> Array:
        """A step whose root mean square is about `rms_rate`, whatever the matrix's shape."""
        return x if self.rms_rate is None else x * self.rms_rate * math.sqrt(max(x.shape))

    def transpose_last_axis(self, X: Array) -> Array:
        """The matrix, or each of a stack of matrices, transposed."""
        return jnp.swapaxes(X, -1, -2)

    def zeropower_via_newtonschulz5(self, x: Array, steps: int) -> Array:
        """The nearest semi-orthogonal matrix, roughly: singular values go to about 1.

        Args:
            x: a matrix.
            steps: number of Newton-Schulz steps.
        """
        is_tall = x.shape[-2] > x.shape[-1]
        x = self.transpose_last_axis(x) if is_tall else x
        x = x / (jnp.linalg.norm(x) + 1e-7)
        for _ in range(steps):
            gram = x @ self.transpose_last_axis(x)
            x = self.muon_a * x + (self.muon_b * gram + self.muon_c * gram @ gram) @ x
        return self.transpose_last_axis(x) if is_tall else x
