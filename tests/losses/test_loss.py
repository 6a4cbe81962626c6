"""What all losses share: weights, masks, reductions, names, configs, symbolic tensors, extremes."""

import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import losses
from cornu.core.masks import set_mask
from cornu.core.scope import Scope
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.errors import UnknownNameError

CLASSES = [value for value in vars(losses).values() if inspect.isclass(value)]
MEMBERS = [
    cls
    for cls in CLASSES
    if issubclass(cls, losses.Loss) and cls not in (losses.Loss, losses.LossFunctionWrapper)
]


@pytest.fixture
def pair(rng):
    return tuple(rng.normal(size=(2, 4, 3)).astype("float32"))


@pytest.mark.parametrize("shape", [(4, 2), (3,), (1, 4), (4, 1, 2)])
def test_weights_that_do_not_fit(pair, shape):
    with pytest.raises(ValueError, match=r"sample_weight .* need \(4,\) or \(4, 1\)"):
        losses.MeanSquaredError()(*pair, sample_weight=np.ones(shape))


def test_weights_of_samples_weigh_all_their_steps(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    weights = np.array([0.0, 1, 2, 3], "float32")
    found = losses.MeanSquaredError()(y_true, y_pred, weights)
    expected = np.mean(np.mean((y_true - y_pred) ** 2, -1) * weights[:, None])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    mask = rng.uniform(size=(4, 5)) > 0.5
    masked = jnp.asarray(y_pred)
    set_mask(masked, jnp.asarray(mask))
    found = losses.MeanSquaredError()(y_true, masked, weights)
    values = np.mean((y_true - y_pred) ** 2, -1) * weights[:, None] * mask
    np.testing.assert_allclose(found, values.sum() / mask.sum(), rtol=1e-5)


def test_mean_with_sample_weight_is_the_weighted_mean(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    loss = losses.MeanSquaredError(reduction="mean_with_sample_weight")
    values = np.mean((y_true - y_pred) ** 2, -1)
    column = np.array([[1.0], [2], [0], [3]], "float32")
    expected = np.average(values, weights=np.broadcast_to(column, values.shape))
    np.testing.assert_allclose(loss(y_true, y_pred, column), expected, rtol=1e-5)
    np.testing.assert_allclose(loss(y_true, y_pred, 3.0), values.mean(), rtol=1e-5)
    assert loss(y_true, y_pred, column * 0) == 0


def test_mask_of_a_trailing_unit_axis(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5)).astype("float32")
    mask = rng.uniform(size=(4, 5)) > 0.5
    masked = jnp.asarray(y_pred[..., None])
    set_mask(masked, jnp.asarray(mask))
    expected = np.mean(((y_true - y_pred) ** 2)[mask])
    np.testing.assert_allclose(losses.MeanSquaredError()(y_true, masked), expected, rtol=1e-5)


def test_mask_of_a_traced_prediction(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    mask = rng.uniform(size=(4, 5)) > 0.5

    @jax.jit
    def run(y_true, y_pred, mask):
        with Scope():
            y_pred = y_pred * 1
            set_mask(y_pred, mask)
            return losses.MeanSquaredError()(y_true, y_pred)

    expected = np.mean((y_true - y_pred) ** 2, -1)[mask].mean()
    np.testing.assert_allclose(run(y_true, y_pred, mask), expected, rtol=1e-5)
    assert run(y_true, y_pred, mask & False) == 0


def test_unknown_reduction():
    with pytest.raises(ValueError, match=r"reduction .* did you mean 'sum'"):
        losses.MeanSquaredError(reduction="sums")
    assert losses.MeanSquaredError(reduction="auto").reduction == "sum_over_batch_size"


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("binary_crosentropy", "binary_crossentropy"), ("msee", "mse"), ("Hubert", "huber")],
)
def test_unknown_name(name, suggestion):
    with pytest.raises(
        UnknownNameError, match=f"unknown loss '{name}'; did you mean '{suggestion}'"
    ):
        losses.get(name)


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("logcosh", losses.log_cosh),
        ("kullback_leibler_divergence", losses.kl_divergence),
        ("cosine_proximity", losses.cosine_similarity),
        ("cosine", losses.cosine_similarity),
        ("huber_loss", losses.huber),
        ("mse", losses.mean_squared_error),
    ],
)
def test_former_names(name, function):
    assert losses.get(name) is function


def test_get_takes_what_users_write():
    assert losses.get(None) is None
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    function = max
    assert losses.get(function) is function
    config = {"class_name": "Hinge", "config": {"name": "h"}}
    assert losses.get(config).name == "h"


