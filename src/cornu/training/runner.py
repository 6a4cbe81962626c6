"""Runner: one pass over a feed with a State, chunk by chunk, in whatever way suits the feed.

`fit` and `evaluate` differ in the step and in what happens between chunks; how the data reach the
device is the same and stands here.
"""

from __future__ import annotations

import collections
import time
from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

import jax

from cornu.training import windows
from cornu.training.feed.order import Seed
from cornu.training.pace import Pace
from cornu.training.plan import BatchPlan, Logs, LoopPlan, pass_logs
from cornu.training.state import State
from cornu.training.step import Batch


class Span(NamedTuple):
    """What to run: an epoch, and what is known of those after it.

    Attributes:
        seed: seed of the epoch.
        start: number of the epoch's first batch.
        limit: steps of an epoch; None: all there are.
        single: whether to run one step a dispatch.
        epochs: how many epochs will follow, this one included, if nothing changes.
        together: whether some of them may be run in one dispatch.
    """

    seed: Seed
    start: int = 0
    limit: int | None = None
    single: bool = False
    epochs: int = 1
    together: bool = False


class Progress(NamedTuple):
    """What one dispatch gave.

    Attributes:
        steps: steps finished in this epoch, the last one if several were run.
        state: the state after them.
        logs: logs of this epoch so far.
        earlier: logs of the epochs that were run before this one in the same dispatch.
    """

    steps: int
    state: State
    logs: Logs
    earlier: Sequence[Logs] = ()


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
        self._ahead = _Ahead()

    def epoch(self, state: State, span: Span, refresh: Refresh) -> Steps:
        """Run an epoch, or several that are short."""
        size = self.plan.batch_size
        full, rest = divmod(self.feed.samples, size)
        total = full + bool(rest)
        steps = total if span.limit is None else min(total, span.limit)
        done, last = span.start, None
        if rest and steps == total and not self.plan.fills(state, self.feed.arrays):
            rows = self.feed.order(span.seed)[full * size :]
            last = jax.tree.map(lambda a: a[rows], self.feed.arrays)
            if full > done:
                self.plan.prepare_last(state, last)
        run, first = span.seed
        seeds = ((run, first + k * steps) for k in range(span.epochs))
        for window in self.windows.over(seeds, done, steps if last is None else full):
            program = self.plan.program(state, window.data)
            end = window.first + window.count
            while done < end:
                count, passes = 1, 1
                if not span.single:
                    count = program.pace.steps(done, end)
                if span.together and count == steps:
                    most = min(span.epochs, window.epochs, program.most_passes)
                    passes = program.pace.passes(count, most)
                before = time.perf_counter()
                state, logs = program.run(
                    state, window.data, window.orders, window.samples, window.row,
                    done - window.first, count, passes,
                )  # fmt: skip
                if not span.single:
                    self._keep_pace(program.pace, state.step, count * passes, before)
                done += count
                *earlier, logs = (pass_logs(logs, k) for k in range(passes))
                yield Progress(done, state, logs, earlier)
                state = refresh(state) if done < steps else state
        if last is not None:
            state, logs = self.plan.run_last(state, last)
            yield Progress(done + 1, state, logs)

    def _keep_pace(self, pace: Pace, step: Any, count: int, before: float) -> None:
        """Wait for a dispatch and measure it; short ones run on while the next are prepared."""
        self._ahead.add(step)
        if not pace.is_known(count):
            self._ahead.wait()
            pace.note(count, time.perf_counter() - before)


class StreamRun:
    """Runs over batches that come one at a time."""

    def __init__(self, plan: BatchPlan, feed: Any) -> None:
        self.plan = plan
        self.feed = feed

    def epoch(self, state: State, span: Span, refresh: Refresh) -> Steps:
        """Run an epoch, one batch a dispatch."""
        done = span.start
        ahead = _Ahead()
        batches = self.feed.batches(span.seed, done)
        try:
            while span.limit is None or done < span.limit:
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
