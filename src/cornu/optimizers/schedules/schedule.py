"""Learning rates that are a function of the step.

A schedule is called with the number of updates made so far (an integer scalar, traced or not) and
gives the learning rate of the next one as a float32 scalar. It must trace: no Python branch on the
step.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core.variable import Variable
from cornu.serialization.configurable import Configurable


class LearningRateSchedule(Configurable):
    """Base of learning-rate schedules; subclasses define `__call__(step)`.

    The constructor's arguments are the config, provided each is stored under its own name.
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate after `step` updates: a scalar."""
        raise NotImplementedError(f"{type(self).__name__} must define `__call__(self, step)`")


def as_float(step: Any) -> Array:
    """The step as a float32 scalar."""
    return jnp.asarray(step.value if isinstance(step, Variable) else step, "float32")


def check_positive(name: str, value: float) -> None:
    """Refuse a number of steps that is not above zero."""
    if not value > 0:
        raise ValueError(f"`{name}` must be greater than 0. Received: {name}={value}")


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of steps in which the rate falls by the factor `decay_rate`.
        decay_rate: that factor.
        staircase: whether `step / decay_steps` is rounded down, so that the rate falls in jumps.
        name: kept for the config.

    Raises:
        ValueError: if `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "ExponentialDecay",
    ) -> None:
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Array:
        """The learning rate after `step` updates."""
        periods = as_float(step) / self.decay_steps
        if self.staircase:
            periods = jnp.floor(periods)
        return self.initial_learning_rate * jnp.power(jnp.float32(self.decay_rate), periods)


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[i]` from just after `boundaries[i - 1]` up to and including `boundaries[i]`.

    Args:
        boundaries: increasing steps, one fewer than `values`.
        values: learning rates.
        name: kept for the config.

    Raises:
        ValueError: if the numbers of boundaries and values do not fit.
    """

    def __init__(
        self, boundaries: Sequence[float], values: Sequence[float], name: str = "PiecewiseConstant"
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "`values` must have one more element than `boundaries`. "
                f"Received: {len(boundaries)} boundaries and {len(values)} values"
            )
        if any(a >= b for a, b in itertools.pairwise(boundaries)):
            raise ValueError(f"`boundaries` must increase. Received: {list(boundaries)}")
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step: Any) -> Array:
        """The learning rate after `step` updates."""
        passed = as_float(step) > jnp.asarray(self.boundaries, "float32")
        return jnp.asarray(self.values, "float32")[jnp.sum(passed)]


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` along a power of the remaining part.

    `(initial - end) * (1 - step / decay_steps) ** power + end`, constant after `decay_steps`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of steps to the end.
        end_learning_rate: the rate from then on.
        power: 1 is a straight line.
        cycle: start again, each time ending at the next multiple of `decay_steps`.
        name: kept for the config.

    Raises:
        ValueError: if `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Array:
        """The learning rate after `step` updates."""
        now = as_float(step)
        length = jnp.float32(self.decay_steps)
        if self.cycle:
            length = length * jnp.maximum(jnp.ceil(now / self.decay_steps), 1.0)
        else:
            now = jnp.minimum(now, length)
        left = jnp.power(1.0 - now / length, self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: the number of steps that counts as one unit of time.
        decay_rate: how much a unit of time adds to the divisor.
        staircase: whether time is rounded down to whole units.
        name: kept for the config.

    Raises:
        ValueError: if `decay_steps` is not positive.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        decay_rate: float,
        staircase: bool = False,
        name: str = "InverseTimeDecay",
    ) -> None:
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step: Any) -> Array:
        """The learning rate after `step` updates."""
        time = as_float(step) / self.decay_steps
        if self.staircase:
            time = jnp.floor(time)
        return self.initial_learning_rate / (1.0 + self.decay_rate * time)


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the full rate down to `alpha` of it, after an optional linear warm-up.

    Args:
        initial_learning_rate: the rate at step 0.
        decay_steps: number of steps of the decay, which begins after the warm-up.
        alpha: the fraction of the full rate at which the decay ends.
        name: kept for the config.
        warmup_target: the full rate, reached at the end of the warm-up; None: no warm-up, the full
            rate is `initial_learning_rate`.
        warmup_steps: number of steps of the warm-up.

    Raises:
        ValueError: if `decay_steps` is not positive.

    Source: Loshchilov & Hutter, "SGDR" (arXiv:1608.03983).
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        check_positive("decay_steps", decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Array:
        """The learning rate after `step` updates."""
        now = as_float(step)
        if self.warmup_target is None:
            return self._decayed(now, self.initial_learning_rate)
        rise = self.warmup_target - self.initial_learning_rate
        warming = self.initial_learning_rate + rise * now / max(self.warmup_steps, 1)
        decayed = self._decayed(now - self.warmup_steps, self.warmup_target)
        return jnp.where(now < self.warmup_steps, warming, decayed)

    def _decayed(self, now: Array, full: float) -> Array:
        done = jnp.minimum(now, self.decay_steps) / self.decay_steps
        cosine = 0.5 * (1.0 + jnp.cos(jnp.float32(math.pi) * done))
        return full * ((1 - self.alpha) * cosine + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay that starts again, each time over more steps and from another rate.

    Args:
        initial_learning_rate: the rate at step 0.
        first_decay_steps: number of steps of the first decay.
        t_mul: each decay takes `t_mul` times as many steps as the one before.
        m_mul: the part of the rate above its end shrinks by this factor from decay to decay.
        alpha: the fraction of `initial_learning_rate` at which each decay ends.
        name: kept for the config.

    Raises:
        ValueError: if `first_decay_steps` is not positive.

    Source: Loshchilov & Hutter, "SGDR" (arXiv:1608.03983).
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_positive("first_decay_steps", first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Array:
        """The learning rate after `step` updates."""
        done = as_float(step) / self.first_decay_steps
        if self.t_mul == 1.0:
            restarts = jnp.floor(done)
            done = done - restarts
        else:
            # after n restarts the first decays took (1 - t^n) / (1 - t) times the first one's steps
            restarts = jnp.floor(jnp.log(1.0 - done * (1.0 - self.t_mul)) / math.log(self.t_mul))
            before = (1.0 - self.t_mul**restarts) / (1.0 - self.t_mul)
            done = (done - before) / self.t_mul**restarts
        cosine = 0.5 * self.m_mul**restarts * (1.0 + jnp.cos(jnp.float32(math.pi) * done))
        return self.initial_learning_rate * ((1 - self.alpha) * cosine + self.alpha)
