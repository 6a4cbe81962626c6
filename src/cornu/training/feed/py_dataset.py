"""PyDataset: batches by number; the user's class says how to make each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from cornu.errors import BadInputError
from cornu.training.feed import workers
from cornu.training.feed.batch import Batch
from cornu.training.feed.generator import convert
from cornu.training.feed.order import Schedule, Seed
from cornu.training.feed.prefetch import Prefetch


class PyDataset:
    """Base class of data sources that make a batch by its number.

    A subclass defines `__getitem__(index)`, which gives batch `index` as `x`, `(x, y)` or
    `(x, y, sample_weight)`, and `__len__` (or the property `num_batches`, None if unknown).

    Args:
        workers: how many batches to make at once. 0 makes them in the calling thread, 1 in one
            background thread.
        use_multiprocessing: whether the workers are processes rather than threads; the dataset is
            sent to each of them by pickling.
        max_queue_size: how many batches may wait for the device.

    Example:
        >>> import numpy as np
        >>> class Ramp(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...
        ...     def __getitem__(self, index):
        ...         return np.full((2, 1), index), np.zeros((2, 1))
        >>> Ramp(workers=2).num_batches
        3
    """

    # Defaults of the class, for subclasses that never call `super().__init__()`.
    _workers = 1
    _use_multiprocessing = False
    _max_queue_size = 10

    def __init__(
        self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10
    ) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """How many batches are made at once."""
        return self._workers

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether the workers are processes."""
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches may wait."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """Batch `index`.

        Raises:
            NotImplementedError: unless a subclass defines it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `__getitem__(self, index)`")

    @property
    def num_batches(self) -> int | None:
        """Batches of an epoch; None if unknown.

        Raises:
            NotImplementedError: if the class defines neither this nor `__len__`.
        """
        if hasattr(self, "__len__"):
            return self.__len__()  # type: ignore[attr-defined]
        raise NotImplementedError(
            f"{type(self).__name__} must define `__len__(self)` or the property `num_batches`"
        )

    def __iter__(self) -> Iterator[Any]:
        """The batches in order."""
        count = self.num_batches
        return map(self.__getitem__, itertools.count() if count is None else range(count))

    def on_epoch_begin(self) -> None:
        """Called before each epoch."""

    def on_epoch_end(self) -> None:
        """Called after each epoch: the place to shuffle."""


class SequenceFeed:
    """Batches of a PyDataset, or of anything else with `__len__` and `__getitem__`.

    Args:
        dataset: where batches come from.
        steps: batches of an epoch; in `fit` they go on where the last epoch stopped.
        shuffle: whether to take the batches in another order each epoch.
        role: what the data is for.
        class_weight: as from `weights.check_class_weight`.
    """

    arrays: Batch | None = None
    samples: int | None = None
    batch_size: int | None = None

    def __init__(
        self,
        dataset: Any,
        *,
        steps: int | None = None,
        shuffle: bool = False,
        role: str = "fit",
        class_weight: dict[int, float] | None = None,
    ) -> None:
        self.dataset, self.shuffle = dataset, shuffle
        self.kind = type(dataset).__name__
        self._steps, self._role, self._class_weight = steps, role, class_weight
        if self._available() == 0:
            raise BadInputError(f"{self.kind} reports 0 batches: see its `__len__`")

    @property
    def size(self) -> int | None:
        """Batches of an epoch."""
        available = self._available()
        if self._steps is None or available is None:
            return self._steps or available
        return self._steps if self._role == "fit" else min(self._steps, available)

    def _available(self) -> int | None:
        if isinstance(self.dataset, PyDataset):
            return self.dataset.num_batches
        return len(self.dataset)

    def order(self, epoch_seed: Seed) -> np.ndarray | None:
        """None: there are no rows to put in order, only batches."""
        del epoch_seed

    def peek(self) -> Batch:
        """Batch 0, made between the dataset's own hooks, since it may depend on them."""
        self._hook("on_epoch_begin")
        batch = self._convert(0, self.dataset[0])
        self.epoch_end()
        return batch

    def batches(self, epoch_seed: Seed, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `start`; those before it are not made."""
        self._hook("on_epoch_begin")
        numbers = self._numbers(epoch_seed, start)
        count = getattr(self.dataset, "workers", 1)
        if not count:
            yield from self._made(numbers)
            return
        ahead = Prefetch(self._made(numbers), getattr(self.dataset, "max_queue_size", 10))
        try:
            yield from ahead
        finally:
            ahead.close()

    def epoch_end(self) -> None:
        """Tell the dataset that an epoch is over."""
        self._hook("on_epoch_end")

    def _hook(self, name: str) -> None:
        hook = getattr(self.dataset, name, None)
        if callable(hook):
            hook()

    def _numbers(self, epoch_seed: Seed, start: int) -> Iterator[int]:
        available = self._available()
        if available is None:
            return iter(
                itertools.count(start) if self._steps is None else range(start, self._steps)
            )
        moving = self._steps if self._role == "fit" and self._steps != available else None
        items = Schedule(available, self.shuffle, steps=moving).items(epoch_seed)
        return iter(items[start : self.size].tolist())

    def _made(self, numbers: Iterator[int]) -> Iterator[Batch]:
        made = workers.in_order(
            self.dataset,
            numbers,
            count=getattr(self.dataset, "workers", 1),
            processes=getattr(self.dataset, "use_multiprocessing", False),
            window=getattr(self.dataset, "max_queue_size", 10),
        )
        try:
            for number, item in made:
                yield self._convert(number, item)
        except IndexError:
            if self._available() is not None:
                raise  # with a length, an index out of range is the dataset's error
        finally:
            made.close()

    def _convert(self, number: int, item: Any) -> Batch:
        return convert(item, number, self.kind, self._role, self._class_weight)
