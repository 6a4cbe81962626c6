"""What `adapt` reads, and what it refuses: arrays, datasets, generators, odd data."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import cornu
from cornu import layers
from cornu.errors import BadInputError
from cornu.layers.preprocessing import batches

X = np.random.default_rng(1).normal(size=(20, 3)) * [1, 10, 100] + [5, -5, 1000]


class Batches(cornu.utils.PyDataset):
    """Four batches of five rows."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return X[5 * index : 5 * index + 5], np.zeros(5)


class Unsized(cornu.utils.PyDataset):
    """A dataset that does not say how many batches it has."""

    num_batches = None

    def __getitem__(self, index: int) -> Any:
        return X[5 * (index % 4) : 5 * (index % 4) + 5]


class TensorFlowLike:
    """What `adapt` uses of a `tf.data.Dataset`."""

    def __init__(self, cardinality: int) -> None:
        self._cardinality = cardinality

    def cardinality(self) -> int:
        return self._cardinality

    def as_numpy_iterator(self) -> Iterator[Any]:
        return iter([(X[:10], None), (X[10:], None)])


class Indexed:
    """A sequence that has no iterator of its own."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> np.ndarray:
        return X[10 * index : 10 * index + 10]


def halves() -> Iterator[np.ndarray]:
    yield X[:3]
    yield X[3:3]
    yield X[3:]


SOURCES: dict[str, Callable[[], Any]] = {
    "array": lambda: X,
    "jax": lambda: jnp.asarray(X),
    "lists": lambda: X.tolist(),
    "rows": lambda: list(X),
    "objects": lambda: X.astype(object),
    "frame": lambda: pd.DataFrame(X, columns=["a", "b", "c"]),
    "generator": halves,
    "pairs": lambda: ((part, None) for part in halves()),
    "triples": lambda: ([X[i : i + 4], np.ones(4), np.ones(4)] for i in range(0, 20, 4)),
    "lists of numbers": lambda: (X[i : i + 4].tolist() for i in range(0, 20, 4)),
    "dataset": Batches,
    "tf.data": lambda: TensorFlowLike(2),
    "indexed": Indexed,
}


@pytest.mark.parametrize("name", SOURCES)
def test_moments_of_every_source(name: str) -> None:
    layer = layers.Normalization()
    layer.adapt(SOURCES[name]())
    np.testing.assert_allclose(layer.mean[0], X.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.variance[0], X.var(0), rtol=1e-5)


def test_steps_limit_a_source() -> None:
    for source in (itertools.cycle([X[:5], X[5:10]]), TensorFlowLike(-1), Unsized(), Batches()):
        layer = layers.Normalization()
        layer.adapt(source, steps=2)
        rows = 20 if isinstance(source, TensorFlowLike) else 10
        np.testing.assert_allclose(layer.mean[0], X[:rows].mean(0), rtol=1e-6)


def test_a_long_source_is_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_SUSPICIOUS", 3)
    layer = layers.Normalization(axis=None)
    with pytest.warns(UserWarning, match="has seen 3 batches .* pass `steps`"):
        layer.adapt(np.full((1,), i) for i in range(5))
    assert float(layer.mean[0]) == 2
    layer.adapt((np.full((1,), i) for i in range(5)), steps=5)  # no warning


def test_large_values_close_together() -> None:
    """Times in seconds: float32 sums of squares would have no correct digit."""
    times = 1.7e9 + np.arange(3_000_000.0)
    layer = layers.Normalization(axis=None)
    layer.adapt(part for part in np.split(times, 3))
    np.testing.assert_allclose(float(layer.variance[0]), times.var(), rtol=1e-6)


def test_moments_keep_their_dtype_under_a_mixed_policy() -> None:
    layer = layers.Normalization(dtype="mixed_float16")
    layer.adapt(X * 1000)  # beyond what 16 bits hold
    found = layer(X * 1000)
    assert found.dtype == jnp.float16
    np.testing.assert_allclose(found, (X - X.mean(0)) / X.std(0), atol=2e-3)


def endless() -> Iterator[np.ndarray]:
    while True:
        yield X


WRONG: list[tuple[Any, type[Exception], str]] = [
    ("abc", TypeError, "takes one array, or a dataset"),
    (None, TypeError, "takes one array, or a dataset"),
    (3, TypeError, "takes one array, or a dataset"),
    ({"a": X}, TypeError, "takes one array, or a dataset"),
    (halves, TypeError, "generator function `halves`: call it"),
    (X[:0], BadInputError, "without a single row"),
    (iter(()), BadInputError, "without a single row"),
    (np.array(3.0), BadInputError, "first axis must be rows"),
    (np.array([["a", "b"]]), BadInputError, "data given to .* holds no numbers"),
    ([[1.0, 2.0], [3.0]], BadInputError, "holds no numbers, but object"),
    (np.where(X > 1000, np.nan, X), BadInputError, r"data\[\d+, 2\] is NaN"),
    (iter([X, X * np.inf]), BadInputError, r"batch 1 of data\[0, 0\] is infinite"),
    (iter([({"a": X}, 1)]), BadInputError, "batch 0 .* several arrays"),
    (iter([((X, X), 1)]), BadInputError, "batch 0 .* several arrays"),
    (itertools.repeat(X), BadInputError, "never ends: pass `steps`"),
    (TensorFlowLike(-1), BadInputError, "never ends: pass `steps`"),
    (Unsized(), BadInputError, "never ends: pass `steps`"),
    (X[:, 0], BadInputError, r"shape \(rows, features\), or pass axis=None"),
    (iter([X, X[:, :2]]), ValueError, "expected axis -1 to have size 3, found 2"),
]


@pytest.mark.parametrize(("data", "kind", "message"), WRONG)
def test_what_adapt_refuses(data: Any, kind: type[Exception], message: str) -> None:
    layer = layers.Normalization(name="scaled")
    with pytest.raises(kind, match=message) as caught:
        layer.adapt(data)
    assert "scaled" in str(caught.value) or "generator function" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_refused_data_change_nothing() -> None:
    layer = layers.Normalization()
    layer.adapt(X)
    before = layer.get_weights()
    with pytest.raises(BadInputError):
        layer.adapt(iter([X * 2, X * np.nan]))
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("steps", [0, -1, 2.5])
def test_steps_are_positive(steps: Any) -> None:
    with pytest.raises(ValueError, match="`steps` must be a positive integer"):
        layers.Normalization().adapt(halves(), steps=steps)