@pytest.mark.parametrize("cls", MEMBERS, ids=lambda cls: cls.__name__)
def test_config_keeps_every_argument(cls):
    values = {"delta": 2.0, "axis": 0, "dtype": "bfloat16", "ignore_class": 3, "q": 0.25}
    values |= {"from_logits": True, "name": "own", "reduction": "sum", "gamma": 3.0, "alpha": 0.4}
    accepted = inspect.signature(cls).parameters
    arguments = {key: value for key, value in values.items() if key in accepted}
    loss = cls(**arguments)
    again = losses.deserialize(losses.serialize(loss))
    assert {key: getattr(again, key) for key in arguments} == arguments
    assert pickle.loads(pickle.dumps(loss)).get_config() == loss.get_config()


def test_user_classes_and_functions(pair):
    class Difference(losses.Loss):
        def call(self, y_true, y_pred):
            return jnp.mean(y_true - y_pred, axis=-1)

    y_true, y_pred = pair
    expected = np.mean(y_true - y_pred)
    np.testing.assert_allclose(Difference()(y_true, y_pred), expected, rtol=1e-5)
    assert Difference().get_config()["name"].startswith("difference")
    wrapped = losses.LossFunctionWrapper(lambda t, p, scale: scale * (t - p), scale=2.0)
    np.testing.assert_allclose(wrapped(y_true, y_pred), 2 * expected, rtol=1e-5)
    with pytest.raises(NotImplementedError, match="defines no `call"):
        losses.Loss()(y_true, y_pred)


def test_nests_reach_a_users_loss(pair):
    class Both(losses.Loss):
        def call(self, y_true, y_pred):
            return y_true["a"] - y_pred[0] + y_true["b"] - y_pred[1]

    y_true, y_pred = pair
    found = Both()({"a": y_true, "b": y_true}, [y_pred, y_pred])
    np.testing.assert_allclose(found, 2 * np.mean(y_true - y_pred), rtol=1e-4)


def test_symbolic_and_variable_arguments(pair):
    y_true, y_pred = pair
    tensor = KerasTensor((None, 3))
    assert losses.mean_squared_error(tensor, tensor).shape == (None,)
    assert losses.MeanSquaredError()(tensor, tensor).shape == ()
    found = losses.mean_squared_error(Variable(y_true), Variable(y_pred))
    np.testing.assert_allclose(found, np.mean((y_true - y_pred) ** 2, -1), rtol=1e-5)


LOGIT_LOSSES = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "binary_focal_crossentropy",
    "categorical_focal_crossentropy",
]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", LOGIT_LOSSES)
@pytest.mark.parametrize("from_logits", [True, False])
def test_extremes_stay_finite(name, dtype, from_logits):
    largest = 6e4
    scores = [[largest, -largest, 0.0], [-largest, largest, 1.0]]
    predictions = scores if from_logits else [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    y_pred = jnp.asarray(predictions, dtype)
    y_true = jnp.asarray([[1.0, 0, 0], [0, 1, 0]], dtype)
    loss = getattr(losses, name)

    def total(p):
        return jnp.sum(loss(y_true, p, from_logits=from_logits))

    assert loss(y_true, y_pred, from_logits=from_logits).dtype == dtype
    assert jnp.isfinite(total(y_pred))
    assert jnp.all(jnp.isfinite(jax.grad(total)(y_pred)))
    sparse = losses.sparse_categorical_crossentropy([0, 1], y_pred, from_logits=from_logits)
    assert jnp.all(jnp.isfinite(sparse))


def test_rows_without_any_probability():
    zeros = np.zeros((2, 3), "float32")
    assert np.all(np.isfinite(losses.categorical_crossentropy(np.eye(3)[:2], zeros)))
    assert np.all(np.isfinite(losses.sparse_categorical_crossentropy([0, 1], zeros)))


def test_class_numbers_are_not_rounded_in_half_precision():
    logits = np.zeros((1, 400), "float32")
    logits[0, 257] = 20
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, dtype="bfloat16")
    assert loss(np.array([257]), logits) < 0.01
    assert loss(np.array([256]), logits) > 10


@pytest.mark.parametrize("labels", [[[1, 2, 0]], [[1, 1, 0]], [[0, 0, 0]], [[3, 2, 1]]])
def test_ctc_sums_over_all_alignments(labels, rng):
    logits = rng.normal(size=(1, 4, 4)).astype("float32")
    probability = np.asarray(jax.nn.softmax(logits[0], axis=-1))
    wanted = [label for label in labels[0] if label]
    total = 0.0
    for path in np.ndindex(4, 4, 4, 4):
        steps = [p for i, p in enumerate(path) if i == 0 or p != path[i - 1]]
        if [p for p in steps if p] == wanted:
            total += np.prod([probability[t, p] for t, p in enumerate(path)])
    np.testing.assert_allclose(losses.ctc(np.array(labels), logits), [-np.log(total)], rtol=1e-4)
