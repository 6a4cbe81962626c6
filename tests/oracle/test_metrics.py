"""Metrics against the real Keras: results over several batches, weights, masks, configs, names."""

import inspect
import math

import jax.numpy as jnp
import numpy as np
import pytest

from cornu import metrics
from cornu.core.masks import set_mask

keras = pytest.importorskip("keras")

# The oracle asks JAX for int64 in its IoU metrics.
pytestmark = pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")

RNG = np.random.default_rng(11)


def _batches(make, count=3):
    return [make() for _ in range(count)]


REAL = _batches(lambda: tuple(RNG.normal(size=(2, 5, 4)).astype("float32")))
SEQUENCE = _batches(lambda: tuple(RNG.normal(size=(2, 4, 3, 2)).astype("float32")))
PROBABILITY = _batches(lambda: tuple(RNG.uniform(0.05, 0.95, size=(2, 5, 4)).astype("float32")))
BINARY = _batches(
    lambda: (
        (RNG.uniform(size=(5, 4)) > 0.5).astype("float32"),
        RNG.uniform(size=(5, 4)).astype("float32"),
    )
)
COLUMN = _batches(
    lambda: (RNG.integers(0, 2, size=6), np.round(RNG.uniform(size=(6, 1)), 1).astype("float32"))
)
LOGITS = _batches(
    lambda: (RNG.integers(0, 2, size=(6, 1)), RNG.normal(size=(6, 1)).astype("float32"))
)
ONE_HOT = _batches(
    lambda: (
        np.eye(4, dtype="float32")[RNG.integers(0, 4, size=5)],
        RNG.uniform(size=(5, 4)).astype("float32"),
    )
)
NUMBERS = _batches(lambda: (RNG.integers(0, 4, size=5), RNG.uniform(size=(5, 4)).astype("float32")))
NUMBERS_COLUMN = _batches(
    lambda: (RNG.integers(0, 4, size=(5, 1)), RNG.uniform(size=(5, 4)).astype("float32"))
)
CLASSES = _batches(lambda: (RNG.integers(0, 4, size=12), RNG.integers(0, 4, size=12)))
SORTED = _batches(
    lambda: (RNG.integers(0, 4, size=5), np.stack([RNG.permutation(4) for _ in range(5)]))
)
WIDE = [(y_true[:, None, :], y_pred[:, None, :]) for y_true, y_pred in BINARY]

CASES = [
    ("MeanSquaredError", {}, REAL),
    ("MeanSquaredError", {}, SEQUENCE),
    ("MeanSquaredError", {}, COLUMN),
    ("MeanAbsoluteError", {}, REAL),
    ("MeanAbsolutePercentageError", {}, REAL),
    ("MeanSquaredLogarithmicError", {}, PROBABILITY),
    ("RootMeanSquaredError", {}, REAL),
    ("RootMeanSquaredError", {}, SEQUENCE),
    ("LogCoshError", {}, REAL),
    ("CosineSimilarity", {}, REAL),
    ("CosineSimilarity", {"axis": 1}, SEQUENCE),
    ("KLDivergence", {}, PROBABILITY),
    ("Poisson", {}, PROBABILITY),
    ("Hinge", {}, BINARY),
    ("SquaredHinge", {}, BINARY),
    ("CategoricalHinge", {}, ONE_HOT),
    ("BinaryCrossentropy", {"label_smoothing": 0.1}, BINARY),
    ("BinaryCrossentropy", {"from_logits": True}, LOGITS),
    ("CategoricalCrossentropy", {}, ONE_HOT),
    ("SparseCategoricalCrossentropy", {}, NUMBERS),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, NUMBERS),
    ("Accuracy", {}, CLASSES),
    ("BinaryAccuracy", {}, COLUMN),
    ("BinaryAccuracy", {"threshold": 0.3}, BINARY),
    ("CategoricalAccuracy", {}, ONE_HOT),
    ("SparseCategoricalAccuracy", {}, NUMBERS),
    ("SparseCategoricalAccuracy", {}, NUMBERS_COLUMN),
    ("TopKCategoricalAccuracy", {"k": 2}, ONE_HOT),
    ("SparseTopKCategoricalAccuracy", {"k": 2}, NUMBERS),
    ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, SORTED),
    ("TruePositives", {}, COLUMN),
    ("FalsePositives", {"thresholds": [0.7, 0.2, 0.5]}, COLUMN),
    ("TrueNegatives", {"thresholds": 0.3}, COLUMN),
    ("FalseNegatives", {}, BINARY),
    ("Precision", {}, COLUMN),
    ("Precision", {"thresholds": [0.9, 0.1]}, BINARY),
    ("Precision", {"top_k": 2}, BINARY),
    ("Precision", {"class_id": 2}, BINARY),
    ("Recall", {"top_k": 2, "class_id": 1}, BINARY),
    ("Recall", {"thresholds": 0.3}, BINARY),
    ("AUC", {}, COLUMN),
    ("AUC", {"curve": "PR"}, COLUMN),
    ("AUC", {"curve": "PRGAIN", "num_thresholds": 7}, COLUMN),
    ("AUC", {"summation_method": "minoring", "num_thresholds": 5}, BINARY),
    ("AUC", {"summation_method": "majoring", "curve": "PR"}, BINARY),
    ("AUC", {"thresholds": [0.2, 0.5, 0.9]}, COLUMN),
    ("AUC", {"from_logits": True}, LOGITS),
    ("AUC", {"multi_label": True}, BINARY),
    (
        "AUC",
        {"multi_label": True, "num_labels": 4, "label_weights": [1.0, 2, 3, 4], "curve": "PR"},
        BINARY,
    ),
    ("AUC", {"label_weights": [1.0, 2, 3, 4]}, BINARY),
    ("PrecisionAtRecall", {"recall": 0.6}, COLUMN),
    ("RecallAtPrecision", {"precision": 0.6}, COLUMN),
    ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 9}, BINARY),
    ("SpecificityAtSensitivity", {"sensitivity": 0.4, "class_id": 1}, BINARY),
    ("IoU", {"num_classes": 4, "target_class_ids": [0, 2]}, CLASSES),
    ("MeanIoU", {"num_classes": 4}, CLASSES),
    ("MeanIoU", {"num_classes": 5, "ignore_class": 2, "dtype": "float32"}, CLASSES),
    ("BinaryIoU", {"threshold": 0.4}, COLUMN),
    ("OneHotIoU", {"num_classes": 4, "target_class_ids": [1]}, ONE_HOT),
    ("OneHotMeanIoU", {"num_classes": 4}, ONE_HOT),
    ("F1Score", {}, ONE_HOT),
    ("F1Score", {"average": "micro"}, BINARY),
    ("F1Score", {"average": "macro", "threshold": 0.4}, BINARY),
    ("FBetaScore", {"average": "weighted", "beta": 2.0, "threshold": 0.4}, BINARY),
    ("R2Score", {}, REAL),
    ("R2Score", {"class_aggregation": None}, REAL),
    ("R2Score", {"class_aggregation": "variance_weighted_average", "num_regressors": 2}, REAL),
    ("PearsonCorrelation", {}, REAL),
    ("ConcordanceCorrelation", {"axis": 0}, REAL),
]
IDS = [f"{i}-{case[0]}" for i, case in enumerate(CASES)]
# Keras cannot weigh these: it raises, or reads the weights as those of another axis.
UNWEIGHTED = ("IoU", "MeanIoU", "BinaryIoU", "OneHotIoU", "OneHotMeanIoU", "ConcordanceCorrelation")


