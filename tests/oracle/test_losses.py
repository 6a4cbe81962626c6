"""Losses against the real Keras: values, gradients, weights, masks, configs, names."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import losses
from cornu.core.masks import set_mask

keras = pytest.importorskip("keras")

RNG = np.random.default_rng(7)
REAL = RNG.normal(size=(6, 4)).astype("float32")
REAL_2 = RNG.normal(size=(6, 4)).astype("float32")
PROBABILITY = RNG.uniform(0.05, 0.95, size=(6, 4)).astype("float32")
BINARY = (RNG.uniform(size=(6, 4)) > 0.5).astype("float32")
NUMBERS = RNG.integers(0, 4, size=6)
ONE_HOT = np.eye(4, dtype="float32")[NUMBERS]
IMAGE = (RNG.uniform(size=(2, 3, 3, 2)) > 0.5).astype("float32")
IMAGE_2 = RNG.uniform(size=(2, 3, 3, 2)).astype("float32")
UNIT = REAL / np.linalg.norm(REAL, axis=1, keepdims=True)

# (function, targets, predictions, arguments)
FUNCTIONS = [
    ("mean_squared_error", REAL, REAL_2, {}),
    ("mean_squared_error", REAL[:, 0], REAL_2[:, :1], {}),
    ("mean_squared_error", REAL[:, :1], REAL_2[:, 0], {}),
    ("mean_squared_error", REAL, REAL_2[..., None], {}),
    ("mean_absolute_error", REAL, REAL_2, {}),
    ("mean_absolute_percentage_error", REAL, REAL_2, {}),
    ("mean_squared_logarithmic_error", REAL, REAL_2, {}),
    ("log_cosh", REAL, REAL_2 * 50, {}),
    ("huber", REAL, REAL_2 * 3, {"delta": 0.7}),
    ("poisson", PROBABILITY, PROBABILITY[::-1], {}),
    ("kl_divergence", PROBABILITY, PROBABILITY[::-1], {}),
    ("cosine_similarity", REAL, REAL_2, {}),
    ("cosine_similarity", REAL, REAL_2, {"axis": 0}),
    ("hinge", BINARY, REAL, {}),
    ("hinge", 2 * BINARY - 1, REAL, {}),
    ("hinge", REAL, REAL_2, {}),
    ("squared_hinge", BINARY, REAL, {}),
    ("categorical_hinge", ONE_HOT, REAL, {}),
    ("binary_crossentropy", BINARY, PROBABILITY, {}),
    ("binary_crossentropy", BINARY, REAL * 20, {"from_logits": True}),
    ("binary_crossentropy", BINARY, PROBABILITY, {"label_smoothing": 0.2, "axis": 0}),
    ("binary_crossentropy", BINARY, np.round(PROBABILITY), {}),
    ("categorical_crossentropy", ONE_HOT, PROBABILITY, {}),
    ("categorical_crossentropy", ONE_HOT, REAL * 20, {"from_logits": True}),
    ("categorical_crossentropy", ONE_HOT, PROBABILITY, {"label_smoothing": 0.3}),
    ("categorical_crossentropy", ONE_HOT, PROBABILITY, {"axis": 0}),
    ("categorical_crossentropy", ONE_HOT, np.eye(4, dtype="float32")[NUMBERS[::-1]], {}),
    ("sparse_categorical_crossentropy", NUMBERS, PROBABILITY, {}),
    ("sparse_categorical_crossentropy", NUMBERS[:, None], PROBABILITY, {}),
    ("sparse_categorical_crossentropy", NUMBERS, REAL * 20, {"from_logits": True}),
    ("sparse_categorical_crossentropy", NUMBERS - 1, PROBABILITY, {"ignore_class": -1}),
    ("sparse_categorical_crossentropy", NUMBERS.astype("float32"), PROBABILITY, {}),
    ("categorical_generalized_cross_entropy", NUMBERS, PROBABILITY, {"q": 0.6}),
    ("binary_focal_crossentropy", BINARY, PROBABILITY, {"gamma": 1.5, "label_smoothing": 0.1}),
    (
        "binary_focal_crossentropy",
        BINARY,
        REAL,
        {"from_logits": True, "apply_class_balancing": True, "alpha": 0.3},
    ),
    ("categorical_focal_crossentropy", ONE_HOT, PROBABILITY, {"label_smoothing": 0.1}),
    ("categorical_focal_crossentropy", ONE_HOT, REAL, {"from_logits": True, "alpha": 0.4}),
    ("categorical_focal_crossentropy", ONE_HOT, PROBABILITY, {"alpha": [0.1, 0.2, 0.3, 0.4]}),
    ("dice", IMAGE, IMAGE_2, {}),
    ("dice", IMAGE, IMAGE_2, {"axis": (1, 2, 3)}),
    ("tversky", IMAGE, IMAGE_2, {"alpha": 0.3, "beta": 0.8}),
    ("tversky", IMAGE, IMAGE_2, {"axis": (1, 2), "alpha": 0.9}),
    ("circle", NUMBERS % 2, UNIT, {"gamma": 4}),
    ("circle", NUMBERS, UNIT, {"gamma": 80}),
    ("circle", NUMBERS % 2, UNIT, {"gamma": 4, "remove_diagonal": False}),
    (
        "circle",
        NUMBERS % 2,
        UNIT,
        {
            "ref_labels": NUMBERS[:3] % 2,
            "ref_embeddings": UNIT[:3],
            "remove_diagonal": False,
            "gamma": 3,
        },
    ),
    ("ctc", np.array([[1, 2, 0], [1, 1, 2]]), RNG.normal(size=(2, 7, 4)).astype("float32"), {}),
]
IDS = [f"{i}-{case[0]}" for i, case in enumerate(FUNCTIONS)]


@pytest.mark.parametrize(("name", "y_true", "y_pred", "arguments"), FUNCTIONS, ids=IDS)
def test_function_and_gradient(name, y_true, y_pred, arguments):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    found, slope = _value_and_slope(ours, y_true, y_pred, arguments)
    expected, expected_slope = _value_and_slope(theirs, y_true, y_pred, arguments)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
    np.testing.assert_allclose(slope, expected_slope, rtol=1e-4, atol=1e-4)


def _value_and_slope(function, y_true, y_pred, arguments):
    """The values, and the gradient of their sum with different weights."""

    def total(p):
        values = function(jnp.asarray(y_true), p, **arguments)
        weights = jnp.arange(values.size, dtype="float32").reshape(values.shape) + 1
        return jnp.sum(weights * values) / values.size, values

    slope, values = jax.jit(jax.grad(total, has_aux=True))(jnp.asarray(y_pred))
    return values, slope


def _class_names():
    return [
        name
        for name, value in vars(keras.losses).items()
        if inspect.isclass(value) and name not in ("Loss",)
    ]


@pytest.mark.parametrize("name", _class_names())
def test_class_signature_config_and_record(name):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    found, expected = ours(), theirs()
    assert found.get_config() == expected.get_config()
    assert (found.name, found.dtype, found.reduction) == (
        expected.name,
        expected.dtype,
        expected.reduction,
    )
    assert losses.serialize(found) == keras.losses.serialize(expected)
    again = losses.deserialize(keras.losses.serialize(expected))
    assert type(again) is ours
    assert again.get_config() == found.get_config()


@pytest.mark.parametrize(
    "name", [n for n, v in vars(keras.losses).items() if inspect.isfunction(v)]
)
def test_function_signature(name):
    ours, theirs = getattr(losses, name), getattr(keras.losses, name)
    expected = inspect.signature(theirs).parameters
    found = inspect.signature(ours).parameters
    assert {k: p.default for k, p in found.items()} == {k: p.default for k, p in expected.items()}


CASES = {
    "BinaryCrossentropy": (BINARY, PROBABILITY),
    "CategoricalCrossentropy": (ONE_HOT, PROBABILITY),
    "SparseCategoricalCrossentropy": (NUMBERS, PROBABILITY),
    "MeanSquaredError": (REAL, REAL_2),
    "Huber": (REAL, REAL_2),
    "CosineSimilarity": (REAL, REAL_2),
    "CategoricalGeneralizedCrossEntropy": (NUMBERS, PROBABILITY),
}
WEIGHTS = {
    "none": None,
    "vector": np.array([0.0, 1, 2, 0.5, 1, 3], "float32"),
    "column": np.array([[0.0], [1], [2], [0.5], [1], [3]], "float32"),
    "number": 2.5,
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_class_with_weights(name, weights, reduction):
    if reduction == "mean_with_sample_weight" and weights == "number":
        pytest.skip("Keras divides by the one number, not by its sum over the samples")
    y_true, y_pred = CASES[name]
    found = getattr(losses, name)(reduction=reduction)(y_true, y_pred, WEIGHTS[weights])
    expected = getattr(keras.losses, name)(reduction=reduction)(y_true, y_pred, WEIGHTS[weights])
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "mean", "sum", "none", "mean_with_sample_weight"]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_mask(reduction, weighted):
    rng = np.random.default_rng(3)
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    keep = rng.uniform(size=(4, 5)) > 0.4
    weights = rng.uniform(size=(4, 5)).astype("float32") if weighted else None
    masked = jnp.asarray(y_pred)
    set_mask(masked, jnp.asarray(keep))
    found = losses.MeanSquaredError(reduction=reduction)(y_true, masked, weights)
    expected = keras.losses.MeanSquaredError(reduction=reduction)(y_true, masked, weights)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_ignored_class_does_not_count_in_the_mean():
    targets = np.where(NUMBERS == 2, -1, NUMBERS)
    found = losses.SparseCategoricalCrossentropy(ignore_class=-1)(targets, PROBABILITY)
    expected = keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)(targets, PROBABILITY)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    jitted = jax.jit(losses.SparseCategoricalCrossentropy(ignore_class=-1))(targets, PROBABILITY)
    np.testing.assert_allclose(jitted, expected, rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_results_have_keras_dtypes(dtype):
    y_true, y_pred = jnp.asarray(BINARY, dtype), jnp.asarray(PROBABILITY, dtype)
    for name in ("mean_squared_error", "binary_crossentropy"):
        assert getattr(losses, name)(y_true, y_pred).dtype == dtype
    found = losses.BinaryCrossentropy()(y_true, y_pred)
    expected = keras.losses.BinaryCrossentropy()(y_true, y_pred)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    assert losses.BinaryCrossentropy(dtype=dtype)(y_true, y_pred).dtype == dtype


@pytest.mark.parametrize(
    "name",
    ["mse", "MSE", "mae", "mape", "msle", "kld", "bce", "huber", "log_cosh", "cosine_similarity"],
)
def test_names_mean_functions(name):
    assert losses.get(name).__name__ == keras.losses.get(name).__name__
    assert losses.serialize(losses.get(name)) == keras.losses.serialize(keras.losses.get(name))


def test_user_function_sees_equal_ranks():
    def difference(y_true, y_pred):
        return abs(y_true - y_pred)[:, 0]

    wrapper = type(keras.losses.MeanSquaredError()).__mro__[1]
    found = losses.LossFunctionWrapper(difference)(NUMBERS, REAL[:, :1])
    np.testing.assert_allclose(found, wrapper(difference)(NUMBERS, REAL[:, :1]), rtol=1e-6)
