"""Whole arrays in memory: converted once, then cut into batches by row number."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from cornu.errors import BadInputError, warn
from cornu.training.feed import frames, values, weights
from cornu.training.feed.batch import NAMES, Batch, count_rows, leaves, take
from cornu.training.feed.order import Schedule, Seed

DEFAULT_BATCH_SIZE = 32


def to_arrays(x: Any, y: Any = None, sample_weight: Any = None, *, empty: bool = False) -> Batch:
    """x, y and sample weights as trees of arrays with equally many rows.

    Args:
        x: inputs: anything of `values.to_tree`.
        y: targets or None.
        sample_weight: weights or None.
        empty: whether no rows at all are fine.

    Raises:
        ValueError: naming the array and place, for whatever cannot be trained on.
    """
    frames.check_indexes(dict(zip(NAMES, (x, y, sample_weight), strict=True)))
    parts = (x, y, sample_weight)
    x, y, sample_weight = (
        values.to_tree(part, name) for part, name in zip(parts, NAMES, strict=True)
    )
    if not leaves(x, "x"):
        raise BadInputError("x holds no array")
    if not count_rows((x, y, sample_weight)) and not empty:
        raise BadInputError("x has 0 samples")
    return x, y, weights.check_sample_weight(y, sample_weight)


class ArrayFeed:
    """Batches of whole arrays.

    Args:
        data: x, y and sample weights as `to_arrays` gives them.
        batch_size: rows a batch; the last may have fewer.
        steps: batches an epoch; None for all.
        shuffle: True, False or `"batch"`.
        training: whether epochs of `steps` batches go on where the last one stopped.
    """

    def __init__(
        self,
        data: Batch,
        *,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: Any = False,
        training: bool = True,
    ) -> None:
        self.arrays: Batch | None = data
        self.batch_size = batch_size or DEFAULT_BATCH_SIZE
        self.shuffle = bool(shuffle)
        self._data = data
        rows = count_rows(data)
        available = math.ceil(rows / self.batch_size)
        if steps is not None and steps > available and not training:
            warn(f"{steps} steps were asked for, but {rows} rows make only {available} batches")
        self._limit = min(steps, available) * self.batch_size if steps and not training else None
        moving = steps if training and steps != available else None
        self._schedule = Schedule(rows, shuffle, self.batch_size, moving)
        self.samples = min(self._schedule.length, self._limit or self._schedule.length)
        self.size = math.ceil(self.samples / self.batch_size)

    def order(self, epoch_seed: Seed) -> np.ndarray:
        """The row numbers of an epoch, batch after batch."""
        return self._schedule.items(epoch_seed)[: self.samples]

    def batches(self, epoch_seed: Seed, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `start`."""
        size = self.batch_size
        if not self.shuffle and self._schedule.steps is None:
            for first in range(start * size, self.samples, size):
                yield take(self._data, slice(first, min(first + size, self.samples)))
            return
        rows = self.order(epoch_seed)
        for first in range(start * size, self.samples, size):
            yield take(self._data, rows[first : first + size])

    def peek(self) -> Batch:
        """The first rows."""
        return take(self._data, slice(0, self.batch_size))

    def epoch_end(self) -> None:
        """Nothing: arrays do not change between epochs."""


def split(x: Any, y: Any, sample_weight: Any, validation_split: float) -> tuple[Batch, Batch]:
    """Training and validation parts of arrays; the last rows are for validation.

    Args:
        x: inputs.
        y: targets or None.
        sample_weight: weights or None.
        validation_split: share of the rows, strictly between 0 and 1.

    Raises:
        ValueError: if the share leaves either part without rows.
    """
    if not 0 < validation_split < 1:
        raise ValueError(
            f"validation_split must lie between 0 and 1. Received: "
            f"validation_split={validation_split!r}"
        )
    data = to_arrays(x, y, sample_weight)
    rows = count_rows(data)
    first = math.floor(rows * (1.0 - validation_split))
    if first in (0, rows):
        empty = "training" if first == 0 else "validation"
        raise BadInputError(
            f"validation_split={validation_split} of {rows} rows leaves none for {empty}"
        )
    train, validation = take(data, slice(0, first)), take(data, slice(first, rows))
    return train, validation


def row_count(tree: Any) -> int:
    """Rows of the first array of a tree of array-likes."""
    for leaf in jax.tree.leaves(values.to_tree(tree, "x")):
        return leaf.shape[0]
    return 0
