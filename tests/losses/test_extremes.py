"""No loss turns a finite prediction into NaN, nor into a gradient that is NaN, in any float."""

from __future__ import annotations

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import losses

NUMBERS = {
    "float32": (0.0, 1e-40, 1e-30, 1.0, -1.0, 88.0, -88.0, 1e4, 1e30, -1e30, 3e38, -3e38),
    "float16": (0.0, 6e-8, 1.0, -1.0, 11.0, -11.0, 1e3, 6e4, -6e4),
    "bfloat16": (0.0, 1e-38, 1.0, -1.0, 88.0, -88.0, 1e4, 1e30, 3e38, -3e38),
}
SHARES = (0.0, 1e-45, 1e-38, 1e-30, 1e-7, 0.5, 1.0 - 1e-7, 1.0)
ONE_HOT = ((0.0, 1.0), (1.0, 0.0))
ANY = ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0))
LOGITS = {"from_logits": True}

# Loss, its arguments, whether predictions are probabilities, targets.
CASES: list[tuple[str, dict[str, Any], bool, tuple[Any, ...]]] = [
    ("mean_squared_error", {}, False, ANY),
    ("mean_absolute_error", {}, False, ANY),
    ("mean_absolute_percentage_error", {}, False, ANY),
    ("mean_squared_logarithmic_error", {}, False, ANY),
    ("log_cosh", {}, False, ANY),
    ("huber", {}, False, ANY),
    ("cosine_similarity", {}, False, ANY),
    ("hinge", {}, False, ANY),
    ("squared_hinge", {}, False, ANY),
    ("categorical_hinge", {}, False, ONE_HOT),
    ("poisson", {}, True, ANY),
    ("kl_divergence", {}, True, ANY),
    ("dice", {"axis": -1}, True, ANY),
    ("tversky", {"axis": -1}, True, ANY),
    ("binary_crossentropy", {}, True, ANY),
    ("binary_crossentropy", LOGITS, False, ANY),
    ("binary_focal_crossentropy", {"gamma": 0.5}, True, ANY),
    ("binary_focal_crossentropy", {**LOGITS, "gamma": 0.5}, False, ANY),
    ("categorical_crossentropy", {}, True, ONE_HOT),
    ("categorical_crossentropy", LOGITS, False, ONE_HOT),
    ("categorical_focal_crossentropy", {"gamma": 0.5}, True, ONE_HOT),
    ("categorical_focal_crossentropy", LOGITS, False, ONE_HOT),
    ("sparse_categorical_crossentropy", {}, True, (0, 1)),
    ("sparse_categorical_crossentropy", LOGITS, False, (0, 1)),
    ("categorical_generalized_cross_entropy", {"q": 0.3}, True, (0, 1)),
]


@pytest.mark.parametrize(("name", "arguments", "is_share", "targets"), CASES, ids=str)
def test_no_nan(name: str, arguments: Any, is_share: bool, targets: Any) -> None:
    loss = getattr(losses, name)

    @jax.jit
    def run(y_true: Any, y_pred: Any) -> Any:
        def total(p: Any) -> Any:
            values = loss(y_true, p, **arguments)
            return jnp.sum(values.astype("float32")), values

        return jax.grad(total, has_aux=True)(y_pred)

    for dtype, numbers in NUMBERS.items():
        pairs = list(itertools.product(SHARES if is_share else numbers, repeat=2))
        rows = jnp.asarray(np.array(pairs * len(targets)), dtype)
        y_true = np.repeat(np.array(targets), len(pairs), axis=0)
        slope, values = run(jnp.asarray(y_true) if y_true.ndim == 1 else y_true, rows)
        bad = np.isnan(np.asarray(values, "float32"))
        bad |= np.isnan(np.asarray(slope, "float32")).any(-1)
        assert values.dtype == dtype
        assert not bad.any(), f"{dtype}: {np.asarray(rows, 'float64')[bad][:3]}"


def test_gradients_of_small_totals_are_right() -> None:
    """Rows of probabilities are scaled to 1, however small their total."""
    rows = jnp.asarray([[1.0, 3.0], [1e-20, 3e-20], [1e-30, 3e-30]])

    def total(p: Any) -> Any:
        return jnp.sum(losses.categorical_crossentropy(jnp.asarray([[1.0, 0.0]] * 3), p))

    slope = np.asarray(jax.grad(total)(rows), "float64") * np.asarray(rows, "float64")
    np.testing.assert_allclose(slope, [[-0.75, 0.75]] * 3, rtol=1e-5)


def test_a_weight_cannot_weigh_samples_of_a_loss_over_the_batch() -> None:
    x = np.ones((2, 4), "float32")
    with pytest.raises(ValueError, match="one value for the whole batch"):
        losses.Dice()(x, x, sample_weight=np.ones((2, 4)))
    assert losses.Dice(axis=-1)(x, x, sample_weight=np.ones(2)).shape == ()


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize(
    "name", ["MeanSquaredError", "BinaryCrossentropy", "CategoricalCrossentropy", "Hinge"]
)
def test_no_samples_cost_nothing(name: str, reduction: str) -> None:
    """Where Keras gives back an empty array, whatever the reduction."""
    empty = np.zeros((0, 3), "float32")
    loss = getattr(losses, name)(reduction=reduction)
    assert loss(empty, empty) == 0
    assert loss(empty, empty, np.zeros(0)) == 0
    assert getattr(losses, name)(reduction="none")(empty, empty).shape == (0,)


def test_integers_and_bools_are_numbers() -> None:
    assert losses.MeanSquaredError()([[1, 2]], [[3, 5]]) == 6.5
    found = losses.BinaryCrossentropy()([[True, False]], [[0.9, 0.2]])
    np.testing.assert_allclose(found, -np.log([0.9, 0.8]).mean(), rtol=1e-5)
