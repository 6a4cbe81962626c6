"""Pace: how long the steps of a program take, and so how many of them one dispatch runs."""

from __future__ import annotations

from cornu.settings import settings

_SHORT = 0.02  # seconds; shorter dispatches are not waited for


class Pace:
    """What is known of a program's speed; it stays known from one `fit` to the next."""

    def __init__(self) -> None:
        self.seconds = 0.0  # a step; 0: not measured yet
        self._measured = 0  # steps of the dispatch that was measured
        self._is_compiled = False  # the first dispatch compiles: its time says nothing

    def steps(self, done: int, end: int) -> int:
        """How many of the steps from `done` to before `end` to run next."""
        if not self.seconds:
            return min(1 if done == 0 else 8, end - done)
        return max(1, min(end - done, round(settings.chunk_seconds / self.seconds)))

    def passes(self, steps: int, most: int) -> int:
        """How many epochs of so many steps to run in a dispatch that is not waited for."""
        if not self.seconds:
            return 1
        return max(1, min(most, int(_SHORT / (self.seconds * steps))))

    def is_known(self, steps: int) -> bool:
        """Whether a dispatch of so many steps is short and tells nothing new."""
        # What many steps take says more than what few did.
        is_short = 0 < self.seconds * steps < _SHORT
        return is_short and steps <= 2 * self._measured

    def note(self, steps: int, seconds: float) -> None:
        """Note how long a dispatch took that was waited for."""
        if self._is_compiled:
            self.seconds = seconds / steps
            self._measured = steps
        self._is_compiled = True
