"""How many steps and epochs a dispatch runs follows from how long they took."""

from __future__ import annotations

import pytest

from cornu.settings import settings
from cornu.training.pace import _SHORT, Pace


def paced(seconds: float, steps: int = 8) -> Pace:
    """After one dispatch that compiled and one that was measured."""
    its = Pace()
    its.note(1, 5.0)
    its.note(steps, seconds * steps)
    return its


def test_the_first_dispatch_compiles_and_says_nothing() -> None:
    its = Pace()
    its.note(1, 5.0)
    assert its.seconds == 0
    assert not its.is_known(1)
    its.note(7, 0.7)
    assert its.seconds == pytest.approx(0.1)


def test_unmeasured_steps_come_one_then_a_few() -> None:
    its = Pace()
    assert (its.steps(0, 100), its.steps(1, 100), its.steps(1, 4)) == (1, 8, 3)
    assert its.passes(steps=10, most=64) == 1


@pytest.mark.parametrize("seconds", [1e-4, 1e-3, 0.05, 3.0])
def test_a_chunk_takes_about_the_time_that_is_set(seconds: float) -> None:
    count = paced(seconds).steps(0, 10**9)
    assert count * seconds == pytest.approx(max(settings.chunk_seconds, seconds), rel=0.3)
    assert paced(seconds).steps(5, 6) == 1


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(1e-7, 64), (1e-4, 20), (0.001, 2), (0.0015, 1), (1.0, 1)]
)
def test_epochs_together_are_no_longer_than_may_go_unwaited_for(
    seconds: float, wanted: int
) -> None:
    found = paced(seconds).passes(steps=10, most=64)
    assert found == pytest.approx(wanted, abs=1)
    assert found * 10 * seconds <= max(_SHORT, 10 * seconds)


def test_what_many_steps_take_says_more_than_what_few_did() -> None:
    its = paced(1e-5, steps=8)
    assert its.is_known(16)
    assert not its.is_known(17)  # tells something new
    assert not paced(0.01, steps=8).is_known(8)  # too long to go unwaited for
