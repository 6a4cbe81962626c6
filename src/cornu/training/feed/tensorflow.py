"""`tf.data` datasets, known by the names of their classes: TensorFlow is never imported here."""

from __future__ import annotations

from typing import Any

from cornu.training.feed.generator import IterableFeed, no_length
from cornu.training.feed.torch import is_a

_INFINITE = -1  # as `Dataset.cardinality` says it


def is_dataset(source: Any) -> bool:
    """Whether `source` is a `tf.data.Dataset`."""
    return is_a(source, "tensorflow", "DatasetV2")


def make_feed(source: Any, **options: Any) -> IterableFeed:
    """A feed over a batched `tf.data.Dataset`.

    Raises:
        ValueError: if it repeats for ever and `steps` is not given.
    """
    cardinality = int(source.cardinality())
    if cardinality == _INFINITE and options.get("steps") is None:
        raise no_length("tf.data.Dataset", options.get("role", "fit"))
    return IterableFeed(
        source.as_numpy_iterator,
        "tf.data.Dataset",
        restarts=True,
        size=cardinality if cardinality >= 0 else None,
        **options,
    )
