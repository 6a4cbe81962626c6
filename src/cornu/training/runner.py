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
import numpy as np

from cornu.settings import settings
from cornu.training.plan import BatchPlan, LoopPlan
from cornu.training.state import State
from cornu.training.step import Batch


class Progress(NamedTuple):
    """What one dispatch gave: steps finished in this epoch, the state after them, its logs."""

    steps: int
    state: State
    logs: dict[str, Any]


_SHORT = 0.02  # seconds; shorter dispatches are not waited for
_MOST_AHEAD = 3  # of them
_SHORT_ORDER = 1 << 16  # rows

# From the runner to the loop and back: the loop may change the state between dispatches.
Steps = Generator[Progress, None, None]
Refresh = Callable[[State], State]


def is_resident(feed: Any) -> bool:
    """Whether the feed's arrays are to lie on the device as a whole."""
    if feed.arrays is None:
        return False
    size = sum(getattr(a, "nbytes", 0) for a in jax.tree.leaves(feed.arrays))
    return size <= settings.resident_bytes


def to_device(batch: Batch) -> Batch:
    """A batch of NumPy arrays as device arrays."""
    return jax.device_put(batch)


class ArrayRun:
    """Runs over arrays that lie on the device."""

    def __init__(self, plan: LoopPlan, feed: Any) -> None:
        self.plan = plan
        self.feed = feed
        self.data = to_device(feed.arrays)
        self.pace = 0.0  # seconds a step, measured
        self._ahead: collections.deque[Any] = collections.deque()  # dispatches not waited for

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
        program = self.plan.program(state, self.data)
        order, last = self._lay_out(self.feed.order(seed))
        samples, size = self.feed.samples, self.plan.batch_size
        total = -(-samples // size)
        looped = total if last is None else total - 1  # batches that the loop's program runs
        steps = total if limit is None else min(total, limit)
        if last is not None and looped > start and steps > looped:
            self.plan.prepare_last(state, last)
        done = start
        while done < steps:
            if done < looped:
                count = 1 if single else self._chunk(done, min(looped, steps))
                before = time.perf_counter()
                state, logs = program(state, self.data, order, samples, done, count)
                if not single:
                    self._pace(state.step, count, before)
            else:
                count = 1
                state, logs = self.plan.run_last(state, last)
            done += count
            yield Progress(done, state, logs)
            if done < steps:
                state = refresh(state)

    def _lay_out(self, rows: Any) -> tuple[Any, Batch | None]:
        """The order for the loop, and the last batch where it has a program of its own."""
        samples, size = self.feed.samples, self.plan.batch_size
        if rows is None:
            rows = np.arange(samples, dtype=np.int32)
        rest = samples % size
        last = None
        if rest and self.plan.fills:
            rows = np.concatenate([rows, rows[: size - rest]])
        elif rest:
            last = jax.tree.map(lambda a: a[rows[samples - rest :]], self.feed.arrays)
        # A short order goes along with each call, which costs less than placing it beforehand.
        return (rows if samples < _SHORT_ORDER else jax.device_put(rows)), last

    def _chunk(self, done: int, end: int) -> int:
        if not self.pace:
            return min(1 if done == 0 else 8, end - done)
        return max(1, min(end - done, round(settings.chunk_seconds / self.pace)))

    def _pace(self, step: Any, count: int, before: float) -> None:
        """Wait for a dispatch and measure it; short ones run on while the next are prepared."""
        if self.pace and count * self.pace < _SHORT:
            self._ahead.append(step)
            if len(self._ahead) > _MOST_AHEAD:
                jax.block_until_ready(self._ahead.popleft())
            return
        jax.block_until_ready(step)
        self._ahead.clear()
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
        batches = self.feed.batches(seed, start)
        try:
            while limit is None or done < limit:
                batch = next(batches, None)
                if batch is None:
                    break
                state, logs = self.plan.run(state, to_device(batch))
                done += 1
                yield Progress(done, state, logs)
                state = refresh(state)
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()
