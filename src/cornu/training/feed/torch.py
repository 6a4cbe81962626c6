"""torch DataLoaders, known by the names of their classes: torch is never imported here."""

from __future__ import annotations

from typing import Any

from cornu.training.feed.generator import IterableFeed


def is_a(value: Any, root: str, name: str) -> bool:
    """Whether a class called `name` of the package `root` is among the types of `value`."""
    return any(
        cls.__name__ == name and cls.__module__.partition(".")[0] == root
        for cls in type(value).__mro__
    )


def is_loader(source: Any) -> bool:
    """Whether `source` is a torch DataLoader."""
    return is_a(source, "torch", "DataLoader")


def make_feed(source: Any, **options: Any) -> IterableFeed:
    """A feed over a DataLoader, which keeps its own order and workers."""
    return IterableFeed(
        lambda: iter(source),
        "DataLoader",
        restarts=True,
        size=length(source),
        samples=None
        if getattr(source, "drop_last", False)
        else length(getattr(source, "dataset", None)),
        batch_size=getattr(source, "batch_size", None),
        **options,
    )


def length(source: Any) -> int | None:
    """`len(source)`, or None where it has none."""
    try:
        return len(source)
    except (TypeError, NotImplementedError):
        return None
