"""What all metrics share: variables, pure forms, tracing, names, errors, users' own classes."""

import copy
import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from cornu import metrics
from cornu.core.masks import set_mask
from cornu.core.scope import Scope, pure
from cornu.errors import UnknownNameError

NEEDS = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 1]},
    "MeanIoU": {"num_classes": 3},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.5},
    "RecallAtPrecision": {"precision": 0.5},
    "SensitivityAtSpecificity": {"specificity": 0.5},
    "SpecificityAtSensitivity": {"sensitivity": 0.5},
    "MeanMetricWrapper": {"fn": metrics.binary_accuracy, "threshold": 0.25},
    "FunctionMeans": {"fn": metrics.binary_accuracy},
}
NUMBERS = ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy")
NUMBERS += ("SparseCategoricalCrossentropy",)
CLASSES = [
    value
    for value in vars(metrics).values()
    if inspect.isclass(value) and issubclass(value, metrics.Metric) and value is not metrics.Metric
]


def make(cls):
    return cls(**NEEDS.get(cls.__name__, {}))


def batches(cls, steps=3):
    rng = np.random.default_rng(5)
    y_pred = rng.uniform(0.1, 0.9, size=(steps, 4, 3)).astype("float32")
    y_true = (rng.uniform(size=(steps, 4, 3)) > 0.5).astype("float32")
    if cls.__name__ in NUMBERS:
        return rng.integers(0, 3, size=(steps, 4)), y_pred
    if cls.__name__ in ("IoU", "MeanIoU"):
        return rng.integers(0, 3, size=(2, steps, 4))
    if cls.__name__ in ("Mean", "Sum"):
        return y_pred, np.ones((steps, 4), "float32")
    return y_true, y_pred


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_eager_jitted_and_scanned_agree(cls):
    y_true, y_pred = batches(cls)
    eager = make(cls)
    for t, p in zip(y_true, y_pred, strict=True):
        eager.update_state(t, p)
    metric = make(cls)
    metric.build(
        jax.ShapeDtypeStruct(y_true[0].shape, y_true.dtype),
        jax.ShapeDtypeStruct(y_pred[0].shape, y_pred.dtype),
    )
    variables = metric.variables
    start = [jnp.zeros(v.shape, v.dtype) for v in variables]
    step = pure(metric.update_state, variables)

    @jax.jit
    def run(values, y_true, y_pred):
        return lax.scan(
            lambda carry, xy: (step(carry, *xy).values, None), values, (y_true, y_pred)
        )[0]

    values = run(tuple(start), y_true, y_pred)
    for variable, value, expected in zip(variables, values, eager.variables, strict=True):
        assert value.dtype == variable.dtype
        np.testing.assert_allclose(value, expected.value, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        metric.stateless_result(values), eager.result(), rtol=1e-5, atol=1e-6
    )
    assert not any(np.any(v.numpy()) for v in variables), "the store was not touched"


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_stateless_forms(cls):
    y_true, y_pred = batches(cls)
    eager, metric = make(cls), make(cls)
    eager.update_state(y_true[0], y_pred[0])
    metric.build(y_true[0], y_pred[0])
    zeros = metric.stateless_reset_state()
    assert not any(np.any(value) for value in zeros)
    values = metric.stateless_update_state(zeros, y_true[0], y_pred[0])
    for value, variable in zip(values, eager.variables, strict=True):
        np.testing.assert_allclose(value, variable.value, rtol=1e-5)
    np.testing.assert_allclose(metric.stateless_result(values), eager.result(), rtol=1e-5)
    with pytest.raises(ValueError, match=f"expected {len(values)}, received {len(values) + 1}"):
        metric.stateless_update_state([*zeros, zeros[0]], y_true[0], y_pred[0])


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_copies_and_configs(cls):
    y_true, y_pred = batches(cls)
    metric = make(cls)
    metric.update_state(y_true[0], y_pred[0])
    for other in (copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        np.testing.assert_allclose(other.result(), metric.result())
        other.update_state(y_true[1], y_pred[1])
        assert not any(a is b for a in metric.variables for b in other.variables)
    if cls is not metrics.FunctionMeans:
        again = metrics.deserialize(metrics.serialize(metric))
        assert type(again) is cls
        assert again.get_config() == metric.get_config()
    assert not np.any(make(cls).result()), "0 before anything was seen"


def test_stateless_update_sees_masks_of_traced_arrays(rng):
    y_true, y_pred = rng.normal(size=(2, 4, 5, 3)).astype("float32")
    mask = rng.uniform(size=(4, 5)) > 0.5
    metric = metrics.MeanSquaredError()

    @jax.jit
    def run(values, y_true, y_pred, mask):
        with Scope():
            y_pred = y_pred * 1
            set_mask(y_pred, mask)
            return metric.stateless_update_state(values, y_true, y_pred)

    values = run(metric.stateless_reset_state(), y_true, y_pred, mask)
    expected = np.mean((y_true - y_pred) ** 2, -1)[mask].mean()
    np.testing.assert_allclose(metric.stateless_result(values), expected, rtol=1e-5)


def test_variables_of_parts_follow_the_own_ones():
    class Both(metrics.Metric):
        def __init__(self):
            super().__init__(name="both")
            self.inner = metrics.Mean(name="inner")
            self.list = [metrics.Sum(name="first"), {"second": metrics.Sum(name="second")}]
            self.own = self.add_weight(name="own")
            self.ones = self.add_variable((2,), "ones", name="ones")

    metric = Both()
    assert [v.path for v in metric.variables] == [
        "both/own",
        "both/ones",
        "inner/total",
        "inner/count",
        "first/total",
        "second/total",
    ]
    np.testing.assert_array_equal(metric.ones.numpy(), [1, 1])
    metric.inner.update_state([2.0])
    metric.reset_state()
    assert metric.inner.result() == 0


def test_forgotten_super_init_and_methods():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight()

    with pytest.raises(RuntimeError, match=r"call `super\(\).__init__\(\)` first"):
        Forgetful()
    with pytest.raises(NotImplementedError, match="update_state"):
        metrics.Metric().update_state(1)
    with pytest.raises(NotImplementedError, match="result"):
        metrics.Metric().result()
    with pytest.raises(ValueError, match="'zeross'; did you mean"):
        metrics.Metric().add_weight(initializer="zeross")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("accuraccy", "accuracy"),
        ("presicion", "precision"),
        ("mean_square_error", "mean_squared_error"),
    ],
)
def test_unknown_name(name, suggestion):
    with pytest.raises(UnknownNameError, match=f"did you mean '{suggestion}'"):
        metrics.get(name)


