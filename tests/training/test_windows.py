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


def feed_of(x, y):
    return types.SimpleNamespace(arrays=(x, y, None))


def rows_of(window: windows.Window, size: int) -> np.ndarray:
    order = np.asarray(window.order)[: min(window.count * size, window.samples)]
    return np.asarray(window.data[0])[order]


@pytest.mark.parametrize(("start", "end"), [(0, 6), (0, 5), (1, 6), (3, 4), (4, 4)])
@pytest.mark.parametrize("rows", [48, 45])
def test_windows_give_the_rows_in_order(small_windows, rng, rows, start, end):
    x = rng.normal(size=(rows, 4)).astype("float32")
    order = rng.permutation(rows).astype("int32")
    made = windows.make(feed_of(x, x[:, :1]), 8)
    assert isinstance(made, windows.Gathered)
    found = [rows_of(window, 8) for window in made.over(order, start, end)]
    wanted = x[order[start * 8 : end * 8]]
    np.testing.assert_array_equal(np.concatenate([*found, x[:0]]), wanted)


def test_small_arrays_lie_on_the_device_whole(rng):
    x = rng.normal(size=(45, 4)).astype("float32")
    order = rng.permutation(45).astype("int32")
    (window,) = windows.make(feed_of(x, x[:, :1]), 8).over(order, 0, 6)
    assert (window.first, window.count, window.samples) == (0, 6, 45)
    np.testing.assert_array_equal(rows_of(window, 8), x[order])
    assert len(window.order) == 48


def test_windows_use_memory_as_it_lies(small_windows, rng):
    x = rng.normal(size=(48, 4)).astype("float32")
    window = next(windows.make(feed_of(x, x), 8).over(np.arange(48, dtype="int32"), 0, 6))
    host = windows._aligned((4, 4), "float32")
    assert jax.device_put(host).unsafe_buffer_pointer() == host.ctypes.data
    assert window.data[0].shape == (len(window.order), 4)


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
