"""All options at once, in every optimizer; weights excluded from decay; counters and rates."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest

import cornu

RNG = np.random.default_rng(5)
SHAPES = {"kernel": (3, 2), "bias": (2,), "cube": (2, 3, 2)}
FIRST = {name: RNG.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}
GRADIENTS = [
    [(RNG.normal(size=s) * (3 if i % 4 == 0 else 0.5)).astype("float32") for s in SHAPES.values()]
    for i in range(20)
]
NAMES = (
    *("SGD", "RMSprop", "Adagrad", "Adam", "AdamW", "Adamax", "Nadam", "Lamb", "Adadelta"),
    *("Ftrl", "Lion", "Adafactor", "Muon"),
)
EVERYTHING = {
    "gradient_accumulation_steps": 3,
    "use_ema": True,
    "ema_momentum": 0.8,
    "ema_overwrite_frequency": 2,
    "weight_decay": 0.03,
    "clipnorm": 0.4,
}


def run(k: Any, name: str, options: dict[str, Any], excluded: Any = None) -> list[np.ndarray]:
    """Weights and slots after twenty updates."""
    rate = k.optimizers.schedules.InverseTimeDecay(0.05, 4, 0.3)
    optimizer = getattr(k.optimizers, name)(rate, **options)
    with k.name_scope("model"):
        weights = [k.Variable(value, name=key) for key, value in FIRST.items()]
    if excluded is not None:
        optimizer.exclude_from_weight_decay(**excluded(weights))
    optimizer.build(weights)

    def step(carried: Any, gradients: Any) -> Any:
        values, own = optimizer.stateless_apply(carried[1], gradients, carried[0])
        return (list(values), list(own)), None

    stacked = [np.stack(each) for each in zip(*GRADIENTS, strict=True)]
    first = ([w.value for w in weights], [v.value for v in optimizer.variables])
    (values, own), _ = jax.jit(lambda c: jax.lax.scan(step, c, stacked))(first)
    return [np.asarray(x) for x in (*values, *own)]


def compare(name: str, options: dict[str, Any], excluded: Any = None) -> None:
    found, expected = (run(k, name, options, excluded) for k in (cornu, keras))
    for own, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_at_once(name: str) -> None:
    compare(name, EVERYTHING)


EXCLUSIONS: dict[str, Any] = {
    "names": lambda weights: {"var_names": ["bias", "cu"]},
    "variables": lambda weights: {"var_list": [weights[0]]},
    "both": lambda weights: {"var_list": [weights[0]], "var_names": ["bias"]},
}


@pytest.mark.parametrize("kind", EXCLUSIONS)
@pytest.mark.parametrize("name", ["SGD", "AdamW", "Muon"])
def test_excluded_weights_do_not_decay(name: str, kind: str) -> None:
    compare(name, {"weight_decay": 0.2}, EXCLUSIONS[kind])


def by_hand(k: Any) -> tuple[list[float], int]:
    """A rate that is assigned between updates, and the counter."""
    optimizer = k.optimizers.Adam(0.1)
    weight = k.Variable(np.float32(1.0))
    seen = []
    for i in range(4):
        if i == 2:
            optimizer.learning_rate = 0.01
        if i == 3:
            optimizer.learning_rate.assign(0.5)
        optimizer.apply_gradients([(np.float32(0.5), weight)])
        seen.append(float(weight.numpy()))
    return seen, int(optimizer.iterations)


def test_the_rate_is_assigned_while_training() -> None:
    found, expected = by_hand(cornu), by_hand(keras)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    assert found[1] == expected[1] == 4


# Ours refuse what Keras takes and then computes nonsense with: a negative norm turns gradients
# around, a frequency of 0 means none.
@pytest.mark.parametrize(
    "options", [{"clipnorm": -1.0}, {"clipnorm": 0.0}, {"ema_overwrite_frequency": 0}], ids=str
)
def test_stricter_than_keras(options: dict[str, Any]) -> None:
    keras.optimizers.SGD(use_ema=True, **options)
    with pytest.raises(ValueError, match=next(iter(options))):
        cornu.optimizers.SGD(use_ema=True, **options)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"momentum": -1.0}),
        ("SGD", {"momentum": 2.0}),
        ("SGD", {"clipnorm": 1.0, "clipvalue": 1.0}),
        ("Adam", {"use_ema": True, "ema_momentum": 2.0}),
        ("Adam", {"gradient_accumulation_steps": 1}),
        ("Ftrl", {"learning_rate_power": 1.0}),
        ("Ftrl", {"initial_accumulator_value": -1.0}),
        ("Lion", {"beta_1": 1.5}),
    ],
)
def test_both_refuse(name: str, options: dict[str, Any]) -> None:
    for k in (cornu, keras):
        with pytest.raises(ValueError, match=r"\w"):
            getattr(k.optimizers, name)(**options)
