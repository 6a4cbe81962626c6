"""Feed: whatever the user's data is, batches of it. The table of kinds stands here.

A feed is asked for batches by the seed of an epoch, so that its order is a function and an epoch
can be entered in the middle.
"""

from __future__ import annotations

import inspect
import numbers
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from cornu.errors import BadInputError, short
from cornu.training.feed import frames, grain, tensorflow, torch, values
from cornu.training.feed.arrays import ArrayFeed, to_arrays
from cornu.training.feed.arrays import row_count as row_count
from cornu.training.feed.arrays import split as split_arrays
from cornu.training.feed.batch import Batch as Batch
from cornu.training.feed.batch import unpack_x_y_sample_weight
from cornu.training.feed.generator import make_generator_feed
from cornu.training.feed.order import Seed, check_mode
from cornu.training.feed.py_dataset import PyDataset, SequenceFeed
from cornu.training.feed.weights import check_class_weight, with_class_weight

unpack = unpack_x_y_sample_weight


class Feed(Protocol):
    """What the loops know of data."""

    arrays: Batch | None  # all of it, where it lies in memory
    shuffle: bool

    @property
    def batch_size(self) -> int | None:
        """Rows of all batches but the last, None if unknown."""
        ...

    @property
    def size(self) -> int | None:
        """Batches of an epoch, None if unknown."""
        ...

    @property
    def samples(self) -> int | None:
        """Rows of an epoch, None if unknown."""
        ...

    def order(self, epoch_seed: Seed) -> np.ndarray | None:
        """Row numbers of an epoch (arrays only)."""
        ...

    def batches(self, epoch_seed: Seed, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `start`; close it when stopping early."""
        ...

    def peek(self) -> Batch:
        """The first batch, without using it up."""
        ...

    def epoch_end(self) -> None:
        """To be called when an epoch is over."""
        ...


def is_arrays(source: Any) -> bool:
    """Whether `source` is arrays, numbers or a nest of them."""
    if isinstance(source, dict | list | tuple | range):
        return True
    return frames.is_pandas(source) or (
        values.is_array(source) and not isinstance(source, PyDataset)
    )


def is_sequence(source: Any) -> bool:
    """Whether `source` is a PyDataset or acts like one."""
    return isinstance(source, PyDataset) or (
        hasattr(source, "__len__")
        and hasattr(source, "__getitem__")
        and not isinstance(source, str | bytes)
    )


def is_iterable(source: Any) -> bool:
    """Whether batches can be drawn from `source` one after another."""
    return hasattr(source, "__iter__") and not isinstance(source, str | bytes | set | frozenset)


# (what matches, what makes the feed), the first match wins.
ADAPTERS: tuple[tuple[Callable[[Any], bool], Callable[..., Feed]], ...] = (
    (torch.is_loader, torch.make_feed),
    (tensorflow.is_dataset, tensorflow.make_feed),
    (grain.is_dataset, grain.make_feed),
    (is_sequence, SequenceFeed),
    (is_iterable, make_generator_feed),
)


def make(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: Any = False,
    class_weight: Any = None,
    role: str = "fit",
) -> Feed:
    """The feed over what a user gave to `fit`, `evaluate` or `predict`.

    Args:
        x: arrays, or a source that gives batches.
        y: targets, unless `x` gives them.
        sample_weight: weights of rows, unless `x` gives them.
        batch_size: rows a batch; sources have their own.
        steps: batches an epoch.
        shuffle: True, False or `"batch"`; sources that are only iterated over have their own order.
        class_weight: dict from class number to weight.
        role: what the data is for: "fit", "validation_data", "evaluate", "predict" ...

    Raises:
        ValueError: for data or arguments that cannot mean what was intended.
        TypeError: for an `x` that gives no batches.
    """
    check_mode(shuffle)
    _check_positive("batch_size", batch_size)
    _check_positive("steps_per_epoch" if role == "fit" else "steps", steps)
    if class_weight is not None:
        class_weight = check_class_weight(class_weight)
    if is_arrays(x):
        return _array_feed((x, y, sample_weight), batch_size, steps, shuffle, class_weight, role)
    adapt = next((adapt for matches, adapt in ADAPTERS if matches(x)), None)
    if adapt is None:
        raise _unknown_source(x)
    if torch.is_a(x, "torch", "Dataset"):
        raise TypeError(
            "x is a torch Dataset, which gives single rows: wrap it in a torch DataLoader"
        )
    for name, part in (("y", y), ("sample_weight", sample_weight)):
        if part is not None:
            raise BadInputError(
                f"x is a {type(x).__name__} that gives batches, so `{name}` must come from it, as "
                f"(x, y) or (x, y, sample_weight); pass no `{name}`"
            )
    options = {"steps": steps, "role": role, "class_weight": class_weight}
    if adapt is SequenceFeed:
        options["shuffle"] = bool(shuffle)
    return adapt(x, **options)


def split(x: Any, y: Any, sample_weight: Any, validation_split: float) -> tuple[Batch, Batch]:
    """Training and validation triples: the last rows of arrays are for validation.

    Raises:
        ValueError: if `x` is no array, or a part would have no rows.
    """
    if not is_arrays(x):
        raise BadInputError(
            f"validation_split cuts arrays, and x is a {type(x).__name__}: pass validation_data "
            f"instead"
        )
    return split_arrays(x, y, sample_weight, validation_split)


def _array_feed(
    parts: Batch, batch_size: Any, steps: Any, shuffle: Any, class_weight: Any, role: str
) -> ArrayFeed:
    x, y, sample_weight = to_arrays(*parts, empty=role.startswith("predict"))
    if class_weight is not None:
        sample_weight = with_class_weight(y, sample_weight, class_weight)
    return ArrayFeed(
        (x, y, sample_weight),
        batch_size=batch_size,
        steps=steps,
        shuffle=shuffle,
        training=role == "fit",
    )


def _check_positive(name: str, value: Any) -> None:
    if value is None:
        return
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < 1:
        raise ValueError(f"{name} must be a positive int, got {short(value)}")


def _unknown_source(x: Any) -> Exception:
    if inspect.isgeneratorfunction(x):
        return TypeError(f"x is the generator function `{x.__name__}`: call it, `{x.__name__}()`")
    if isinstance(x, str | bytes):
        return TypeError("x is text: pass arrays, or load the file it names first")
    return TypeError(
        "x must be arrays (NumPy, JAX, lists of numbers, pandas, or a list or dict of them), a "
        "PyDataset, "
        f"a generator, a torch DataLoader, a tf.data.Dataset or a Grain dataset. Received: "
        f"{short(x)}"
    )