def _both(name, arguments):
    return getattr(metrics, name)(**arguments), getattr(keras.metrics, name)(**arguments)


@pytest.mark.parametrize(("name", "arguments", "batches"), CASES, ids=IDS)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_results_over_batches(name, arguments, batches, weighted):
    if weighted and (name in UNWEIGHTED or arguments.get("axis") == 1):
        pytest.skip("not weighted in Keras")
    ours, theirs = _both(name, arguments)
    for y_true, y_pred in batches:
        weights = RNG.uniform(size=len(y_true)).astype("float32") if weighted else None
        matched = y_true
        if y_true.ndim < y_pred.ndim and "BinaryCrossentropy" in name:
            matched = y_true[:, None]
        ours.update_state(y_true, y_pred, sample_weight=weights)
        theirs.update_state(matched, y_pred, sample_weight=weights)
    found, expected = np.asarray(ours.result()), np.asarray(theirs.result())
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=3e-5, atol=1e-5)
    for variable, other in zip(ours.variables, theirs.variables, strict=True):
        assert variable.name == other.name
        assert variable.dtype == other.dtype
        np.testing.assert_allclose(variable.numpy(), np.asarray(other.value), rtol=3e-5, atol=1e-4)
    ours.reset_state()
    assert all(not np.any(variable.numpy()) for variable in ours.variables)
    assert not np.any(ours.result())


NEEDS = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "MeanMetricWrapper": {"fn": lambda y_true, y_pred: y_true},
}
CLASSES_OF_KERAS = [
    name
    for name, value in vars(keras.metrics).items()
    if inspect.isclass(value) and name != "Metric"
]


@pytest.mark.parametrize("name", CLASSES_OF_KERAS)
def test_class_signature_config_variables_and_record(name):
    ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)
    found_arguments = inspect.signature(ours).parameters
    expected_arguments = inspect.signature(theirs).parameters
    assert {k: p.default for k, p in found_arguments.items()} == {
        k: p.default for k, p in expected_arguments.items()
    }
    keras.utils.clear_session()
    found, expected = _both(name, NEEDS.get(name, {}))
    assert [(v.path, v.shape, v.dtype, v.aggregation) for v in found.variables] == [
        (v.path, v.shape, v.dtype, v.aggregation) for v in expected.variables
    ]
    assert getattr(found, "_direction", None) == getattr(expected, "_direction", None)
    if name == "MeanMetricWrapper":
        return  # its function is the test's own
    assert found.get_config() == expected.get_config()
    assert metrics.serialize(found) == keras.metrics.serialize(expected)
    again = metrics.deserialize(keras.metrics.serialize(expected))
    assert type(again) is ours
    assert again.get_config() == found.get_config()


