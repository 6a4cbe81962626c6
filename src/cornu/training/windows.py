"""Windows: what of a feed's arrays lies on the device at a time.

Small arrays lie there whole, and steps gather their rows by index. Of larger ones a thread lays out
the rows of the next window, in the order of the epoch, while the device works on this one: so the
data stand in memory once, whatever their size. The programs are the same.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from cornu.settings import settings
from cornu.training.step import Batch

_ALIGNMENT = (
    64  # bytes; XLA's CPU client uses memory that is so aligned as it lies, others it copies
)
_COPIED_ON_CPU = 64 << 20  # bytes of arrays that may stand in memory twice
_WINDOW = 8 << 20  # bytes of a window, if that is more than a batch
_SHORT_ORDER = 1 << 16  # rows; a short order goes along with each call, for less than placing it


class Window(NamedTuple):
    """Batches that lie on the device together.

    Attributes:
        first: number of its first batch in the epoch.
        count: how many batches.
        data: arrays.
        order: row numbers in them, batch after batch.
        samples: how many of the rows in `order` count, the first ones.
    """

    first: int
    count: int
    data: Batch
    order: Any
    samples: int


def make(feed: Any, size: int) -> Whole | Gathered:
    """Windows over the arrays of a feed, in batches of `size` rows."""
    leaves = jax.tree.leaves(feed.arrays)
    total = sum(a.nbytes for a in leaves)
    if jax.default_backend() == "cpu":
        is_whole = total <= _COPIED_ON_CPU or all(_usable_as_it_lies(a) for a in leaves)
    else:
        is_whole = total <= settings.resident_bytes
    return Whole(feed.arrays, size) if is_whole else Gathered(feed.arrays, size)


def _usable_as_it_lies(array: np.ndarray) -> bool:
    return array.flags.c_contiguous and array.ctypes.data % _ALIGNMENT == 0


class Whole:
    """One window with all rows.

    Args:
        arrays: all data.
        size: rows of a batch.
    """

    def __init__(self, arrays: Batch, size: int) -> None:
        self.data = jax.device_put(arrays)
        self.size = size

    def over(self, rows: np.ndarray, start: int, end: int) -> Iterator[Window]:
        """The batches from number `start` to before `end`; `rows` are the epoch's in order."""
        del start
        order = _whole_batches(rows, self.size)
        placed = order if len(order) < _SHORT_ORDER else jax.device_put(order)
        yield Window(0, end, self.data, placed, len(rows))


class Gathered:
    """Windows whose rows are laid out on the host, one ahead of the device.

    Args:
        arrays: all data.
        size: rows of a batch.
    """

    def __init__(self, arrays: Batch, size: int) -> None:
        self.arrays = arrays
        self.size = size
        leaves = jax.tree.leaves(arrays)
        of_batch = size * sum(a.nbytes // max(len(a), 1) for a in leaves)
        self.batches = max(1, _WINDOW // max(of_batch, 1))  # of a window
        self.order = np.arange(self.batches * size, dtype=np.int32)

    def over(self, rows: np.ndarray, start: int, end: int) -> Iterator[Window]:
        """The batches from number `start` to before `end`; `rows` are the epoch's in order."""
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
                yield Window(first, count, data, self.order, len(rows) - first * self.size)

    def _gather(self, rows: np.ndarray, first: int) -> Batch:
        """The rows of a window, filled up with the last one."""
        wanted = rows[first * self.size : (first + self.batches) * self.size]

        def taken(array: np.ndarray) -> np.ndarray:
            laid_out = _aligned((len(self.order), *array.shape[1:]), array.dtype)
            np.take(array, wanted, axis=0, out=laid_out[: len(wanted)], mode="clip")
            laid_out[len(wanted) :] = laid_out[len(wanted) - 1]
            return laid_out

        return jax.device_put(jax.tree.map(taken, self.arrays))


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
