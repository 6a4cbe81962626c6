"""Splitting data into two parts, sample by sample."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import numpy as np

from cornu.core import tree
from cornu.training.feed.py_dataset import PyDataset


class Samples:
    """Samples in memory, to iterate over, to count, and to make batches of for `fit`.

    Args:
        arrays: an array or a nest of them, with samples along their first axis.
    """

    def __init__(self, arrays: Any) -> None:
        self.arrays = arrays

    def __len__(self) -> int:
        return len(tree.flatten(self.arrays)[0])

    def __iter__(self) -> Iterator[Any]:
        """The samples, nested like the arrays."""
        return (tree.map_structure(lambda x, i=i: x[i], self.arrays) for i in range(len(self)))

    def batch(self, batch_size: int, drop_remainder: bool = False) -> PyDataset:
        """Batches for `fit`, `evaluate` and `predict`, in order.

        Args:
            batch_size: samples a batch.
            drop_remainder: whether a smaller last batch is left out.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be a positive int. Received: {batch_size}")
        return _Batches(self.arrays, len(self), batch_size, drop_remainder)


class _Batches(PyDataset):
    def __init__(self, arrays: Any, samples: int, batch_size: int, drop_remainder: bool) -> None:
        super().__init__(workers=0)
        self.arrays, self.batch_size = arrays, batch_size
        self._count = samples // batch_size if drop_remainder else math.ceil(samples / batch_size)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> Any:
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return tree.map_structure(lambda x: x[rows], self.arrays)


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Samples, Samples]:
    """The first samples of some data, and the last ones.

    Args:
        dataset: an array, a tuple, list or dict of arrays of equal length, or anything that gives
            samples when iterated over (a torch or TensorFlow dataset without batches, a list of
            samples from a generator).
        left_size: samples of the left part: an int, or a float in [0, 1] for a share of them;
            None: all that the right part leaves.
        right_size: the same for the right part.
        shuffle: whether samples are put in another order first.
        seed: of that order; None: another one each time.
        preferred_backend: accepted for Keras's sake: the parts need no other library.

    Returns:
        Left and right part: `len`, iteration over samples, and `batch(n)` for `fit`.

    Raises:
        ValueError: for sizes that cannot be, or that exceed the number of samples.
        TypeError: for sizes that are no numbers.

    Example:
        >>> import numpy as np
        >>> left, right = split_dataset(np.arange(10), left_size=0.8)
        >>> len(left), [int(x) for x in right]
        (8, [8, 9])
    """
    del preferred_backend
    arrays = _gathered(dataset)
    lengths = {len(leaf) for leaf in tree.flatten(arrays)}
    if len(lengths) != 1:
        raise ValueError(f"all arrays must have equally many samples. Received: {sorted(lengths)}")
    total = lengths.pop()
    left, right = _sizes(left_size, right_size, total)
    order = np.arange(total)
    if shuffle:
        order = np.random.default_rng(seed).permutation(total)
    return (
        Samples(tree.map_structure(lambda x: x[order[:left]], arrays)),
        Samples(tree.map_structure(lambda x: x[order[total - right :]], arrays)),
    )


def _gathered(dataset: Any) -> Any:
    """The samples as arrays."""
    if isinstance(dataset, Samples):
        return dataset.arrays
    is_nest = isinstance(dataset, list | tuple | dict)
    if is_nest and all(hasattr(leaf, "shape") or _is_row(leaf) for leaf in tree.flatten(dataset)):
        return _stacked_nest(dataset)
    if hasattr(dataset, "shape"):
        return np.asarray(dataset)
    if not hasattr(dataset, "__iter__") and not hasattr(dataset, "__getitem__"):
        raise TypeError(
            "dataset must be arrays, or give samples when iterated over. "
            f"Received: {type(dataset).__name__}"
        )
    samples = list(dataset) if hasattr(dataset, "__iter__") else _indexed(dataset)
    if not samples:
        raise ValueError("the dataset gives no samples")
    return jax.tree.map(lambda *values: np.stack([np.asarray(v) for v in values]), *samples)


def _stacked_nest(dataset: Any) -> Any:
    if isinstance(dataset, list) and all(_is_row(x) for x in dataset):
        return np.asarray(dataset)
    arrays = tree.map_structure(np.asarray, dataset)
    return tuple(arrays) if isinstance(arrays, list) else arrays


def _is_row(x: Any) -> bool:
    return isinstance(x, int | float | complex | np.generic)


def _indexed(dataset: Any) -> list[Any]:
    return [dataset[i] for i in range(len(dataset))]


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("one of `left_size` and `right_size` must be given")
    counts: Sequence[int | None] = [
        _count(name, size, total) for name, size in (("left_size", left), ("right_size", right))
    ]
    first = total - counts[1] if counts[0] is None and counts[1] is not None else counts[0] or 0
    second = total - first if counts[1] is None else counts[1]
    if first + second > total:
        raise ValueError(
            f"left_size={left} and right_size={right} take more than the {total} samples there are"
        )
    if not first or not second:
        raise ValueError(
            f"left_size={left} and right_size={right} leave a part of the {total} samples empty"
        )
    return first, second


def _count(name: str, size: Any, total: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, bool) or not isinstance(size, numbers.Real):
        raise TypeError(f"`{name}` must be an int, a float or None. Received: {size!r}")
    if isinstance(size, numbers.Integral):
        if not 0 < int(size) < total:
            raise ValueError(f"`{name}` must be between 1 and {total - 1}. Received: {size}")
        return int(size)
    if not 0 <= float(size) <= 1:
        raise ValueError(f"`{name}` as a share must be in [0, 1]. Received: {size}")
    return round(float(size) * total)
