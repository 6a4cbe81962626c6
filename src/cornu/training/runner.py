"""Runner: one pass over a feed with a State, chunk by chunk, in whatever way suits the feed.

`fit` and `evaluate` differ in the step and in what happens between chunks; how the data reach the
device is the same and stands here.
"""

from __future__ import annotations

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
        rows = self.feed.samples
        size = self.plan.batch_size
        rows_in_order = self.feed.order(seed)
        if rows_in_order is None:
            rows_in_order = np.arange(rows, dtype=np.int32)
        order = jax.device_put(rows_in_order)
        full, rest = divmod(rows, size)
        total = full + bool(rest)
        steps = total if limit is None else min(total, limit)
        last = jax.tree.map(lambda a: a[rows_in_order[full * size :]], self.feed.arrays)
        if rest and full > start and steps > full:
            self.plan.prepare_last(state, last)
        done = start
        while done < steps:
            if done < full:
                count = 1 if single else self._chunk(done, min(full, steps))
                before = time.perf_counter()
                state, logs = self.plan.run(state, self.data, order, done, count)
                if not single:
                    jax.block_until_ready(state.step)
                    self._measure(count, time.perf_counter() - before)
            else:
                count = 1
                state, logs = self.plan.run_last(state, last)
            done += count
            yield Progress(done, state, logs)
            state = refresh(state)

    def _chunk(self, done: int, end: int) -> int:
        if not self.pace:
            return min(1 if done == 0 else 8, end - done)
        return max(1, min(end - done, round(settings.chunk_seconds / self.pace)))

    def _measure(self, count: int, seconds: float) -> None:
        # The first dispatch compiles; its time says nothing of the pace.
        if self.plan.warm:
            self.pace = seconds / count
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
