"""Windows: what of a feed's arrays lies on the device at a time.

Small arrays lie there whole, and steps gather their rows by index. Of larger ones a thread lays out
the rows of the next window, in the order of the epoch, while the device works on this one: so the
data stand in memory once, whatever their size. The programs are the same.
"""

from __future__ import annotations

import concurrent.futures
import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from cornu.settings import settings
from cornu.training.feed.order import Seed
from cornu.training.step import Batch

_ALIGNMENT = (
    64  # bytes; XLA's CPU client uses memory that is so aligned as it lies, others it copies
)
_COPIED_ON_CPU = 64 << 20  # bytes of arrays that may stand in memory twice
_WINDOW = 8 << 20  # bytes of a window, if that is more than a batch
_MOST_ORDERS = 64  # epochs whose orders are laid out together
_FIRST_ORDERS, _GROWTH = 1, 16  # fewer at first, so that the device begins at once
_ORDERED = 1 << 16  # rows in all of them


class Window(NamedTuple):
    """Batches that lie on the device together.

    Attributes:
        first: number of its first batch in the epoch.
        count: how many batches.
        data: arrays.
        orders: row numbers in them, batch after batch; one order in each of its rows.
        samples: how many numbers of an order count, the first ones.
        row: which of the orders is this epoch's.
        epochs: how many epochs from this one on the orders are for, with the same data.
    """

    first: int
    count: int
    data: Batch
    orders: Any
    samples: int
    row: int = 0
    epochs: int = 1


def make(feed: Any, size: int) -> Whole | Gathered:
    """Windows over a feed with arrays, in batches of `size` rows."""
    leaves = jax.tree.leaves(feed.arrays)
    total = sum(a.nbytes for a in leaves)
    if jax.default_backend() == "cpu":
        is_whole = total <= _COPIED_ON_CPU or all(_usable_as_it_lies(a) for a in leaves)
    else:
        is_whole = total <= settings.resident_bytes
    return Whole(feed, size) if is_whole else Gathered(feed, size)


def _usable_as_it_lies(array: np.ndarray) -> bool:
    return array.flags.c_contiguous and array.ctypes.data % _ALIGNMENT == 0


class Whole:
    """One window with all rows, and the orders of several epochs.

    Args:
        feed: all data and their order.
        size: rows of a batch.
    """

    def __init__(self, feed: Any, size: int) -> None:
        self.feed = feed
        self.size = size
        self.data = jax.device_put(feed.arrays)
        self._orders: Any = None
        self._coming = _FIRST_ORDERS  # how many to lay out next
        self._seeds: list[Seed] = []  # of the orders, row by row

    def over(self, seeds: Iterator[Seed], start: int, end: int) -> Iterator[Window]:
        """The batches from number `start` to before `end`.

        Args:
            seeds: those of this epoch and, as far as they can be told, of the ones after it.
            start: number of the first batch.
            end: number after that of the last batch.
        """
        del start
        seed = next(seeds)
        if seed not in self._seeds:
            self._lay_out(seed, seeds)
        row = self._seeds.index(seed)
        epochs = len(self._seeds) - row
        yield Window(0, end, self.data, self._orders, self.feed.samples, row, epochs)

    def _lay_out(self, seed: Seed, later: Iterator[Seed]) -> None:
        """Put the orders of an epoch and of some later ones on the device, as there is room."""
        first = _whole_batches(self.feed.order(seed), self.size)
        room = max(1, min(_MOST_ORDERS, _ORDERED // max(len(first), 1)))
        orders = _aligned((room, len(first)), first.dtype)  # one shape, for one program
        orders[0] = first
        self._seeds = [seed]
        count = min(room, self._coming)
        self._coming = count * _GROWTH
        for row, upcoming in enumerate(itertools.islice(later, count - 1), 1):
            orders[row] = _whole_batches(self.feed.order(upcoming), self.size)
            self._seeds.append(upcoming)
        self._orders = jax.device_put(orders)


class Gathered:
    """Windows whose rows are laid out on the host, one ahead of the device.

    Args:
        feed: all data and their order.
        size: rows of a batch.
    """

    def __init__(self, feed: Any, size: int) -> None:
        self.feed = feed
        self.size = size
        leaves = jax.tree.leaves(feed.arrays)
        of_batch = size * sum(a.nbytes // max(len(a), 1) for a in leaves)
        self.batches = max(1, _WINDOW // max(of_batch, 1))  # of a window
        self.orders = np.arange(self.batches * size, dtype=np.int32)[None]

    def over(self, seeds: Iterator[Seed], start: int, end: int) -> Iterator[Window]:
        """The batches from number `start` to before `end`, for the first of `seeds`."""
        rows = self.feed.order(next(seeds))
        starts = range(start, end, self.batches)
        if not starts:
            return
        with concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="cornu-gather") as pool:
            upcoming = pool.submit(self._gather, rows, starts[0])
            for first in starts:
                data = upcoming.result()
                if first + self.batches < end:
                    upcoming = pool.submit(self._gather, rows, first + self.batches)
                count = min(self.batches, end - first)
                yield Window(first, count, data, self.orders, len(rows) - first * self.size)

    def _gather(self, rows: np.ndarray, first: int) -> Batch:
        """The rows of a window, filled up with the last one."""
        wanted = rows[first * self.size : (first + self.batches) * self.size]

        def taken(array: np.ndarray) -> np.ndarray:
            laid_out = _aligned((self.orders.size, *array.shape[1:]), array.dtype)
            np.take(array, wanted, axis=0, out=laid_out[: len(wanted)], mode="clip")
            laid_out[len(wanted) :] = laid_out[len(wanted) - 1]
            return laid_out

        return jax.device_put(jax.tree.map(taken, self.feed.arrays))


def _whole_batches(rows: np.ndarray, size: int) -> np.ndarray:
    """`rows`, and some of them once more so that they make whole batches."""
    lacking = -len(rows) % size
    return np.concatenate([rows, rows[:lacking]]) if lacking else rows


def _aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """An array that is not set, in memory that XLA's CPU client uses as it lies."""
    size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    offset = -memory.ctypes.data % _ALIGNMENT
    return memory[offset : offset + size].view(dtype).reshape(shape)
