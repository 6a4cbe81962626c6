"""Weights of 16 bits: counts, rates and powers of decay rates stay exact, so that weights move."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import optimizers
from cornu.core.variable import Variable

NAMES = (
    *("SGD", "RMSprop", "Adagrad", "Adam", "AdamW", "Adamax", "Nadam", "Lamb", "Adadelta"),
    *("Ftrl", "Lion", "Adafactor", "Muon"),
)
RATES = {"Adadelta": 500.0, "Ftrl": 0.5, "Adagrad": 0.2, "Adafactor": 0.3}


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", NAMES)
def test_a_parabola_is_descended(name: str, dtype: str) -> None:
    """From (3, -2, 1) towards 0; the real Keras stands still with Adam and is NaN with Nadam."""
    start = np.array([[3.0, -2.0], [1.0, 2.0]], "float32")
    weight = Variable(start, dtype=dtype, name="w")
    optimizer = getattr(optimizers, name)(RATES.get(name, 0.05))
    optimizer.build([weight])

    def step(carried: Any, _: Any) -> Any:
        values, own = carried
        return optimizer.stateless_apply(own, [2 * values[0]], values), None

    first = ([weight.value], [v.value for v in optimizer.variables])
    (values, own), _ = jax.jit(lambda c: jax.lax.scan(step, c, length=30))(first)
    assert [v.dtype for v in own] == [v.value.dtype for v in optimizer.variables]
    assert values[0].dtype == dtype
    found = np.asarray(values[0], "float32")
    assert np.isfinite(found).all()
    assert np.square(found).sum() < 0.95 * np.square(start).sum()


def test_a_rate_of_0_leaves_weights_as_they_are() -> None:
    """The end of a schedule; Ftrl divides by the rate."""
    for name in NAMES:
        weight = Variable(np.array([3.0, -2.0], "float32"), name="w")
        optimizer = getattr(optimizers, name)(0.0)
        optimizer.build([weight])
        optimizer.apply([jnp.ones(2)], [weight])
        np.testing.assert_array_equal(weight.numpy(), [3, -2], err_msg=name)
