"""Schedules: formulas at chosen steps, tracing, errors."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from cornu.core.variable import Variable
from cornu.optimizers import SGD, schedules


@pytest.mark.parametrize(
    ("schedule", "step", "rate"),
    [
        (schedules.ExponentialDecay(0.1, 10, 0.5), 20, 0.025),
        (schedules.ExponentialDecay(0.1, 10, 0.5, staircase=True), 19, 0.05),
        (schedules.PiecewiseConstantDecay([10], [1.0, 0.5]), 10, 1.0),
        (schedules.PiecewiseConstantDecay([10], [1.0, 0.5]), 11, 0.5),
        (schedules.PolynomialDecay(1.0, 10, end_learning_rate=0.5), 5, 0.75),
        (schedules.PolynomialDecay(1.0, 10, end_learning_rate=0.5), 50, 0.5),
        (schedules.InverseTimeDecay(1.0, 10, 1.0), 10, 0.5),
        (schedules.CosineDecay(1.0, 10), 5, 0.5),
        (schedules.CosineDecay(0.0, 10, warmup_target=1.0, warmup_steps=4), 1, 0.25),
        (schedules.CosineDecayRestarts(1.0, 10), 5, 0.5),
        (schedules.CosineDecayRestarts(1.0, 10, t_mul=1.0), 10, 1.0),
    ],
    ids=lambda value: type(value).__name__,
)
def test_rates_follow_the_formula_also_compiled(schedule: Any, step: int, rate: float) -> None:
    for given in (step, np.int32(step), Variable(step, dtype="int32")):
        assert float(schedule(given)) == pytest.approx(rate, rel=1e-6)
    assert float(jax.jit(schedule)(step)) == pytest.approx(rate, rel=1e-6)
    assert type(schedule).from_config(schedule.get_config()).get_config() == schedule.get_config()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps"),
        (lambda: schedules.CosineDecayRestarts(0.1, 0), "first_decay_steps"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0]), "one more element"),
    ],
)
def test_bad_arguments(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()


class Halving(schedules.LearningRateSchedule):
    """A user's own."""

    def __init__(self, start: float) -> None:
        self.start = start

    def __call__(self, step: Any) -> Any:
        return self.start / (step + 1)


def test_a_schedule_of_ones_own_drives_an_optimizer() -> None:
    weight = Variable(np.ones(1, "float32"), name="w")
    optimizer = SGD(Halving(0.5))
    for _ in range(2):
        optimizer.apply([np.ones(1, "float32")], [weight])
    assert np.asarray(weight.value).tolist() == [1 - 0.5 - 0.25]
    assert Halving(0.5).get_config() == {"start": 0.5}
    with pytest.raises(NotImplementedError, match="__call__"):
        schedules.LearningRateSchedule()(0)


def test_boundaries_must_increase() -> None:
    for boundaries in ([2, 1], [1, 1]):
        with pytest.raises(ValueError, match="must increase"):
            schedules.PiecewiseConstantDecay(boundaries, [1.0, 2.0, 3.0])
