"""All losses with masks and weights of steps; arguments through configs, both ways."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from cornu import losses
from cornu.core.masks import set_mask

RNG = np.random.default_rng(9)


def uniform(*shape: int) -> np.ndarray:
    return RNG.uniform(0.05, 0.95, size=shape).astype("float32")


SHAPE = (2, 4, 3)
BINARY, SHARES = np.round(uniform(*SHAPE)), uniform(*SHAPE)
REAL, REAL_2 = RNG.normal(size=(2, *SHAPE)).astype("float32")
NUMBERS = RNG.integers(0, 3, (2, 4))
ONE_HOT = np.eye(3, dtype="float32")[NUMBERS]
CHANCES = SHARES / SHARES.sum(-1, keepdims=True)

DATA: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(
        ("MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError"), (REAL, REAL_2)
    ),
    **dict.fromkeys(("LogCosh", "Huber", "CosineSimilarity"), (REAL, REAL_2)),
    **dict.fromkeys(("BinaryCrossentropy", "BinaryFocalCrossentropy"), (BINARY, SHARES)),
    **dict.fromkeys(("Hinge", "SquaredHinge"), (BINARY, REAL)),
    **dict.fromkeys(("CategoricalCrossentropy", "KLDivergence"), (ONE_HOT, CHANCES)),
    "CategoricalFocalCrossentropy": (ONE_HOT, CHANCES),
    "CategoricalHinge": (ONE_HOT, REAL),
    "SparseCategoricalCrossentropy": (NUMBERS, CHANCES),
    "CategoricalGeneralizedCrossEntropy": (NUMBERS, CHANCES),
    "MeanSquaredLogarithmicError": (SHARES, CHANCES),
    "Poisson": (3 * SHARES, CHANCES),
}
MASK = np.array([[True, True, False, True], [False, True, True, False]])
STEPS = uniform(2, 4)
COMBINED: dict[str, dict[str, Any]] = {
    "mask and mean": {"mask": MASK, "reduction": "sum_over_batch_size"},
    "mask, weights, mean": {"mask": MASK, "weight": STEPS, "reduction": "mean"},
    "mask, weights, none": {"mask": MASK, "weight": STEPS[..., None], "reduction": "none"},
    "mask, weights, their mean": {
        "mask": MASK,
        "weight": STEPS,
        "reduction": "mean_with_sample_weight",
    },
    "all masked": {"mask": MASK & False, "weight": STEPS, "reduction": "sum_over_batch_size"},
    "weights of 0": {"weight": 0 * STEPS, "reduction": "mean_with_sample_weight"},
}


def test_every_loss_of_steps_is_in_the_table() -> None:
    whole_batch = {"Loss", "LossFunctionWrapper", "Dice", "Tversky", "Circle", "CTC"}
    classes = {n for n, v in vars(keras.losses).items() if isinstance(v, type)}
    assert classes - whole_batch == set(DATA)


@pytest.mark.parametrize("how", COMBINED)
@pytest.mark.parametrize("name", DATA)
def test_masks_and_weights_of_steps(name: str, how: str) -> None:
    options = COMBINED[how]
    y_true, y_pred = DATA[name]
    found = []
    for k in (losses, keras.losses):
        predictions = jnp.asarray(y_pred)
        set_mask(predictions, None if "mask" not in options else jnp.asarray(options["mask"]))
        loss = getattr(k, name)(reduction=options["reduction"])
        found.append(np.asarray(loss(y_true, predictions, options.get("weight"))))
    assert found[0].shape == found[1].shape
    assert found[0].dtype == found[1].dtype
    np.testing.assert_allclose(found[0], found[1], rtol=2e-5, atol=1e-6)


# Differences that are meant. Weights (N,) weigh the rows of losses (N, T), where Keras cannot
# broadcast them; and the mean by weights divides by the weights as they meet the losses, where
# Keras divides by the sum of the weights as given, T times too small for a column (N, 1).
def test_weights_of_rows_weigh_all_their_steps() -> None:
    rows = np.array([0.5, 2.0], "float32")
    ours = losses.MeanSquaredError()(REAL, REAL_2, rows)
    theirs = keras.losses.MeanSquaredError()(REAL, REAL_2, np.tile(rows[:, None], (1, 4)))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    with pytest.raises(ValueError, match="broadcast"):
        keras.losses.MeanSquaredError()(REAL, REAL_2, rows)


def test_the_mean_by_weights_divides_by_the_weights_as_used() -> None:
    column = np.array([[0.5], [2.0]], "float32")
    ours, theirs = (
        k.MeanSquaredError(reduction="mean_with_sample_weight")(REAL, REAL_2, column)
        for k in (losses, keras.losses)
    )
    values = np.square(REAL - REAL_2).mean(-1)
    np.testing.assert_allclose(ours, np.average(values, weights=np.tile(column, 4)), rtol=1e-5)
    np.testing.assert_allclose(theirs, 4 * ours, rtol=1e-5)


ARGUMENTS: list[tuple[str, dict[str, Any]]] = [
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1, "axis": 1}),
    ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.4, "gamma": 1.5}),
    ("CategoricalCrossentropy", {"label_smoothing": 0.2, "reduction": "sum", "name": "mine"}),
    ("CategoricalFocalCrossentropy", {"alpha": 0.3, "from_logits": True}),
    ("SparseCategoricalCrossentropy", {"ignore_class": 0, "from_logits": True}),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}),
    ("Tversky", {"alpha": 0.3, "beta": 0.8, "axis": [1, 2]}),
    ("Dice", {"axis": [1]}),
    ("Circle", {"gamma": 10.0, "margin": 0.2, "remove_diagonal": False}),
    ("Poisson", {"reduction": "none"}),
]


@pytest.mark.parametrize(("name", "arguments"), ARGUMENTS, ids=str)
def test_configs_with_arguments_go_both_ways(name: str, arguments: dict[str, Any]) -> None:
    ours, theirs = getattr(losses, name)(**arguments), getattr(keras.losses, name)(**arguments)
    assert ours.get_config() == theirs.get_config()
    assert losses.serialize(ours) == keras.losses.serialize(theirs)
    here = losses.deserialize(keras.losses.serialize(theirs))
    there = type(theirs).from_config(ours.get_config())
    assert here.get_config() == there.get_config() == ours.get_config()
    assert type(here) is type(ours)
