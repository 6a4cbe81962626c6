"""The smaller last batch, filled up: what it gives, and who gets none."""

from __future__ import annotations

import numpy as np
import pytest

import cornu
from cornu import layers
from cornu.training import filling

ROWS, SIZE = 45, 8


def model_of(*parts, loss="binary_crossentropy", metrics=("auc", "mae"), **options):
    cornu.utils.set_random_seed(3)
    model = cornu.Sequential([layers.Input((4,)), layers.Dense(6, "tanh"), *parts])
    model.add(layers.Dense(1, "sigmoid"))
    model.compile("sgd", loss, metrics=list(metrics), **options)
    return model


@pytest.fixture
def data(rng):
    return rng.normal(size=(ROWS, 4)).astype("float32"), rng.integers(0, 2, (ROWS, 1))


def run(model, data, monkeypatch, fills: bool, **fit):
    monkeypatch.setattr(filling, "pays", lambda *_: fills)
    history = model.fit(*data, batch_size=SIZE, epochs=2, verbose=0, shuffle=False, **fit)
    return model.get_weights(), history.history


def is_filled(model) -> bool:
    return any(plan._fills for key, plan in model.plans.items() if key[0] == "train")


LOSSES = [
    "binary_crossentropy",
    "mse",
    cornu.losses.MeanSquaredError(reduction="sum"),
    cornu.losses.Huber(reduction="mean_with_sample_weight"),
    cornu.losses.BinaryCrossentropy(label_smoothing=0.1),
]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: getattr(loss, "name", loss))
@pytest.mark.parametrize("weighted", [False, True])
def test_a_filled_batch_gives_what_the_smaller_one_gives(data, monkeypatch, loss, weighted):
    weights = {"sample_weight": np.linspace(0.5, 2, ROWS)} if weighted else {}
    options = {"weighted_metrics": ["mae", "precision"]}
    smaller = run(model_of(loss=loss, **options), data, monkeypatch, False, **weights)
    model = model_of(loss=loss, **options)
    filled = run(model, data, monkeypatch, True, **weights)
    assert is_filled(model)
    for a, b in zip(smaller[0], filled[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)
    assert smaller[1].keys() == filled[1].keys()
    for name, values in smaller[1].items():
        np.testing.assert_allclose(values, filled[1][name], rtol=2e-5, err_msg=name)


class Own(layers.Layer):
    def call(self, inputs):
        return inputs - inputs.mean(axis=0)


def own_loss(y_true, y_pred):
    return cornu.ops.mean((y_true - y_pred) ** 2)


@pytest.mark.parametrize(
    "make",
    [
        lambda: model_of(layers.BatchNormalization()),
        lambda: model_of(Own()),
        lambda: model_of(loss=own_loss, metrics=()),
        lambda: model_of(metrics=[own_loss]),
        lambda: model_of(layers.ActivityRegularization(l2=0.1)),
        lambda: model_of(loss=cornu.losses.Dice(), metrics=()),
    ],
    ids=["batchnorm", "own layer", "own loss", "own metric", "add_loss", "dice"],
)
def test_what_looks_at_other_rows_gets_the_smaller_batch(data, monkeypatch, make):
    cornu.utils.set_random_seed(3)  # before the layers are made
    filled = run(model := make(), data, monkeypatch, True)
    cornu.utils.set_random_seed(3)
    smaller = run(make(), data, monkeypatch, False)
    assert not is_filled(model)
    for a, b in zip(smaller[0], filled[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_masked_predictions_are_not_filled(rng, monkeypatch):
    """A mean over what a mask keeps cannot be corrected afterwards."""

    def make():
        cornu.utils.set_random_seed(3)
        model = cornu.Sequential(
            [layers.Input((3,)), layers.Embedding(5, 4, mask_zero=True), layers.Dense(1)]
        )
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    ids = rng.integers(0, 5, (ROWS, 3))
    data = ids, rng.normal(size=(ROWS, 3, 1))
    filled = run(model := make(), data, monkeypatch, True)
    smaller = run(make(), data, monkeypatch, False)
    assert not is_filled(model)
    for a, b in zip(smaller[0], filled[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-6)


def test_fewer_rows_than_a_batch_make_a_batch_of_their_own(data):
    model = model_of()
    model.fit(*data, batch_size=1000, epochs=1, verbose=0)
    assert {key[1] for key in model.plans if key[0] == "train"} == {ROWS}


@pytest.mark.parametrize(
    ("samples", "size", "pays"), [(1000, 128, True), (100, 32, False), (64, 32, True)]
)
def test_filling_up_is_for_where_it_costs_little(samples, size, pays):
    assert filling.pays(samples, size) == pays
