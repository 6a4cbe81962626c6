"""`predict` with large arrays: each core takes a few rows of its own through the model."""

from __future__ import annotations

import threading
import time

import jax
import numpy as np
import pytest

import cornu
from cornu import layers
from cornu.core import lanes
from cornu.training import inference

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="for CPUs")


@pytest.fixture(params=[1, 2])
def cores(request, monkeypatch):
    monkeypatch.setattr(lanes, "cores", lambda: request.param)
    return request.param


@pytest.fixture
def model():
    """Its largest array has 64 values, 256 bytes, a row."""
    return cornu.Sequential([layers.Input((4,)), layers.Dense(64, "relu"), layers.Dense(2)])


@pytest.fixture
def large(monkeypatch):
    """Says from how many bytes on arrays are large, and how large they may be in a lane."""

    def bytes_of(from_: int, in_lane: int, together: int = 1 << 30) -> None:
        monkeypatch.setattr(inference, "_LARGE", from_)
        monkeypatch.setattr(inference, "_MOST_IN_LANE", in_lane)
        monkeypatch.setattr(inference, "_MOST_IN_ALL_LANES", together)

    return bytes_of


def lane_of(model) -> inference.Lane | None:
    (lane,) = inference.plan_for(model)._lanes.values()
    return lane


@pytest.mark.parametrize("in_lane, rows", [(2048, None), (2047, 7), (1024, 4), (300, 1), (9, 1)])
def test_large_arrays_are_made_of_fewer_rows(model, rng, large, monkeypatch, in_lane, rows):
    monkeypatch.setattr(lanes, "cores", lambda: 1)
    large(0, in_lane)
    x = rng.normal(size=(8 * 7, 4)).astype("float32")
    model.predict(x, batch_size=8, verbose=0)
    assert getattr(lane_of(model), "rows", None) == rows


@pytest.mark.parametrize("share, rows", [(1 << 30, 1), (3, 2), (1, 7), (0.5, None)])
def test_large_weights_are_not_read_for_a_few_rows(model, rng, large, monkeypatch, share, rows):
    monkeypatch.setattr(lanes, "cores", lambda: 1)
    monkeypatch.setattr(inference, "_WEIGHTS_TO_ARRAY", share)  # the model's weights: 1,800 bytes
    large(0, 1)
    x = rng.normal(size=(8 * 7, 4)).astype("float32")
    model.predict(x, batch_size=8, verbose=0)
    assert getattr(lane_of(model), "rows", None) == rows


@pytest.mark.parametrize(("from_", "used"), [(2047, True), (2048, False)])
def test_small_arrays_go_through_as_batches(model, rng, large, from_, used):
    large(from_, 1024)
    model.predict(rng.normal(size=(20, 4)).astype("float32"), batch_size=8, verbose=0)
    assert (lane_of(model) is not None) == used


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32"])
def test_results_are_those_of_all_rows_at_once(model, rng, large, cores, dtype):
    x = (10 * rng.normal(size=(21, 4))).astype(dtype)
    wanted = model.predict(x, batch_size=21, verbose=0)
    large(0, 1024)
    for rows in (21, 20, 13, 9, 8, 1):
        found = model.predict(x[:rows], batch_size=8, verbose=0)
        np.testing.assert_allclose(found, wanted[:rows], rtol=1e-5, atol=1e-6)


def test_many_inputs_and_outputs(rng, large, cores):
    inputs = {name: layers.Input((4,), name=name) for name in "ab"}
    outputs = {"sum": layers.Add()(list(inputs.values())), "dense": layers.Dense(64)(inputs["a"])}
    model = cornu.Model(inputs, outputs)
    x = {name: rng.normal(size=(21, 4)).astype("float32") for name in "ab"}
    wanted = model.predict(x, batch_size=21, verbose=0)
    large(0, 1024)
    found = model.predict(x, batch_size=8, verbose=0)
    assert lane_of(model) is not None
    for name, values in wanted.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5, atol=1e-6)


def test_weights_are_read_anew(model, rng, large, cores):
    large(0, 1024)
    x = rng.normal(size=(20, 4)).astype("float32")
    before = model.predict(x, batch_size=8, verbose=0)
    model.set_weights([2 * w for w in model.get_weights()])
    after = model.predict(x, batch_size=8, verbose=0)
    np.testing.assert_allclose(after, 4 * before, rtol=1e-5)  # the biases are zeros


@pytest.mark.parametrize(
    ("rows", "most", "cores", "even"),
    [
        (100, 10, 2, 10),
        (100, 8, 2, 5),
        (96, 8, 2, 8),
        (99, 8, 1, 5),
        (100, 10, 16, 7),
        (9, 1, 2, 1),
    ],
)
def test_cores_are_done_at_the_same_time(monkeypatch, rows, most, cores, even):
    monkeypatch.setattr(lanes, "cores", lambda: cores)
    assert inference._even(rows, most) == even


def test_memory_of_all_cores_together_is_bounded(model, rng, large):
    large(0, 1024, together=3 * 1024)
    model.predict(rng.normal(size=(20, 4)).astype("float32"), batch_size=8, verbose=0)
    assert lane_of(model).most == 3


def test_progress_ends_with_all_batches(model, rng, large, cores):
    told: list[int] = []

    class Callbacks:
        wants_batches = staticmethod(lambda part: False)
        on_predict_begin = on_predict_end = staticmethod(lambda: None)
        on_progress = staticmethod(lambda part, done, logs: told.append(done))

    large(0, 256)
    plan = inference.plan_for(model)
    lane = plan._make_lane(np.zeros((1, 4), "float32"), 8, 20)

    class Feed:
        arrays, samples, batch_size = (rng.normal(size=(20, 4)).astype("float32"),), 20, 8

    inference._predict_in_lanes(plan, lane, Feed, Callbacks)
    assert told == sorted(told)
    assert told.count(3) == 1
    assert told[-1] == 3


def test_ctrl_c_stops_and_the_model_stays_usable(model, rng, large, monkeypatch):
    monkeypatch.setattr(lanes, "cores", lambda: 2)
    large(0, 256)
    x = rng.normal(size=(40, 4)).astype("float32")
    wanted = model.predict(x, batch_size=8, verbose=0)
    lane = lane_of(model)
    caller = threading.current_thread()

    def interrupted(values, x):
        if threading.current_thread() is caller:
            raise KeyboardInterrupt
        time.sleep(0.01)
        return lane.program(values, x)

    plan = inference.plan_for(model)
    (key,) = plan._lanes
    plan._lanes[key] = lane._replace(program=interrupted)
    with pytest.raises(KeyboardInterrupt):
        model.predict(x, batch_size=8, verbose=0)
    plan._lanes[key] = lane
    np.testing.assert_array_equal(model.predict(x, batch_size=8, verbose=0), wanted)


def test_batches_of_a_model_with_layers_of_the_users_stay_as_they_are(rng, large):
    class Centred(layers.Layer):
        def call(self, x):
            return x - cornu.ops.mean(x, axis=0, keepdims=True)

    large(0, 1)
    model = cornu.Sequential([layers.Input((4,)), Centred()])
    x = rng.normal(size=(16, 4)).astype("float32")
    found = model.predict(x, batch_size=8, verbose=0)
    for part in (slice(8), slice(8, 16)):
        np.testing.assert_allclose(found[part], x[part] - x[part].mean(0), atol=1e-6)
