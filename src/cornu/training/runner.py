"""Runner: one pass over a feed with a State, chunk by chunk, in whatever way suits the feed.

`fit` and `evaluate` differ in the step and in what happens between chunks; how the data reach the
device is the same and stands here.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import jax

from cornu.settings import settings
from cornu.training import windows
from cornu.training.plan import BatchPlan, LoopPlan
from cornu.training.state import State
from cornu.training.step import Batch


class Progress(NamedTuple):
    """What one dispatch gave: steps finished in this epoch, the state after them, its logs."""

    steps: int
    state: State
    logs: dict[str, Any]


_SHORT = 0.02  # seconds; shorter dispatches are not waited for
_MOST_AHEAD = 3  # dispatches that are not waited for

# From the runner to the loop and back: the loop may change the state between dispatches.
Steps = Generator[Progress, None, None]
Refresh = Callable[[State], State]


def to_device(batch: Batch) -> Batch:
    """A batch of NumPy arrays as device arrays."""
    return jax.device_put(batch)


class _Ahead:
    """Dispatches that are not waited for: a few, so that neither memory nor doubt piles up."""

    def __init__(self) -> None:
        self._steps: collections.deque[Any] = collections.deque()

    def add(self, step: Any) -> None:
        """Note the step counter that a dispatch gives; waits for an older one if they are many."""
        self._steps.append(step)
        if len(self._steps) > _MOST_AHEAD:
            jax.block_until_ready(self._steps.popleft())

    def wait(self) -> None:
        """Wait for all."""
        jax.block_until_ready(self._steps)
        self._steps.clear()


class ArrayRun:
    """Runs over arrays that lie on the device."""

    def __init__(self, plan: LoopPlan, feed: Any) -> None:
        self.plan = plan
        self.feed = feed
        self.windows = windows.make(feed, plan.batch_size)
        self.pace = 0.0  # seconds a step, measured
        self._ahead = _Ahead()

    def epoch(
        self,
        state: State,
        seed: tuple[int, int],
        start: int,
        limit: int | None,
        single: bool,
        refresh: Refresh,
    ) -> Steps:
        """Run an epoch from batch `start`; one step a dispatch if `single`, else many."""
        rows = self.feed.order(seed)
        samples, size = len(rows), self.plan.batch_size
        full, rest = divmod(samples, size)
        total = full + bool(rest)
        steps = total if limit is None else min(total, limit)
        done, last = start, None
        if rest and steps == total and not self.plan.fills(state, self.feed.arrays):
            last = jax.tree.map(lambda a: a[rows[full * size :]], self.feed.arrays)
            if full > start:
                self.plan.prepare_last(state, last)
        for window in self.windows.over(rows, start, steps if last is None else full):
            program = self.plan.program(state, window.data)
            end = window.first + window.count
            while done < end:
                count = 1 if single else self._chunk(done, end)
                before = time.perf_counter()
                state, logs = program(
                    state, window.data, window.order, window.samples, done - window.first, count
                )
                if not single:
                    self._pace(state.step, count, before)
                done += count
                yield Progress(done, state, logs)
                state = refresh(state) if done < steps else state
        if last is not None:
            state, logs = self.plan.run_last(state, last)
            yield Progress(done + 1, state, logs)

    def _chunk(self, done: int, end: int) -> int:
        if not self.pace:
            return min(1 if done == 0 else 8, end - done)
        return max(1, min(end - done, round(settings.chunk_seconds / self.pace)))

    def _pace(self, step: Any, count: int, before: float) -> None:
        """Wait for a dispatch and measure it; short ones run on while the next are prepared."""
        self._ahead.add(step)
        if self.pace and count * self.pace < _SHORT:
            return
        self._ahead.wait()
        # The first dispatch compiles; its time says nothing of the pace.
        if self.plan.warm:
            self.pace = (time.perf_counter() - before) / count
        self.plan.warm = True


class StreamRun:
    """Runs over batches that come one at a time."""

    def __init__(self, plan: BatchPlan, feed: Any) -> None:
        self.plan = plan
        self.feed = feed

    def epoch(
        self,
        state: State,
        seed: tuple[int, int],
        start: int,
        limit: int | None,
        single: bool,
        refresh: Refresh,
    ) -> Steps:
        """Run an epoch from batch `start`, one batch a dispatch."""
        del single
        done = start
        ahead = _Ahead()
        batches = self.feed.batches(seed, start)
        try:
            while limit is None or done < limit:
                batch = next(batches, None)
                if batch is None:
                    break
                state, logs = self.plan.run(state, to_device(batch))
                done += 1
                ahead.add(state.step)
                yield Progress(done, state, logs)
                state = refresh(state)
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()
