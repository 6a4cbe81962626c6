"""Grain datasets and loaders, known by the module of their classes; Grain is never imported."""

from __future__ import annotations

import sys
from typing import Any

from cornu.training.feed.generator import IterableFeed, no_length
from cornu.training.feed.torch import length


def is_dataset(source: Any) -> bool:
    """Whether `source` comes from Grain: a MapDataset, an IterDataset or a DataLoader."""
    return hasattr(source, "__iter__") and any(
        cls.__module__.partition(".")[0] == "grain" for cls in type(source).__mro__
    )


def make_feed(source: Any, **options: Any) -> IterableFeed:
    """A feed over a Grain source of batches.

    Raises:
        ValueError: if it repeats for ever and `steps` is not given.
    """
    size = length(source)
    endless = size is not None and size >= sys.maxsize  # how a MapDataset reports `repeat()`
    if endless and options.get("steps") is None:
        raise no_length(type(source).__name__, options.get("role", "fit"))
    return IterableFeed(
        lambda: iter(source),
        type(source).__name__,
        restarts=True,
        size=None if endless else size,
        **options,
    )
