"""`predict` takes so many rows at a time that the C heap keeps their arrays."""

from __future__ import annotations

import jax
import numpy as np
import pytest

import cornu
from cornu import layers
from cornu.training import inference

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="for CPUs")


@pytest.fixture
def model():
    """Its largest array has 64 values, 256 bytes, a row."""
    return cornu.Sequential([layers.Input((4,)), layers.Dense(64, "relu"), layers.Dense(2)])


def sizes_of(model, x, batch_size: int) -> list[int]:
    """Rows of the batches that `predict` runs."""
    plan = inference.plan_for(model)
    ran: list[int] = []
    program = plan.program

    class Counting:
        trace = program.trace

        def __call__(self, values, x):
            ran.append(len(x))
            return program(values, x)

    plan.program = Counting()
    try:
        model.predict(x, batch_size=batch_size, verbose=0)
    finally:
        plan.program = program
    return ran


@pytest.mark.parametrize(
    ("most", "size"), [(1 << 30, 8), (2048, 8), (2047, 4), (1024, 4), (1023, 2), (256, 1), (9, 1)]
)
def test_large_arrays_are_made_of_fewer_rows(model, rng, monkeypatch, most, size):
    monkeypatch.setattr(inference, "_MOST_OF_ARRAY", most)
    monkeypatch.setattr(inference, "loops_well", lambda jaxpr: False)  # one batch a dispatch
    x = rng.normal(size=(20, 4)).astype("float32")
    sizes = sizes_of(model, x, 8)
    assert sizes[:-1] == [size] * (len(sizes) - 1)
    assert 20 <= sum(sizes) < 20 + size


def test_results_are_those_of_all_rows_at_once(model, rng, monkeypatch):
    x = rng.normal(size=(21, 4)).astype("float32")
    wanted = model.predict(x, batch_size=21, verbose=0)
    monkeypatch.setattr(inference, "_MOST_OF_ARRAY", 1024)
    found = model.predict(x, batch_size=8, verbose=0)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_batches_of_a_model_with_layers_of_the_users_stay_as_they_are(rng, monkeypatch):
    class Centred(layers.Layer):
        def call(self, x):
            return x - cornu.ops.mean(x, axis=0, keepdims=True)

    monkeypatch.setattr(inference, "_MOST_OF_ARRAY", 1)
    model = cornu.Sequential([layers.Input((4,)), Centred()])
    x = rng.normal(size=(16, 4)).astype("float32")
    found = model.predict(x, batch_size=8, verbose=0)
    for part in (slice(8), slice(8, 16)):
        np.testing.assert_allclose(found[part], x[part] - x[part].mean(0), atol=1e-6)
