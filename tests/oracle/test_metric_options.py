"""Every option of metrics, over batches of every shape of data and weights, as the real Keras."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import numpy as np
import pytest

from cornu import metrics

RNG = np.random.default_rng(21)
Batches = list[tuple[Any, Any]]


def uniform(*shape: int) -> np.ndarray:
    return RNG.uniform(size=shape).astype("float32")


def normal(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype("float32")


def twice(make: Any) -> list[Any]:
    return [make(), make()]


COLUMN: Batches = twice(lambda: (RNG.integers(0, 2, 6), np.round(uniform(6, 1), 1)))
MATRIX: Batches = twice(lambda: (np.round(uniform(6, 4)), np.round(uniform(6, 4), 2)))
STEPS: Batches = twice(lambda: (np.round(uniform(3, 5, 4)), uniform(3, 5, 4)))
LOGITS: Batches = [(y, 6 * p - 3) for y, p in MATRIX]
ONE_HOT: Batches = twice(lambda: (np.eye(4, dtype="float32")[RNG.integers(0, 4, 6)], uniform(6, 4)))
CLASSES: Batches = twice(lambda: (RNG.integers(0, 4, 12), RNG.integers(0, 4, 12)))
REAL: Batches = twice(lambda: (normal(6, 4), normal(6, 4)))

# Weights of rows, of rows as a column, of every number, and of steps.
ROWS, CELLS, TIMES = (
    twice(lambda: uniform(6)),
    twice(lambda: uniform(6, 4)),
    twice(lambda: uniform(3, 5)),
)
COLUMNS = [w[:, None] for w in ROWS]

Case = tuple[str, dict[str, Any], Batches, Any]
CASES: list[Case] = [
    # Counts at thresholds, and what is made of them.
    *(
        (name, {"thresholds": thresholds}, data, weights)
        for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Recall")
        for thresholds, data, weights in (
            (0.3, COLUMN, COLUMNS),
            ([0.7, 0.2, 0.5], MATRIX, CELLS),
            ([0.0, 1.0], STEPS, TIMES),
        )
    ),
    *(
        (name, options, data, weights)
        for name in ("Precision", "Recall")
        for options in (
            {"top_k": 1},
            {"top_k": 2, "thresholds": 0.4},
            {"class_id": 3, "thresholds": [0.3, 0.8]},
            {"top_k": 2, "class_id": 1},
        )
        for data, weights in ((ONE_HOT, ROWS), (STEPS, TIMES))
    ),
    # Areas: every curve with every summation, as one and by label.
    *(
        ("AUC", {"curve": curve, "summation_method": way, "multi_label": labels, **more}, data, w)
        for labels, more, data, w in (
            (False, {"num_thresholds": 7}, MATRIX, CELLS),
            (True, {"num_thresholds": 7, "from_logits": True}, LOGITS, ROWS),
        )
        for curve in ("ROC", "PR", "PRGAIN")
        for way in ("interpolation", "minoring", "majoring")
    ),
    *(
        ("AUC", options, MATRIX, ROWS)
        for options in (
            {"multi_label": True, "label_weights": [0.1, 0.2, 0.3, 0.4]},
            {"label_weights": [0.1, 0.2, 0.3, 0.4]},
            {"thresholds": [0.9, 0.1]},
            {"thresholds": [0.0, 0.5, 1.0]},
            {"num_thresholds": 2},
        )
    ),
    *(
        (name, {argument: value, "num_thresholds": number}, COLUMN, weights)
        for name, argument in (
            ("PrecisionAtRecall", "recall"),
            ("RecallAtPrecision", "precision"),
            ("SensitivityAtSpecificity", "specificity"),
            ("SpecificityAtSensitivity", "sensitivity"),
        )
        for value, number, weights in ((0.0, 200, None), (0.5, 5, ROWS), (1.0, 9, None))
    ),
    # Intersection over union.
    *(
        (name, options, CLASSES, None)
        for name, options in (
            ("IoU", {"num_classes": 4, "target_class_ids": [3]}),
            ("IoU", {"num_classes": 4, "target_class_ids": [1], "ignore_class": 2}),
            ("MeanIoU", {"num_classes": 6}),
        )
    ),
    ("OneHotMeanIoU", {"num_classes": 4, "ignore_class": 2}, ONE_HOT, None),
    ("OneHotMeanIoU", {"num_classes": 4, "dtype": "float32"}, ONE_HOT, ROWS),
    (
        "OneHotIoU",
        {"num_classes": 4, "target_class_ids": [1, 2], "dtype": "float32"},
        ONE_HOT,
        ROWS,
    ),
    ("BinaryIoU", {"target_class_ids": [1], "threshold": 0.3, "dtype": "float32"}, MATRIX, CELLS),
    ("BinaryIoU", {"threshold": 1.0, "dtype": "float32"}, COLUMN, COLUMNS),
    # F scores, regression, correlation.
    *(
        ("FBetaScore", {"average": average, "threshold": threshold, "beta": beta}, data, ROWS)
        for average in (None, "micro", "macro", "weighted")
        for threshold, beta, data in ((None, 0.5, ONE_HOT), (0.4, 2.0, MATRIX), (1.0, 1.0, MATRIX))
    ),
    *(
        ("R2Score", {"class_aggregation": way, "num_regressors": number}, REAL, ROWS)
        for way in (None, "uniform_average", "variance_weighted_average")
        for number in (0, 2)
    ),
    *(
        (name, {"axis": axis}, REAL, None)
        for name in ("PearsonCorrelation", "ConcordanceCorrelation", "CosineSimilarity")
        for axis in (0, -1)
    ),
    ("PearsonCorrelation", {}, REAL, ROWS),
    # Means, with one number as the weight of a batch.
    (
        "SparseCategoricalCrossentropy",
        {"ignore_class": 1},
        [(y[:6], p) for (y, _), (_, p) in zip(CLASSES, ONE_HOT, strict=True)],
        [0.5, 2.0],
    ),
    ("CategoricalCrossentropy", {"label_smoothing": 0.1}, ONE_HOT, None),
    ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.2}, LOGITS, ROWS),
    ("MeanSquaredError", {}, REAL, [0.5, 2.0]),
    ("BinaryAccuracy", {"threshold": 0.3}, STEPS, TIMES),
]
IDS = [f"{i}-{case[0]}" for i, case in enumerate(CASES)]


def filled(kind: Any, options: dict[str, Any], data: Batches, weights: Any) -> Any:
    with warnings.catch_warnings():
        # JAX tells the oracle that there are no 64-bit integers.
        warnings.filterwarnings("ignore", message="Explicitly requested dtype int64")
        metric = kind(**options)
        for number, (y_true, y_pred) in enumerate(data):
            weight = None if weights is None else weights[number]
            metric.update_state(y_true, y_pred, sample_weight=weight)
        return np.asarray(metric.result())


@pytest.mark.parametrize(("name", "options", "data", "weights"), CASES, ids=IDS)
def test_equals_keras(name: str, options: Any, data: Batches, weights: Any) -> None:
    found, expected = (
        filled(getattr(k, name), options, data, weights) for k in (metrics, keras.metrics)
    )
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-5)


def is_additive(case: Case) -> bool:
    """Not along the batch axis, and not where one number weighs a batch as a whole."""
    _, options, _, weights = case
    return options.get("axis") != 0 and not (weights and np.isscalar(weights[0]))


WHOLE = [case for case in CASES[:: len(CASES) // 14] if is_additive(case)]


@pytest.mark.parametrize(
    ("name", "options", "data", "weights"), WHOLE, ids=[case[0] for case in WHOLE]
)
def test_batches_amount_to_the_whole(name: str, options: Any, data: Batches, weights: Any) -> None:
    kind = getattr(metrics, name)
    whole = [tuple(np.concatenate(part) for part in zip(*data, strict=True))]
    joined = None if weights is None else [np.concatenate(weights)]
    np.testing.assert_allclose(
        filled(kind, options, data, weights),
        filled(kind, options, whole, joined),  # type: ignore[arg-type]
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("Precision", {"thresholds": 1.5}),
        ("Recall", {"thresholds": [-1, 0.5]}),
        ("AUC", {"curve": "ROCK"}),
        ("AUC", {"num_thresholds": 1}),
        ("AUC", {"summation_method": "middling"}),
        ("F1Score", {"average": "mean"}),
        ("F1Score", {"threshold": 2.0}),
        ("FBetaScore", {"beta": -1.0}),
        ("R2Score", {"class_aggregation": "mean"}),
        ("R2Score", {"num_regressors": -1}),
        ("PrecisionAtRecall", {"recall": 1.5}),
        ("SpecificityAtSensitivity", {"sensitivity": 0.5, "num_thresholds": 0}),
    ],
)
def test_both_refuse(name: str, options: dict[str, Any]) -> None:
    for k in (metrics, keras.metrics):
        with pytest.raises(ValueError, match=r"\w"):
            getattr(k, name)(**options)


def test_no_thresholds_are_refused() -> None:
    """Where Keras divides by zero later."""
    with pytest.raises(ValueError, match=r"thresholds must be numbers in \[0, 1\]"):
        metrics.Precision(thresholds=[])
