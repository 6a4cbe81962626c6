"""LearningRateScheduler."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from callbacks.fakes import FakeModel, drive
from cornu.callbacks import LearningRateScheduler


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (lambda epoch, lr: lr * 0.5, [0.05, 0.025]),
        (lambda epoch: 0.1 / (epoch + 1), [0.1, 0.05]),
        (lambda epoch, lr=None: 0.3, [0.3, 0.3]),
        (lambda epoch, lr: np.float64(0.2), [0.2, 0.2]),
        (lambda epoch, lr: jnp.float32(0.25), [0.25, 0.25]),
        (lambda epoch, lr: 1, [1.0, 1.0]),
    ],
)
def test_rates(schedule: Any, expected: list[float]) -> None:
    run = drive(LearningRateScheduler(schedule), [1.0, 1.0])
    assert run.rates == pytest.approx(expected)
    assert [logs["learning_rate"] for logs in run.logs] == pytest.approx(expected)
    assert all(type(logs["learning_rate"]) is float for logs in run.logs)


@pytest.mark.parametrize("bad", ["a", None, True, np.nan, np.inf, -0.1, np.ones(1), [0.1]])
def test_a_schedule_must_give_a_rate(bad: Any) -> None:
    with pytest.raises(ValueError, match="must return a finite, non-negative number"):
        drive(LearningRateScheduler(lambda epoch, lr: bad), [1.0])


def test_an_error_inside_the_schedule_is_the_users_own() -> None:
    def schedule(epoch: int, lr: float) -> float:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        drive(LearningRateScheduler(schedule), [1.0])


def test_a_number_is_no_schedule() -> None:
    with pytest.raises(TypeError, match="schedule must be a function"):
        LearningRateScheduler(0.1)  # type: ignore[arg-type]


def test_a_model_without_optimizer() -> None:
    model: Any = FakeModel()
    model.optimizer = None
    with pytest.raises(ValueError, match="LearningRateScheduler: the model has no optimizer"):
        drive(LearningRateScheduler(lambda epoch: 0.1), [1.0], model=model)


def test_it_tells_the_rate(capsys: Any) -> None:
    drive(LearningRateScheduler(lambda epoch: 0.25, verbose=1), [1.0])
    expected = "\nEpoch 1: LearningRateScheduler setting learning rate to 0.25.\n"
    assert capsys.readouterr().out == expected
