"""Schedule-free AdamW against the real Keras."""

import keras
import numpy as np
import pytest

import cornu
from cornu.core.variable import Variable


@pytest.mark.parametrize(
    "options",
    [{}, {"warmup_steps": 5}, {"weight_decay": 0.1}, {"beta_1": 0.5, "learning_rate": 0.1}],
)
def test_twenty_updates_equal_keras(options):
    ours = cornu.optimizers.ScheduleFreeAdamW(**options)
    theirs = keras.optimizers.ScheduleFreeAdamW(**options)
    random = np.random.default_rng(0)
    start = random.normal(size=(3, 2)).astype("float32")
    a, b = Variable(start), keras.Variable(start)
    for _ in range(20):
        gradient = random.normal(size=(3, 2)).astype("float32")
        ours.apply([gradient], [a])
        theirs.apply([gradient], [b])
    np.testing.assert_allclose(a.value, b.numpy(), rtol=1e-5, atol=1e-6)
    for own, other in zip(ours.variables[2:], theirs.variables[2:], strict=True):
        np.testing.assert_allclose(own.value, other.numpy(), rtol=1e-5, atol=1e-6)


def test_config_equals_keras():
    ours, theirs = cornu.optimizers.ScheduleFreeAdamW(), keras.optimizers.ScheduleFreeAdamW()
    expected = theirs.get_config()
    assert {k: v for k, v in ours.get_config().items() if k != "name"} == {
        k: v for k, v in expected.items() if k != "name"
    }
