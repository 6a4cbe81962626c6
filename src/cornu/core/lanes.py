"""Independent jobs side by side, a core each.

XLA's CPU compiler divides each operation of a program among the cores. Arrays then pass from one
core's cache to another's, and what is not divided leaves cores idle, a batch of small matrix
products for instance. Two programs on two cores do not wait for each other: the VGG-like network in
`benchmarks/` predicts for 100 images in 250 ms so, and in 350 with both cores on each operation.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Job = TypeVar("Job")


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def share(
    work: Callable[[Job], Any],
    jobs: Sequence[Job],
    progress: Callable[[int], None],
    most: int | None = None,
) -> list[Any]:
    """`work(job)` for each job, in the order of the jobs.

    The caller's thread takes its part, so that Ctrl-C waits for one job at most. After an error no
    job begins, and it is raised when those that run have ended. Jobs for fewer than half of
    the cores are done one after the other, for each may have all cores then.

    Args:
        work: what to do; it may run in any thread.
        jobs: what to do it with.
        progress: gets the number of jobs done, in the caller's thread: between its own jobs, and at
            the end once more.
        most: how many jobs may run at the same time; None for one a core.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(len(jobs)):
        waiting.put(number)
    results: dict[int, Any] = {}
    errors: list[BaseException] = []

    def lane(after: Callable[[int], None]) -> None:
        try:
            while not errors:
                number = waiting.get_nowait()
                results[number] = work(jobs[number])
                if len(results) < len(jobs):
                    after(len(results))
        except queue.Empty:
            pass
        except BaseException as error:
            errors.append(error)

    side_by_side = min(cores(), len(jobs), most or len(jobs)) if 2 * len(jobs) > cores() else 1
    with ThreadPoolExecutor(max(1, side_by_side - 1), "cornu-lane") as pool:
        try:
            for _ in range(side_by_side - 1):
                pool.submit(lane, lambda done: None)
            lane(progress)
        except BaseException as error:  # Ctrl-C between jobs: the others must not do all the rest
            errors.append(error)
    if errors:
        raise errors[0]
    progress(len(jobs))
    return [results[number] for number in range(len(jobs))]
