"""Items of a dataset made by several threads or processes, given in order."""

from __future__ import annotations

import collections
import concurrent.futures
import pickle
from collections.abc import Callable, Generator, Iterator
from typing import Any

Item = tuple[int, Any]  # (index, what the dataset gave for it)


def in_order(
    dataset: Any, indices: Iterator[int], *, count: int, processes: bool, window: int
) -> Generator[Item, None, None]:
    """`(index, dataset[index])` for each index, made by `count` workers.

    Args:
        dataset: what to ask.
        indices: in the order in which to give the items.
        count: how many items are made at once.
        processes: whether the workers are processes rather than threads.
        window: how many items may be made or wait at a time.

    Raises:
        TypeError: if processes are asked for and the dataset cannot be pickled.
    """
    if not processes and count <= 1:
        for index in indices:
            yield index, dataset[index]
        return
    pool, make = _process_pool(dataset, count) if processes else _thread_pool(dataset, count)
    waiting: collections.deque[tuple[int, concurrent.futures.Future[Any]]] = collections.deque()
    try:
        for index in indices:
            waiting.append((index, pool.submit(make, index)))
            if len(waiting) >= max(window, count):
                yield _result(waiting)
        while waiting:
            yield _result(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _result(waiting: collections.deque[tuple[int, concurrent.futures.Future[Any]]]) -> Item:
    index, future = waiting.popleft()
    try:
        return index, future.result()
    except concurrent.futures.BrokenExecutor as error:
        raise RuntimeError(
            "a worker process of the dataset ended early: put the script's top-level code under "
            "`if __name__ == '__main__':`, or use threads (use_multiprocessing=False)"
        ) from error


def _thread_pool(
    dataset: Any, count: int
) -> tuple[concurrent.futures.Executor, Callable[[int], Any]]:
    pool = concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix="cornu-dataset")
    return pool, dataset.__getitem__


def _process_pool(
    dataset: Any, count: int
) -> tuple[concurrent.futures.Executor, Callable[[int], Any]]:
    """New processes for each epoch, since the dataset may change at its end."""
    try:
        content = pickle.dumps(dataset)
    except Exception as error:
        raise TypeError(
            f"use_multiprocessing=True sends {type(dataset).__name__} to other processes, but it "
            f"cannot "
            "be pickled: define it at the top level of a module, open files in `__getitem__`, or "
            "use "
            "threads (use_multiprocessing=False)"
        ) from error
    import multiprocessing  # noqa: PLC0415

    # Not forked: JAX runs threads of its own, and a forked child may inherit a held lock.
    context = multiprocessing.get_context("spawn")
    pool = concurrent.futures.ProcessPoolExecutor(
        max(count, 1), mp_context=context, initializer=_adopt, initargs=(content,)
    )
    return pool, _make


_adopted: Any = None  # in a worker process: its copy of the dataset


def _adopt(content: bytes) -> None:
    global _adopted
    _adopted = pickle.loads(content)


def _make(index: int) -> Any:
    return _adopted[index]
