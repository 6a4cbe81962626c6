"""`train_on_batch` and `test_on_batch` against the real Keras: figures are those of the batch."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import cornu

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(3, 8, 4)).astype("float32")
Y = RANDOM.normal(size=(3, 8, 2)).astype("float32")


def made(library: Any, metrics: list[str]) -> Any:
    dense = library.layers.Dense(2, kernel_initializer="ones")
    model = library.Sequential([library.layers.Input((4,)), dense])
    model.compile("sgd", "mse", metrics=metrics)
    return model


def run(model: Any) -> list[Any]:
    found = [model.train_on_batch(x, y) for x, y in zip(X, Y, strict=True)]
    found += [model.test_on_batch(x, y) for x, y in zip(X, Y, strict=True)]
    model.fit(X[0], Y[0], batch_size=8, verbose=0)
    found.append(model.train_on_batch(X[1], Y[1]))
    found.append(list(model.test_on_batch(X[2], Y[2], return_dict=True).values()))
    return found


@pytest.mark.parametrize("metrics", [["mae"], ["mae", "cosine_similarity"]])
def test_figures_of_each_batch(metrics: list[str]) -> None:
    ours, theirs = run(made(cornu, metrics)), run(made(keras, metrics))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)
    assert all(type(value) is float for row in ours for value in row)


def test_the_loss_alone_can_be_formatted() -> None:
    model = made(cornu, [])
    loss = model.train_on_batch(X[0], Y[0])
    assert f"{loss:.2f}" == f"{float(loss):.2f}"
    assert type(model.test_on_batch(X[0], Y[0])) is float


def test_wrong_data_leave_the_metrics_as_they_are() -> None:
    model = made(cornu, ["mae"])
    model.fit(X[0], Y[0], verbose=0)
    before = model.get_metrics_result()
    with pytest.raises(ValueError, match="NaN"):
        model.train_on_batch(np.full_like(X[0], np.nan), Y[0])
    assert model.get_metrics_result() == before
