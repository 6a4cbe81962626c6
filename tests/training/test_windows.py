"""Large arrays go over the device window by window, with the same results."""

from __future__ import annotations

import types

import jax
import numpy as np
import pytest

import cornu
from cornu.training import windows


@pytest.fixture
def small_windows(monkeypatch):
    """Every array counts as large, and a window holds two batches of eight rows of four."""
    monkeypatch.setattr(windows, "_COPIED_ON_CPU", -1)
    monkeypatch.setattr(windows, "_usable_as_it_lies", lambda array: False)
    monkeypatch.setattr(windows, "_WINDOW", 2 * 8 * (4 + 1) * 4)


def feed_of(x, y, order=lambda seed: np.arange(0)):
    return types.SimpleNamespace(arrays=(x, y, None), samples=len(x), order=order)


def seeds_from(first: int, count: int = 1):
    return iter([(0, first + k) for k in range(count)])


def rows_of(window: windows.Window, size: int) -> np.ndarray:
    order = np.asarray(window.orders)[window.row, : min(window.count * size, window.samples)]
    return np.asarray(window.data[0])[order]


@pytest.mark.parametrize(("start", "end"), [(0, 6), (0, 5), (1, 6), (3, 4), (4, 4)])
@pytest.mark.parametrize("rows", [48, 45])
def test_windows_give_the_rows_in_order(small_windows, rng, rows, start, end):
    x = rng.normal(size=(rows, 4)).astype("float32")
    order = rng.permutation(rows).astype("int32")
    made = windows.make(feed_of(x, x[:, :1], lambda seed: order), 8)
    assert isinstance(made, windows.Gathered)
    found = [rows_of(window, 8) for window in made.over(seeds_from(0), start, end)]
    wanted = x[order[start * 8 : end * 8]]
    np.testing.assert_array_equal(np.concatenate([*found, x[:0]]), wanted)


def test_small_arrays_lie_on_the_device_whole(rng):
    x = rng.normal(size=(45, 4)).astype("float32")
    order = rng.permutation(45).astype("int32")
    made = windows.make(feed_of(x, x[:, :1], lambda seed: order), 8)
    (window,) = made.over(seeds_from(0), 0, 6)
    assert (window.first, window.count, window.samples) == (0, 6, 45)
    np.testing.assert_array_equal(rows_of(window, 8), x[order])
    assert window.orders.shape[1] == 48


def test_orders_of_later_epochs_are_laid_out_ahead(rng, monkeypatch):
    monkeypatch.setattr(windows, "_MOST_ORDERS", 4)
    monkeypatch.setattr(windows, "_FIRST_ORDERS", 4)
    x = rng.normal(size=(45, 4)).astype("float32")
    asked = []

    def order(seed):
        asked.append(seed[1])
        return np.random.default_rng(seed).permutation(45).astype("int32")

    made = windows.make(feed_of(x, x[:, :1], order), 8)
    found = {}
    for first in (0, 1, 3, 4, 9):
        (window,) = made.over(seeds_from(first, 6), 0, 6)
        found[first] = (window.row, window.epochs)
        np.testing.assert_array_equal(rows_of(window, 8), x[order((0, first))])
        asked.pop()  # ours
    assert found == {0: (0, 4), 1: (1, 3), 3: (3, 1), 4: (0, 4), 9: (0, 4)}
    assert asked == [0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12]
    (window,) = made.over(seeds_from(20), 0, 6)  # the last epoch
    assert (window.row, window.epochs, window.orders.shape) == (0, 1, (4, 48))


def test_the_first_order_comes_alone_then_more_and_more(rng, monkeypatch):
    monkeypatch.setattr(windows, "_GROWTH", 2)
    x = rng.normal(size=(45, 4)).astype("float32")
    made = windows.make(feed_of(x, x[:, :1], lambda seed: np.arange(45)), 8)
    found = []
    for first in range(8):
        (window,) = made.over(seeds_from(first, 8 - first), 0, 6)
        found.append((window.row, window.epochs, window.orders.shape[0]))
    assert found == [
        (0, 1, 64), (0, 2, 64), (1, 1, 64), (0, 4, 64), (1, 3, 64), (2, 2, 64), (3, 1, 64),
        (0, 1, 64),
    ]  # fmt: skip


def test_orders_take_no_more_than_their_room(rng, monkeypatch):
    monkeypatch.setattr(windows, "_ORDERED", 100)
    x = rng.normal(size=(45, 4)).astype("float32")
    made = windows.make(feed_of(x, x[:, :1], lambda seed: np.arange(45)), 8)
    (window,) = made.over(seeds_from(0, 6), 0, 6)
    assert window.orders.shape == (2, 48)
    monkeypatch.setattr(windows, "_ORDERED", 10)
    made = windows.make(feed_of(x, x[:, :1], lambda seed: np.arange(45)), 8)
    (window,) = made.over(seeds_from(0, 6), 0, 6)
    assert window.orders.shape == (1, 48)


def test_windows_use_memory_as_it_lies(small_windows, rng):
    x = rng.normal(size=(48, 4)).astype("float32")
    made = windows.make(feed_of(x, x, lambda seed: np.arange(48, dtype="int32")), 8)
    window = next(made.over(seeds_from(0), 0, 6))
    host = windows._aligned((4, 4), "float32")
    assert jax.device_put(host).unsafe_buffer_pointer() == host.ctypes.data
    assert window.data[0].shape == (window.orders.size, 4)


def trained(data, **fit):
    cornu.utils.set_random_seed(5)
    model = cornu.Sequential(
        [
            cornu.layers.Input((4,)),
            cornu.layers.Dense(8, "relu"),
            cornu.layers.Dropout(0.5),
            cornu.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(*data, batch_size=8, epochs=2, verbose=0, **fit)
    return model.get_weights(), history.history


class EachBatch(cornu.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


def test_windows_train_as_whole_arrays_do(rng, monkeypatch):
    data = rng.normal(size=(45, 4)).astype("float32"), rng.integers(0, 2, (45, 1))
    weights, logs = trained(data, validation_split=0.2)
    monkeypatch.setattr(windows, "_COPIED_ON_CPU", -1)
    monkeypatch.setattr(windows, "_usable_as_it_lies", lambda array: False)
    monkeypatch.setattr(windows, "_WINDOW", 2 * 8 * (4 + 1) * 4)
    in_windows, their_logs = trained(data, validation_split=0.2)
    for a, b in zip(weights, in_windows, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-7)
    assert logs.keys() == their_logs.keys()
    for name, values in logs.items():
        np.testing.assert_allclose(values, their_logs[name], rtol=1e-5)
    single, _ = trained(data, validation_split=0.2, callbacks=[EachBatch()])
    for a, b in zip(single, in_windows, strict=True):
        np.testing.assert_array_equal(a, b)
