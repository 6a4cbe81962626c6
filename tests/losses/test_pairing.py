"""Which targets belong to which predictions, and what is said of those that do not."""

import numpy as np
import pytest

from cornu import losses, metrics


def _zeros(shape, dtype="float32"):
    return np.zeros(shape, dtype)


@pytest.mark.parametrize(
    ("targets", "predictions", "values"),
    [
        ((4,), (4, 1), (4,)),
        ((4, 1), (4,), (4,)),
        ((4, 5), (4, 5, 1), (4,)),
        ((4, 5, 1), (4, 5), (4,)),
        ((4, 3), (4, 3), (4,)),
        ((), (4, 3), (4,)),
        ((4,), (4,), ()),
    ],
)
def test_shapes_that_belong_together(targets, predictions, values):
    assert losses.mean_squared_error(_zeros(targets), _zeros(predictions)).shape == values


# id of the case in the table of bad inputs -> loss, targets, predictions, what the message says
BAD = {
    "6": ("mse", (32, 1), (32, 3), ["targets (32, 1) vs predictions (32, 3)", "Dense(1)"]),
    "7": ("mse", (32, 3), (32, 1), ["targets (32, 3) vs predictions (32, 1)", "did you mean 3"]),
    "8": ("mse", (3,), (3, 3), ["targets (3,) vs predictions (3, 3)", "Dense(1)"]),
    "9": ("mse", (32,), (32, 3), ["targets (32,) vs predictions (32, 3)", "Dense(1)"]),
    "10": ("mse", (4, 1), (4, 8, 1), ["time axis (8)", "return_sequences"]),
    "10, no axis": ("mse", (4,), (4, 8, 1), ["time axis (8)", "return_sequences"]),
    "10, features": ("mse", (4, 3), (4, 8, 3), ["time axis (8)", "return_sequences"]),
    "10, classes": (
        "sparse_categorical_crossentropy",
        (4, 1),
        (4, 8, 5),
        ["time axis (8)", "return_sequences"],
    ),
    "23": (
        "sparse_categorical_crossentropy",
        (32, 3),
        (32, 3),
        ["y looks one-hot", "categorical_crossentropy", "argmax"],
    ),
    "24": ("categorical_crossentropy", (32,), (32, 3), ["sparse_categorical_crossentropy"]),
    "25": ("categorical_crossentropy", (32, 1), (32, 3), ["sparse_categorical_crossentropy"]),
    "33": ("mse", (32,), (32, 3), ["class numbers", "sparse_"]),
    "samples": ("mse", (31, 3), (32, 3), ["31 samples", "32"]),
    "row against rows": ("mse", (1, 3), (32, 3), ["1 samples", "32"]),
    "binary": ("binary_crossentropy", (32,), (32, 3), ["Dense(1)"]),
    "sequence labels": (
        "sparse_categorical_crossentropy",
        (4, 7),
        (4, 8, 5),
        ["targets (4, 7) vs predictions (4, 8, 5)", "(4, 8)"],
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_shapes_that_do_not(case):
    name, targets, predictions, phrases = BAD[case]
    function = losses.get(name)
    wrapped = losses.LossFunctionWrapper(function)
    for loss in (function, wrapped):
        with pytest.raises(ValueError) as error:
            loss(_zeros(targets), _zeros(predictions))
        assert all(phrase in str(error.value) for phrase in phrases), str(error.value)
        assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    ("name", "targets", "predictions", "phrase"),
    [
        ("categorical_accuracy", (8,), (8, 3), "sparse_"),
        ("sparse_categorical_accuracy", (8, 3), (8, 3), "one-hot"),
        ("binary_accuracy", (8, 1), (8, 3), "Dense(1)"),
        ("mse", (8,), (8, 3), "Dense(1)"),
        ("precision", (8,), (8, 3), "targets (8,) vs predictions (8, 3)"),
        ("auc", (8, 3), (8, 1), "targets (8, 3) vs predictions (8, 1)"),
        ("root_mean_squared_error", (8, 1), (8, 3), "Dense(1)"),
    ],
)
def test_metrics_pair_alike(name, targets, predictions, phrase):
    with pytest.raises(ValueError) as error:
        metrics.get(name).update_state(_zeros(targets), _zeros(predictions))
    assert phrase in str(error.value)


def test_classes_along_another_axis():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(2, 4, 3)).astype("float32")
    numbers = rng.integers(0, 4, size=(2, 3))
    found = losses.sparse_categorical_crossentropy(numbers, logits, from_logits=True, axis=1)
    expected = losses.sparse_categorical_crossentropy(
        numbers, np.swapaxes(logits, 1, 2), from_logits=True
    )
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_one_class_is_warned_of():
    with pytest.warns(UserWarning, match="sigmoid"):
        losses.categorical_crossentropy(_zeros((4, 1)), _zeros((4, 1)))
