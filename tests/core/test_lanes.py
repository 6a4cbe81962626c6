"""Jobs side by side: all are done, errors and Ctrl-C end them, and progress is told."""

from __future__ import annotations

import os
import threading
import time

import pytest

from cornu.core import lanes


@pytest.fixture(params=[1, 3])
def cores(request, monkeypatch):
    monkeypatch.setattr(lanes, "cores", lambda: request.param)
    return request.param


def ignore(done: int) -> None:
    """For progress that nobody looks at."""


def threads_of(jobs: int, most: int | None = None) -> set[str]:
    """Names of the threads that do jobs of some length."""
    names: set[str] = set()

    def work(job: int) -> None:
        names.add(threading.current_thread().name)
        time.sleep(0.02)

    lanes.share(work, range(jobs), ignore, most)
    return names


def test_as_many_cores_as_this_process_may_use():
    assert 1 <= lanes.cores() <= (os.cpu_count() or 1)


def test_results_are_in_the_order_of_the_jobs(cores):
    def work(job: int) -> int:
        time.sleep(0.001 * (job % 3))
        return job * job

    assert lanes.share(work, range(20), ignore) == [job * job for job in range(20)]


def test_no_job(cores):
    assert lanes.share(str, [], ignore) == []


def test_a_thread_for_each_core_the_callers_among_them(cores):
    names = threads_of(12)
    assert len(names) == cores
    assert threading.current_thread().name in names


@pytest.mark.parametrize(
    ("jobs", "most", "threads"), [(12, 2, 2), (2, None, 2), (1, None, 1), (12, 1, 1)]
)
def test_no_more_at_a_time_than_allowed_or_useful(monkeypatch, jobs, most, threads):
    monkeypatch.setattr(lanes, "cores", lambda: 3)
    assert len(threads_of(jobs, most)) == threads


def test_progress_is_told_to_the_callers_thread(cores):
    told: list[tuple[int, threading.Thread]] = []
    lanes.share(
        lambda job: time.sleep(0.001),
        range(30),
        lambda done: told.append((done, threading.current_thread())),
    )
    assert {thread for _, thread in told} == {threading.current_thread()}
    counts = [done for done, _ in told]
    assert counts == sorted(counts)
    assert counts.count(30) == 1
    assert counts[-1] == 30


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("where", ["caller", "helper"])
def test_an_error_ends_all_lanes(monkeypatch, error, where):
    monkeypatch.setattr(lanes, "cores", lambda: 2)
    caller, begun = threading.current_thread(), []

    def work(job: int) -> None:
        begun.append(job)
        if (threading.current_thread() is caller) == (where == "caller"):
            raise error("no more")
        time.sleep(0.05)

    with pytest.raises(error, match="no more"):
        lanes.share(work, range(1000), ignore)
    assert len(begun) < 10


def test_no_thread_is_left_behind(monkeypatch):
    monkeypatch.setattr(lanes, "cores", lambda: 3)
    before = threading.active_count()
    threads_of(6)
    assert threading.active_count() == before


def test_ctrl_c_while_progress_is_told(monkeypatch):
    monkeypatch.setattr(lanes, "cores", lambda: 2)
    begun = []

    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lanes.share(lambda job: (begun.append(job), time.sleep(0.01)), range(1000), interrupt)
    assert len(begun) < 10