@pytest.mark.parametrize(("name", "arguments", "batches"), CASES, ids=IDS)
def test_config_with_arguments(name, arguments, batches):
    del batches
    found, expected = (metric.get_config() for metric in _both(name, arguments))
    found = {key: value for key, value in found.items() if key in expected}
    for config in (found, expected):
        config.pop("name")
        if config.get("label_weights") is not None:
            config["label_weights"] = np.asarray(config["label_weights"]).tolist()
    assert found == expected
    again = getattr(metrics, name).from_config(getattr(metrics, name)(**arguments).get_config())
    for key, value in arguments.items():
        np.testing.assert_equal(np.asarray(getattr(again, key)), _expanded(name, key, value))


def _expanded(name, key, value):
    if key == "thresholds" and name == "AUC":
        return [-1e-7, *value, 1 + 1e-7]
    if key == "thresholds" and isinstance(value, float):
        return [value]
    return np.asarray(value, "float32") if key == "label_weights" else np.asarray(value)


@pytest.mark.parametrize(
    "name",
    [n for n, v in vars(keras.metrics).items() if inspect.isfunction(v)],
)
def test_function_signature(name):
    ours, theirs = getattr(metrics, name), getattr(keras.metrics, name)
    expected = inspect.signature(theirs).parameters
    found = inspect.signature(ours).parameters
    assert {k: p.default for k, p in found.items()} == {k: p.default for k, p in expected.items()}


@pytest.mark.parametrize(
    ("name", "batches"),
    [
        ("binary_accuracy", BINARY),
        ("categorical_accuracy", ONE_HOT),
        ("sparse_categorical_accuracy", NUMBERS_COLUMN),
        ("top_k_categorical_accuracy", ONE_HOT),
        ("sparse_top_k_categorical_accuracy", NUMBERS_COLUMN),
        ("pearson_correlation", REAL),
        ("concordance_correlation", REAL),
    ],
)
def test_function(name, batches):
    for y_true, y_pred in batches:
        found = getattr(metrics, name)(y_true, y_pred)
        expected = getattr(keras.metrics, name)(y_true, y_pred)
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


MEANS = {
    "plain": ((5, 3), None),
    "vector": ((5, 3), (5,)),
    "column": ((5, 3), (5, 1)),
    "full": ((5, 3), (5, 3)),
    "vector of vectors": ((5,), (5, 1)),
    "number": ((5, 3), ()),
    "scalar": ((), None),
}


@pytest.mark.parametrize("case", MEANS)
@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_mean_and_sum(name, case):
    shape, weight_shape = MEANS[case]
    ours, theirs = _both(name, {})
    for _ in range(2):
        values = RNG.normal(size=shape).astype("float32")
        weights = None
        if weight_shape is not None:
            weights = RNG.uniform(size=weight_shape)
            weights = float(weights) if weight_shape == () else weights.astype("float32")
        ours.update_state(values, sample_weight=weights)
        theirs.update_state(values, sample_weight=weights)
    for variable, other in zip(ours.variables, theirs.variables, strict=True):
        np.testing.assert_allclose(variable.numpy(), np.asarray(other.value), 1e-5, 1e-6)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", ["MeanSquaredError", "RootMeanSquaredError", "CosineSimilarity"])
def test_masks(name, weighted):
    ours, theirs = _both(name, {})
    y_true, y_pred = SEQUENCE[0]
    masked = jnp.asarray(y_pred)
    set_mask(masked, jnp.asarray(RNG.uniform(size=masked.shape[:2]) > 0.4))
    weights = RNG.uniform(size=masked.shape[:2]).astype("float32") if weighted else None
    ours.update_state(y_true, masked, weights)
    theirs.update_state(y_true, masked, weights)
    np.testing.assert_allclose(ours.result(), theirs.result(), rtol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "mse",
        "MSE",
        "mae",
        "mape",
        "msle",
        "bce",
        "accuracy",
        "Accuracy",
        "auc",
        "mean",
        "f1_score",
        "binary_accuracy",
        "cosine_similarity",
        "log_cosh_error",
        "kl_divergence",
        "true_positives",
    ],
)
def test_names_mean_classes(name):
    assert type(metrics.get(name)).__name__ == type(keras.metrics.get(name)).__name__


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["BinaryAccuracy", "MeanSquaredError", "AUC"])
def test_half_precision_predictions(name, dtype):
    ours, theirs = _both(name, {})
    for y_true, y_pred in BINARY:
        ours.update_state(y_true, jnp.asarray(y_pred, dtype))
        theirs.update_state(y_true, jnp.asarray(y_pred, dtype))
    assert math.isclose(float(ours.result()), float(theirs.result()), rel_tol=1e-2)