def test_same_name_in_losses_and_metrics():
    from cornu import losses  # noqa: PLC0415 - both packages must have registered their classes
    from cornu.serialization import codec  # noqa: PLC0415

    for package in (losses, metrics):
        item = package.MeanSquaredError()
        assert type(codec.deserialize(package.serialize(item))) is package.MeanSquaredError


def test_call_updates_and_gives_the_result():
    metric = metrics.Mean()
    assert metric([1.0, 3.0]) == 2
    assert metric([5.0]) == 3


class TestFunctionMeans:
    """A user's function that gives one tensor, or several under names."""

    @staticmethod
    def named(y_true, y_pred):
        return {"bias": jnp.mean(y_pred - y_true, -1), "spread": jnp.max(y_pred, -1)}

    def test_dict(self, rng):
        metric = metrics.FunctionMeans(self.named)
        assert metric.result() == 0
        y_true, y_pred = rng.normal(size=(2, 4, 3)).astype("float32")
        weights = np.array([1.0, 0, 2, 0], "float32")
        metric.update_state(y_true, y_pred, weights)
        metric.update_state(y_true, y_pred)
        found = metric.result()
        assert list(found) == ["bias", "spread"]
        for name, values in self.named(y_true, y_pred).items():
            expected = (np.sum(values * weights) + np.sum(values)) / (3 + 4)
            np.testing.assert_allclose(found[name], expected, rtol=1e-4)
        assert [v.path for v in metric.variables][:2] == ["bias/total", "bias/count"]

    def test_tensor(self):
        metric = metrics.FunctionMeans(lambda y_true, y_pred: y_pred - y_true, name="bias")
        metric.update_state(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
        assert metric.result() == 1.5
        assert [v.path for v in metric.variables] == ["bias/total", "bias/count"]

    def test_built_from_shapes_alone(self):
        metric = metrics.FunctionMeans(self.named)
        shape = jax.ShapeDtypeStruct((4, 3), jnp.float32)
        metric.build(shape, shape)
        assert len(metric.variables) == 4
        abstract = metrics.FunctionMeans(self.named)

        def trace(y_true, y_pred):
            with Scope(abstract=True):
                abstract.build(y_true, y_pred)
                abstract.update_state(y_true, y_pred)
                return abstract.result()

        assert set(jax.eval_shape(trace, shape, shape)) == {"bias", "spread"}
        assert len(abstract.variables) == 4
        assert all(v.numpy() == 0 for v in abstract.variables)

    def test_changing_names(self):
        calls = iter([{"a": 1.0}, {"a": 1.0}, {"b": 1.0}])
        metric = metrics.FunctionMeans(lambda y_true, y_pred: next(calls))
        metric.update_state([1.0], [1.0])
        with pytest.raises(ValueError, match="must stay the same"):
            metric.update_state([1.0], [1.0])
