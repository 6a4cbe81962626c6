"""Single metrics: what Keras leaves out or gets wrong, and bad arguments."""

import jax.numpy as jnp
import numpy as np
import pytest

from cornu import metrics
from cornu.core.masks import set_mask

sklearn_metrics = pytest.importorskip("sklearn.metrics")


def test_auc_approaches_the_exact_area(rng):
    y_true = rng.integers(0, 2, size=400)
    y_pred = np.clip(0.3 * y_true + 0.7 * rng.uniform(size=400), 0, 1).astype("float32")
    weights = rng.uniform(size=400).astype("float32")
    metric = metrics.AUC(num_thresholds=2000)
    metric.update_state(y_true, y_pred, weights)
    exact = sklearn_metrics.roc_auc_score(y_true, y_pred, sample_weight=weights)
    assert abs(float(metric.result()) - exact) < 2e-3


def test_counts_at_thresholds_are_strictly_above():
    metric = metrics.TruePositives(thresholds=[0.5, 0.25, 1.0])
    metric.update_state([1, 1, 1], [0.25, 0.5, 1.0])
    np.testing.assert_array_equal(metric.result(), [1, 2, 0])


def test_predictions_that_are_no_number_are_not_positive():
    metric = metrics.FalsePositives()
    metric.update_state([0, 0], [np.nan, 0.9])
    assert metric.result() == 1


def test_weights_of_steps_in_confusion_counts():
    metric = metrics.TruePositives()
    metric.update_state(np.ones((2, 3)), np.ones((2, 3)), sample_weight=[1.0, 10.0])
    assert metric.result() == 33


def test_labels_out_of_range_are_never_right():
    y_pred = np.array([[0.1, 0.2], [0.1, 0.2]], "float32")
    np.testing.assert_array_equal(
        metrics.sparse_top_k_categorical_accuracy([-1, 2], y_pred, k=2), [0, 0]
    )
    np.testing.assert_array_equal(metrics.sparse_categorical_accuracy([-1, 2], y_pred), [0, 0])


def test_small_integer_labels_do_not_wrap():
    y_pred = np.zeros((1, 400), "float32")
    y_pred[0, 300] = 1
    assert metrics.sparse_categorical_accuracy(np.array([44], "uint8"), y_pred) == 0


def test_constant_values_give_numbers():
    ones, rows = np.ones((3, 2), "float32"), np.arange(6, dtype="float32").reshape(3, 2)
    np.testing.assert_array_equal(metrics.pearson_correlation(ones, rows), [0, 0, 0])
    np.testing.assert_array_equal(metrics.concordance_correlation(ones, ones), [0, 0, 0])
    for y_pred, expected in ((ones, 1), (rows, 0)):
        score = metrics.R2Score()
        score.update_state(ones, y_pred)
        assert score.result() == expected


def test_r2_matches_scikit_learn(rng):
    y_true, y_pred = rng.normal(size=(2, 10, 2)).astype("float32")
    weights = rng.uniform(size=10).astype("float32")
    score = metrics.R2Score()
    score.update_state(y_true[:4], y_pred[:4], weights[:4])
    score.update_state(y_true[4:], y_pred[4:], weights[4:])
    expected = sklearn_metrics.r2_score(y_true, y_pred, sample_weight=weights)
    np.testing.assert_allclose(score.result(), expected, rtol=1e-4)


def test_f_score_matches_scikit_learn(rng):
    y_true = (rng.uniform(size=(20, 3)) > 0.5).astype("float32")
    y_pred = rng.uniform(size=(20, 3)).astype("float32")
    for average in (None, "micro", "macro", "weighted"):
        metric = metrics.FBetaScore(average=average, beta=2.0, threshold=0.5)
        metric.update_state(y_true, y_pred)
        expected = sklearn_metrics.fbeta_score(y_true, y_pred > 0.5, beta=2.0, average=average)
        np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)


def test_iou_ignores_classes_that_do_not_occur_or_exist():
    metric = metrics.MeanIoU(num_classes=4)
    metric.update_state([0, 0, 1, 7, -1], [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(metric.total_cm.numpy()[:2, :2], [[1, 1], [0, 1]])
    assert metric.result() == 0.5


def test_iou_warns_where_weights_would_be_cut():
    with pytest.warns(UserWarning, match="dtype='float32'"):
        metrics.MeanIoU(2).update_state([0, 1], [0, 1], [0.5, 0.5])
    metric = metrics.MeanIoU(2, dtype="float32")
    metric.update_state([0, 1], [0, 0], [0.25, 0.5])
    np.testing.assert_allclose(metric.total_cm.numpy(), [[0.25, 0], [0.5, 0]])


def test_sample_weights_join_a_mask_of_steps(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    mask = rng.uniform(size=(4, 5)) > 0.5
    weights = np.array([1.0, 2, 0, 3], "float32")
    masked = jnp.asarray(y_pred)
    set_mask(masked, jnp.asarray(mask))
    metric = metrics.MeanSquaredError()
    metric.update_state(y_true, masked, weights)
    values = np.mean((y_true - y_pred) ** 2, -1)
    expected = np.average(values, weights=mask * weights[:, None])
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)


BAD = [
    (metrics.AUC, {"curve": "ROCK"}, "did you mean 'ROC'"),
    (metrics.AUC, {"summation_method": "mean"}, "summation_method must be one of"),
    (metrics.AUC, {"num_thresholds": 1}, "> 1"),
    (metrics.AUC, {"num_labels": 3}, "multi_label"),
    (metrics.AUC, {"multi_label": True, "num_labels": 3, "label_weights": [1.0]}, "do not fit"),
    (metrics.Precision, {"thresholds": [0.5, 2.0]}, r"in \[0, 1\]"),
    (metrics.PrecisionAtRecall, {"recall": 2}, r"recall must be in \[0, 1\]"),
    (metrics.RecallAtPrecision, {"precision": 0.5, "num_thresholds": 0}, "> 0"),
    (metrics.F1Score, {"average": "macros"}, "did you mean 'macro'"),
    (metrics.FBetaScore, {"beta": -1.0}, "beta must be a positive float"),
    (metrics.F1Score, {"threshold": 1}, "threshold must be a positive float"),
    (metrics.R2Score, {"class_aggregation": "uniform"}, "did you mean 'uniform_average'"),
    (metrics.R2Score, {"num_regressors": -1}, "not be negative"),
    (metrics.IoU, {"num_classes": 3, "target_class_ids": [5]}, r"5 is not in \[0, 3\)"),
]


@pytest.mark.parametrize(("cls", "arguments", "message"), BAD)
def test_bad_arguments(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**arguments)


@pytest.mark.parametrize("cls", [metrics.F1Score, metrics.R2Score])
def test_scores_need_columns(cls):
    with pytest.raises(ValueError, match=r"needs targets and predictions \(samples, outputs\)"):
        cls().update_state([1.0, 0.0], [1.0, 0.0])


def test_interpolated_area_under_precision_and_recall():
    y_true, y_pred = [0, 1, 1, 0, 1], [0.1, 0.4, 0.8, 0.5, 0.6]
    roc, pr = metrics.AUC(), metrics.AUC(curve="PR")
    for metric in (roc, pr):
        metric.update_state(y_true, y_pred)
    assert roc.interpolate_pr_auc() == pr.result() != roc.result()
