"""Methods that models had in Keras 1 and 2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import cornu
from cornu.legacy import arguments
from cornu.legacy.models import METHODS, attach


def make_recorder() -> Any:
    """A model that notes how `fit`, `evaluate` and `predict` are called."""

    class Recorder:
        def fit(self, x: Any, **kwargs: Any) -> Any:
            self.x, self.given = x, kwargs
            return "history"

        def evaluate(self, x: Any, **kwargs: Any) -> float:
            self.x, self.given = x, kwargs
            return 0.5

        def predict(self, x: Any, **kwargs: Any) -> Any:
            self.given = kwargs
            return x

    attach(Recorder)
    return Recorder()


def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for number in range(10):
        yield np.full((4, 2), number), np.full((4, 1), number)


@pytest.fixture(autouse=True)
def nothing_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "_noted", set())


def test_fit_generator_is_fit() -> None:
    model = make_recorder()
    assert model.fit_generator(batches(), 3, epochs=2, workers=4, callbacks=[1]) == "history"
    assert model.given["steps_per_epoch"] == 3
    assert model.given["epochs"] == 2
    assert model.given["callbacks"] == [1]
    assert "workers" not in model.given


def test_sample_counts_become_steps_and_no_batch_is_lost() -> None:
    model = make_recorder()
    with pytest.warns(UserWarning, match="`nb_epoch`: old spelling, write `epochs`"):
        model.fit_generator(batches(), samples_per_epoch=10, nb_epoch=5)
    assert (model.given["steps_per_epoch"], model.given["epochs"]) == (3, 5)
    assert [x[0, 0] for x, _ in model.x] == list(range(10))
    model.evaluate_generator(batches(), val_samples=8)
    assert model.given["steps"] == 2


@pytest.mark.parametrize(
    ("outputs", "classes"),
    [([[0.1, 0.9], [0.8, 0.2]], [1, 0]), ([[0.4], [0.6]], [[0], [1]])],
)
def test_predict_classes(outputs: list[list[float]], classes: list[Any]) -> None:
    found = make_recorder().predict_classes(np.array(outputs))
    np.testing.assert_array_equal(found, classes)


def test_own_methods_are_kept() -> None:
    class Own:
        def predict_proba(self, x: Any) -> Any:
            return "mine"

    attach(Own)
    assert Own().predict_proba(1) == "mine"
    assert all(hasattr(Own, name) for name in METHODS)


def test_layers_have_the_shapes_of_older_keras():
    model = cornu.Sequential([cornu.layers.Dense(3, input_dim=4), cornu.layers.Dense(2)])
    assert [layer.output_shape for layer in model.layers] == [(None, 3), (None, 2)]
    assert model.layers[1].input_shape == (None, 3)
    assert not hasattr(cornu.layers.Dense(2), "output_shape")
