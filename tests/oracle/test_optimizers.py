"""Twenty updates of each optimizer with each option, against the real Keras."""

from __future__ import annotations

from typing import Any

import jax
import keras
import numpy as np
import pytest

from cornu import optimizers
from cornu.core import naming
from cornu.core.variable import Variable

STEPS = 20
SHAPES = {"kernel": (3, 2), "bias": (2,), "embeddings": (4, 3), "cube": (2, 3, 4), "scale": ()}
_rng = np.random.default_rng(0)
INITIAL = {name: _rng.normal(size=s).astype("float32") for name, s in SHAPES.items()}
GRADIENTS = [
    [(_rng.normal(size=s) * (3 if i % 4 == 0 else 0.5)).astype("float32") for s in SHAPES.values()]
    for i in range(STEPS)
]

SHARED: list[dict[str, Any]] = [
    {},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.7},
    {"weight_decay": 0.05},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 4.0, "clipnorm": 0.5},
    {"learning_rate": "schedule"},
]
ACCUMULATED: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"gradient_accumulation_steps": 3, "learning_rate": "schedule"}),
    ("Adam", {"gradient_accumulation_steps": 3}),
    ("Nadam", {"gradient_accumulation_steps": 3}),
    ("Ftrl", {"gradient_accumulation_steps": 3, "use_ema": True, "ema_momentum": 0.8}),
    ("Ftrl", {"gradient_accumulation_steps": 2, "use_ema": True, "ema_overwrite_frequency": 2}),
    ("Muon", {"gradient_accumulation_steps": 3, "clipnorm": 0.5, "weight_decay": 0.01}),
]
OWN: dict[str, list[dict[str, Any]]] = {
    "SGD": [{"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}, {"nesterov": True}],
    "RMSprop": [{"momentum": 0.9}, {"centered": True}, {"momentum": 0.5, "centered": True}],
    "Adagrad": [{"initial_accumulator_value": 0.0}],
    "Adam": [{"amsgrad": True}, {"beta_1": 0.5, "epsilon": 1e-3}],
    "AdamW": [{"amsgrad": True}],
    "Adamax": [{"beta_2": 0.9}],
    "Nadam": [{"beta_1": 0.5}],
    "Lamb": [{"beta_1": 0.5}],
    "Adadelta": [{"learning_rate": 1.0, "rho": 0.8}],
    "Ftrl": [
        {
            "l1_regularization_strength": 0.1,
            "l2_regularization_strength": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.3,
        },
        {"learning_rate_power": -0.3},
    ],
    "Lion": [{"beta_1": 0.5}],
    "Adafactor": [{"relative_step": False}, {"clip_threshold": 0.5, "beta_2_decay": -0.5}],
    "Muon": [
        {"nesterov": False},
        {"rms_rate": None},
        {"exclude_layers": ["ker"]},
        {"exclude_embeddings": False},
        {"ns_steps": 3, "adam_lr_ratio": 0.5},
        {"weight_decay": 0.05, "adam_weight_decay": 0.5},
        {"weight_decay": None, "adam_weight_decay": None},
    ],
}
SHARED_FOR = ("SGD", "Adam", "Ftrl", "Muon")  # the rest share their code
CASES = [
    (name, options)
    for name, own in OWN.items()
    for options in [*(SHARED if name in SHARED_FOR else SHARED[:1]), *own]
]


def _make(family: Any, name: str, options: dict[str, Any]) -> Any:
    options = {"learning_rate": 0.05, **options}
    if options["learning_rate"] == "schedule":
        options["learning_rate"] = family.schedules.ExponentialDecay(0.1, 5, 0.7)
    return getattr(family, name)(**options)


def _keras_variables() -> list[Any]:
    with keras.name_scope("model"):
        return [keras.Variable(value, name=name) for name, value in INITIAL.items()]


def _variables() -> list[Variable]:
    with naming.name_scope("model"):
        return [Variable(value, name=name) for name, value in INITIAL.items()]


def _compare(ours: list[Variable], theirs: list[Any]) -> None:
    assert len(ours) == len(theirs)
    for own, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(
            np.asarray(own.value), np.asarray(other.value), rtol=1e-5, atol=1e-6, err_msg=own.path
        )


@pytest.mark.parametrize(("name", "options"), CASES, ids=str)
def test_twenty_updates_give_the_same_numbers(name: str, options: dict[str, Any]) -> None:
    """Weights, slots, their paths and the config are those of Keras."""
    theirs, ours = _make(keras.optimizers, name, options), _make(optimizers, name, options)
    their_weights, our_weights = _keras_variables(), _variables()
    theirs.build(their_weights)
    ours.build(our_weights)
    assert ours.get_config() == theirs.get_config()
    assert [(v.path, v.dtype, v.shape) for v in ours.variables] == [
        (v.path, v.dtype, tuple(v.shape)) for v in theirs.variables
    ]
    for gradients in GRADIENTS:
        theirs.apply(gradients, their_weights)
        ours.apply(gradients, our_weights)
    _compare(our_weights, their_weights)
    _compare(ours.variables, theirs.variables)
    theirs.finalize_variable_values(their_weights)
    ours.finalize_variable_values(our_weights)
    _compare(our_weights, their_weights)


@pytest.mark.parametrize(("name", "options"), ACCUMULATED, ids=str)
def test_accumulated_updates_give_the_same_numbers(name: str, options: dict[str, Any]) -> None:
    """Compiled, where both sides branch inside the program."""
    found = []
    for family, weights in ((keras.optimizers, _keras_variables()), (optimizers, _variables())):
        optimizer = _make(family, name, options)
        optimizer.build(weights)
        found.append(_run(optimizer, weights, GRADIENTS))
    for other, value in zip(*found, strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)


def _run(optimizer: Any, weights: list[Any], gradients: list[list[Any]]) -> list[Any]:
    step = jax.jit(optimizer.stateless_apply)
    trainable, own = [w.value for w in weights], [v.value for v in optimizer.variables]
    for each in gradients:
        trainable, own = step(own, each, trainable)
    return [*trainable, *own]


def test_loss_scale_follows_keras() -> None:
    """The scale grows after finite steps, and halves on infinities, which skip the step."""
    state = []
    for family, weights in ((keras.optimizers, _keras_variables()), (optimizers, _variables())):
        inner = family.Adam(0.1)
        optimizer = family.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=3)
        optimizer.build(weights)
        gradients = [
            [g * np.float32(np.inf if i in (4, 9) else 1) for g in each]
            for i, each in enumerate(GRADIENTS[:14])
        ]
        values = _run(optimizer, weights, gradients)
        paths = [v.path for v in optimizer.variables]
        state.append((values, paths, optimizer.get_config()))
    assert state[0][1:] == state[1][1:]
    for other, value in zip(state[0][0], state[1][0], strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adafactor", "LossScaleOptimizer"])
def test_configs_cross_over(name: str) -> None:
    """What Keras serializes Cornu reads, and the other way round."""
    arguments = [keras.optimizers.Adam(0.1)] if name == "LossScaleOptimizer" else []
    theirs = getattr(keras.optimizers, name)(*arguments)
    record = keras.optimizers.serialize(theirs)
    ours = optimizers.deserialize(record)
    assert optimizers.serialize(ours) == record
    assert keras.optimizers.deserialize(record).get_config() == ours.get_config()


SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"decay_steps": 5, "decay_rate": 0.7}),
    ("ExponentialDecay", {"decay_steps": 5, "decay_rate": 0.7, "staircase": True}),
    ("PolynomialDecay", {"decay_steps": 7, "power": 2.0}),
    ("PolynomialDecay", {"decay_steps": 7, "cycle": True, "end_learning_rate": 0.01}),
    ("InverseTimeDecay", {"decay_steps": 4, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"decay_steps": 4, "decay_rate": 0.5, "staircase": True}),
    ("CosineDecay", {"decay_steps": 9, "alpha": 0.1}),
    ("CosineDecay", {"decay_steps": 9, "warmup_target": 1.0, "warmup_steps": 4}),
    ("CosineDecay", {"decay_steps": 9, "warmup_steps": 4}),
    ("CosineDecayRestarts", {"first_decay_steps": 5}),
    ("CosineDecayRestarts", {"first_decay_steps": 5, "t_mul": 1.0, "m_mul": 0.5, "alpha": 0.1}),
    ("CosineDecayRestarts", {"first_decay_steps": 3, "t_mul": 1.5, "m_mul": 0.9}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 7, 8], "values": [1.0, 0.5, 0.2, 0.1]}),
]


@pytest.mark.parametrize(("name", "options"), SCHEDULES, ids=str)
def test_schedules_give_the_same_rates(name: str, options: dict[str, Any]) -> None:
    """The rate at each of the first steps, and the config, are those of Keras."""
    if name != "PiecewiseConstantDecay":
        options = {"initial_learning_rate": 0.1, **options}
    theirs = getattr(keras.optimizers.schedules, name)(**options)
    ours = getattr(optimizers.schedules, name)(**options)
    assert optimizers.schedules.serialize(ours) == keras.optimizers.schedules.serialize(theirs)
    steps = range(25)
    np.testing.assert_allclose(
        [float(ours(i)) for i in steps], [float(theirs(i)) for i in steps], rtol=1e-5, atol=1e-7
    )
    again = optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(theirs))
    assert float(again(3)) == float(ours(3))
