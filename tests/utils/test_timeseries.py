"""Windows over a series."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cornu
from cornu.utils import timeseries_dataset_from_array as windows_of

whole = st.integers(1, 5)


@given(steps=st.integers(1, 30), length=whole, stride=whole, rate=whole, size=whole)
def test_windows_are_what_a_loop_would_give(
    steps: int, length: int, stride: int, rate: int, size: int
) -> None:
    expected = [
        [start + rate * k for k in range(length)]
        for start in range(0, steps, stride)
        if start + rate * (length - 1) < steps
    ]
    if not expected:
        with pytest.raises(ValueError, match="no window"):
            windows_of(np.arange(steps), None, length, stride, rate)
        return
    found = windows_of(np.arange(steps), None, length, stride, rate, batch_size=size)
    batches = list(found)
    assert np.concatenate(batches).tolist() == expected
    assert [len(batch) for batch in batches[:-1]] == [size] * (len(batches) - 1)


def test_targets_belong_to_the_start_of_their_window() -> None:
    """The example of a regression on the next step."""
    data = np.arange(100)
    x, y = windows_of(data[:-10], data[10:], 10, batch_size=None)[3]
    np.testing.assert_array_equal(x, np.arange(3, 13))
    assert y == 13


def test_a_range_cuts_data_and_targets() -> None:
    found = windows_of(np.arange(20), 100 + np.arange(20), 3, start_index=5, end_index=10)
    ((x, y),) = list(found)
    np.testing.assert_array_equal(x, [[5, 6, 7], [6, 7, 8], [7, 8, 9]])
    np.testing.assert_array_equal(y, [105, 106, 107])


def test_fewer_targets_mean_fewer_windows() -> None:
    ((x, _),) = list(windows_of(np.arange(9), np.arange(2), 3))
    assert len(x) == 2


def test_a_new_order_each_epoch_the_same_for_a_seed() -> None:
    first, second = (
        windows_of(np.arange(40), None, 2, batch_size=None, shuffle=True, seed=1) for _ in range(2)
    )
    orders = []
    for _ in range(2):
        orders.append([int(x[0]) for x in first])
        first.on_epoch_end()
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(39))
    assert orders[0] != orders[1]
    assert orders[0] == [int(x[0]) for x in second]


def test_windows_train_a_model() -> None:
    wave = np.sin(np.arange(60) / 4).astype("float32")
    model = cornu.Sequential([cornu.layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = model.fit(windows_of(wave[:-5], wave[5:], 5, batch_size=16), epochs=5, verbose=0)
    assert losses.history["loss"][-1] < losses.history["loss"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_stride": 0}, "sequence_stride"),
        ({"sampling_rate": -1}, "sampling_rate"),
        ({"batch_size": 0}, "batch_size"),
        ({"sequence_length": 11}, "no window of 11 steps, 1 apart"),
        ({"start_index": 10}, "start_index"),
        ({"end_index": 11}, "end_index"),
        ({"start_index": 5, "end_index": 5}, "end_index"),
        ({"format": "zarr"}, "'tf' or 'grain'"),
        ({"data": 3.0}, "time axis"),
    ],
)
def test_what_cannot_be_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        windows_of(**{"data": np.arange(10), "targets": None, "sequence_length": 3, **arguments})
