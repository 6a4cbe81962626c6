"""Preprocessing layers in models and by themselves, against formulas."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import cornu
from cornu import config, layers

X = np.random.default_rng(2).normal(size=(64, 3)).astype("float32") * 4 + 2


def test_channels_first_rescaling(monkeypatch: pytest.MonkeyPatch) -> None:
    before = config.image_data_format()
    config.set_image_data_format("channels_first")
    try:
        layer = layers.Rescaling([1.0, 2.0], offset=[3.0, 4.0])
        found = layer(np.ones((1, 2, 2, 3), "float32"))
        np.testing.assert_array_equal(found[0, 0], np.full((2, 3), 4.0))
        np.testing.assert_array_equal(found[0, 1], np.full((2, 3), 6.0))
        np.testing.assert_array_equal(layer(np.ones((1, 2), "float32")), [[4, 6]])
    finally:
        config.set_image_data_format(before)


def test_inverse_normalization() -> None:
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    there.adapt(X)
    back.adapt(X)
    np.testing.assert_allclose(back(there(X)), X, rtol=1e-5, atol=1e-5)


def test_values_set_by_hand_count() -> None:
    layer = layers.Normalization()
    layer.build((None, 3))
    layer.set_weights([np.ones(3), np.full(3, 4.0), 0])
    np.testing.assert_allclose(layer(X), (X - 1) / 2, rtol=1e-6)


def test_a_layer_that_was_not_adapted_says_so_once() -> None:
    layer = layers.Normalization(name="raw")
    layer.compute_output_shape((None, 3))  # shapes alone need no moments
    with pytest.warns(UserWarning, match="layer 'raw' was not adapted, so it changes nothing"):
        np.testing.assert_array_equal(layer(X), X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        layer(X)


def test_models_use_moments_measured_later() -> None:
    scaled, bins = layers.Normalization(), layers.Discretization(num_bins=4)
    inputs = cornu.Input((3,))
    model = cornu.Model(inputs, [scaled(inputs), bins(inputs)])
    for scale in (1.0, 3.0):
        scaled.adapt(X * scale)
        bins.adapt(X * scale)
        found, numbers = model.predict(X * scale, verbose=0)
        np.testing.assert_allclose(found, (X - X.mean(0)) / X.std(0), rtol=1e-4, atol=1e-5)
        shares = np.bincount(numbers.ravel(), minlength=4) / numbers.size
        np.testing.assert_allclose(shares, 0.25, atol=0.02)


def test_training_leaves_moments_alone() -> None:
    scaled = layers.Normalization()
    scaled.adapt(X)
    model = cornu.Sequential([cornu.Input((3,)), scaled, layers.Dense(1)])
    model.compile("sgd", "mse")
    before = scaled.get_weights()
    target = ((X - X.mean(0)) / X.std(0)) @ [[1.0], [2.0], [3.0]]
    losses = model.fit(X, target, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    for a, b in zip(before, scaled.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_categories_feed_a_network() -> None:
    ids = np.random.default_rng(4).integers(0, 5, (32, 2))
    model = cornu.Sequential([layers.CategoryEncoding(5, "count"), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(ids, np.ones((32, 1)), epochs=1, verbose=0)
    assert model.layers[1].kernel.shape == (5, 1)
    with pytest.raises(ValueError, match="id 5 at x row 3 is out of range for CategoryEncoding"):
        model.fit(np.where(np.arange(32)[:, None] == 3, 5, ids), np.ones((32, 1)), verbose=0)


def test_boundaries_survive_pickling_and_cloning() -> None:
    layer = layers.Discretization(num_bins=4, output_mode="count", dtype="mixed_bfloat16")
    layer.adapt(X)
    expected = np.asarray(layer(X), "float32")
    for again in (pickle.loads(pickle.dumps(layer)), type(layer).from_config(layer.get_config())):
        assert again.bin_boundaries == layer.bin_boundaries
        assert again.compute_dtype == "bfloat16"
        np.testing.assert_array_equal(np.asarray(again(X), "float32"), expected)
        again.adapt(X * 2)  # it still knows how many bins it is to find
        np.testing.assert_allclose(again.bin_boundaries, np.multiply(layer.bin_boundaries, 2))


def test_boundaries_are_quantiles_within_epsilon() -> None:
    data = np.random.default_rng(6).exponential(size=20_000)
    layer = layers.Discretization(num_bins=10, epsilon=0.01)
    layer.adapt(np.split(data, 20).__iter__())
    ranks = np.searchsorted(np.sort(data), layer.bin_boundaries) / data.size
    np.testing.assert_allclose(ranks, np.arange(1, 10) / 10, atol=0.03)


def test_states_are_forgotten() -> None:
    layer = layers.Discretization(num_bins=2)
    layer.update_state(X + 100)
    layer.reset_state()
    layer.update_state([1.0, 2.0, 3.0, 4.0])
    layer.finalize_state()
    assert layer.bin_boundaries == [2.0]
    layer.reset_state()
    layer.finalize_state()  # nothing was taken in, so nothing changes
    assert layer.bin_boundaries == [2.0]


def given() -> layers.Discretization:
    return layers.Discretization([0.0], name="bins")


WRONG: list[tuple[Callable[[], Any], str]] = [
    (lambda: layers.Rescaling("2"), "`scale` must be a number"),
    (lambda: layers.Rescaling(None), "`scale` must be a number"),
    (lambda: layers.Rescaling(1, offset="a"), "`offset` must be a number"),
    (lambda: layers.Normalization(mean=1.0), "given together"),
    (lambda: layers.Normalization(mean="a", variance=1), "`mean` must be a number"),
    (lambda: layers.Normalization(mean=0, variance=-1), "must not be negative"),
    (lambda: layers.Normalization(axis=3)(X), "axis=3 .* not in inputs of shape"),
    (lambda: layers.Normalization()(cornu.Input((None,))), "must be known"),
    (lambda: layers.Normalization(mean=[1, 2], variance=[1, 2])(X), r"shape \(3,\)"),
    (lambda: layers.Normalization(mean=1, variance=1, name="n").adapt(X), "nothing to adapt"),
    (lambda: layers.CategoryEncoding(), "`num_tokens` must be a positive integer"),
    (lambda: layers.CategoryEncoding(2.5), "`num_tokens` must be a positive integer"),
    (lambda: layers.CategoryEncoding(3, "multihot"), "did you mean 'multi_hot'"),
    (lambda: layers.CategoryEncoding(3, sparse=True), "`sparse=True` is not supported"),
    (lambda: layers.CategoryEncoding(3)([[0, 3]]), r"inputs\[0, 1\] .* is 3; .* 0\.\.2"),
    (lambda: layers.CategoryEncoding(3)([[-1, 0]]), r"inputs\[0, 0\] .* is -1"),
    (lambda: layers.CategoryEncoding(3)([[0.5, 0]]), "whole number"),
    (lambda: layers.CategoryEncoding(3)([[1]], count_weights=[[1]]), "output_mode='count'"),
    (lambda: layers.CategoryEncoding(3, "count")([[1]], count_weights=[1]), r"\(1, 1\)"),
    (lambda: layers.Discretization(), "give either `bin_boundaries`, or `num_bins`"),
    (lambda: layers.Discretization([0.0], num_bins=2), "give either"),
    (lambda: layers.Discretization([1.0, 0.0]), "ascending order"),
    (lambda: layers.Discretization([0.0, np.nan]), "ascending order"),
    (lambda: layers.Discretization(["a"]), "list of numbers"),
    (lambda: layers.Discretization(num_bins=-1), "`num_bins` must be an integer, 0 or more"),
    (lambda: layers.Discretization(num_bins=2, epsilon=0), "`epsilon` must be above 0"),
    (lambda: layers.Discretization([0.0], output_mode="in"), "`output_mode` must be one of"),
    (lambda: layers.Discretization([0.0], output_mode="count", sparse=True), "`sparse=True`"),
    (lambda: layers.Discretization(num_bins=2)(X), "no bin boundaries yet: call its `adapt"),
    (lambda: given().adapt(X), "layer 'bins' was made with `bin_boundaries`"),
    (lambda: given().update_state(X), "so `update_state` has nothing to find"),
]  # fmt: skip


@pytest.mark.parametrize(("act", "message"), WRONG)
def test_errors_say_what_is_wrong(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        act()
    assert "layer '" in str(caught.value)
    assert len(str(caught.value)) < 400
