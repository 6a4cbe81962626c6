"""Sequential, functional and subclassed models: building, names, calling, training."""

from __future__ import annotations

import pickle

import jax
import keras
import numpy as np
import pytest

import cornu
from cornu import ops


@pytest.fixture
def x(rng):
    return rng.normal(size=(12, 4)).astype("float32")


def sequential_with_input(k):
    return k.Sequential(
        [k.layers.Input((4,)), k.layers.Dense(3), k.layers.Dropout(0.5), k.layers.Dense(2)]
    )


def sequential_by_add(k):
    model = k.Sequential(name="mine")
    model.add(k.layers.Input((4,)))
    model.add(k.layers.Dense(3))
    model.add(k.layers.BatchNormalization())
    return model


def sequential_deferred(k):
    model = k.Sequential([k.layers.Dense(3), k.layers.Dense(2)])
    model.build((None, 4))
    return model


def functional_shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    dense = k.layers.Dense(3)
    joined = k.layers.Add()([dense(a), dense(b)])
    return k.Model([a, b], [joined, k.layers.Dense(1, name="head")(joined)])


def nested(k):
    a = k.Input((4,))
    inner = k.Model(a, k.layers.Dense(3)(a))
    return k.Sequential([k.layers.Input((4,)), inner, k.layers.Dense(1)])


def with_operators(k):
    a = k.Input((4,))
    return k.Model(a, k.layers.Dense(2)(a) * 2.0 + 1.0)


MAKERS = [
    sequential_with_input,
    sequential_by_add,
    sequential_deferred,
    functional_shared,
    nested,
    with_operators,
]


@pytest.mark.parametrize("make", MAKERS)
def test_names_paths_shapes_and_weights_are_those_of_keras(make):
    models = []
    for k in (keras, cornu):
        k.backend.clear_session()
        k.utils.set_random_seed(3)
        models.append(make(k))
    theirs, ours = models
    assert ours.name == theirs.name
    assert [layer.name for layer in ours.layers] == [layer.name for layer in theirs.layers]
    assert [w.path for w in ours.weights] == [w.path for w in theirs.weights]
    assert ours.output_shape == theirs.output_shape
    assert ours.input_shape == theirs.input_shape
    assert ours.count_params() == theirs.count_params()
    for a, b in zip(theirs.get_weights(), ours.get_weights(), strict=True):
        np.testing.assert_allclose(b, a, atol=1e-6)


@pytest.mark.parametrize("make", MAKERS)
def test_outputs_are_those_of_keras(make, x):
    outputs = []
    for k in (keras, cornu):
        k.utils.set_random_seed(3)
        model = make(k)
        given = [x] * len(model.inputs)
        outputs.append(model.predict(given if len(given) > 1 else x, verbose=0))
    theirs, ours = outputs
    if not isinstance(theirs, list):
        theirs, ours = [theirs], [ours]
    for a, b in zip(theirs, ours, strict=True):
        np.testing.assert_allclose(b, a, atol=1e-5)


@pytest.mark.parametrize("make", MAKERS)
def test_summary_shows_the_layers_and_counts_of_keras(make):
    texts = []
    for k in (keras, cornu):
        k.backend.clear_session()
        lines = []
        make(k).summary(print_fn=lambda text, line_break=None, lines=lines: lines.append(text))
        texts.append("\n".join(lines))
    theirs, ours = texts
    for column in ("Layer (type)", "Output Shape", "Param #"):
        assert column in ours
    totals = [line.strip() for line in theirs.splitlines() if "params:" in line]
    assert totals == [line.strip() for line in ours.splitlines() if "params:" in line]
    assert ("Connected to" in ours) == ("Connected to" in theirs)


def test_pop_and_add_rebuild(x):
    model = cornu.Sequential(
        [cornu.layers.Input((4,)), cornu.layers.Dense(3), cornu.layers.Dense(2)]
    )
    kernel = model.layers[0].kernel
    model.pop()
    assert model.output_shape == (None, 3)
    model.add(cornu.layers.Dense(5))
    assert model.predict(x, verbose=0).shape == (12, 5)
    assert model.layers[0].kernel is kernel


@pytest.mark.parametrize(
    "argument", [{"input_dim": 4}, {"input_shape": (4,)}, {"batch_input_shape": (None, 4)}]
)
def test_first_layer_may_give_the_input_shape(argument):
    model = cornu.Sequential([cornu.layers.Dense(3, **argument)])
    assert model.built
    assert model.input_shape == (None, 4)


def test_dict_inputs_and_outputs(x):
    a, b = cornu.Input((4,), name="a"), cornu.Input((4,), name="b")
    total = cornu.layers.Add()([a, b])
    model = cornu.Model({"a": a, "b": b}, {"sum": total, "one": cornu.layers.Dense(1)(total)})
    found = model.predict({"a": x, "b": x}, verbose=0)
    np.testing.assert_allclose(found["sum"], 2 * x, rtol=1e-6)
    model.compile("sgd", {"sum": "mse", "one": "mae"}, metrics={"one": ["mse"]})
    history = model.fit({"a": x, "b": x}, {"sum": x, "one": x[:, :1]}, verbose=0)
    assert set(history.history) == {"loss", "sum_loss", "one_loss", "one_mse"}


class Block(cornu.layers.Layer):
    """A layer of the user's own with nested layers, a weight and a loss."""

    def __init__(self, units=3, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.inner = [
            cornu.layers.Dense(units, name="first"),
            cornu.layers.Dense(units, name="second"),
        ]
        self.dropout = cornu.layers.Dropout(0.5)

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(self.units,), initializer="ones", name="scale")

    def call(self, inputs, training=False):
        self.add_loss(0.1 * ops.mean(ops.square(self.scale)))
        for layer in self.inner:
            inputs = layer(inputs)
        return self.dropout(inputs, training=training) * self.scale


class Subclassed(cornu.Model):
    """A model of the user's own."""

    def __init__(self):
        super().__init__()
        self.block = Block()
        self.head = cornu.layers.Dense(1, name="head")

    def call(self, inputs, training=False):
        return self.head(self.block(inputs, training=training))


def test_subclassed_model_trains_and_names_its_weights(x):
    model = Subclassed()
    model.compile("adam", "mse")
    first = model.evaluate(x, x[:, :1], verbose=0)
    model.fit(x, x[:, :1], epochs=20, verbose=0)
    assert model.evaluate(x, x[:, :1], verbose=0) < first
    assert [w.path for w in model.weights] == [
        "subclassed/block/scale",
        "subclassed/block/first/kernel",
        "subclassed/block/first/bias",
        "subclassed/block/second/kernel",
        "subclassed/block/second/bias",
        "subclassed/head/kernel",
        "subclassed/head/bias",
    ]


def test_add_loss_counts_in_training_and_is_readable(x):
    model = Subclassed()
    model.compile("sgd", "mse")
    model(x)
    assert float(sum(model.losses)) == pytest.approx(0.1)
    expected = np.mean((model.predict(x, verbose=0) - x[:, :1]) ** 2) + 0.1
    assert model.evaluate(x, x[:, :1], verbose=0) == pytest.approx(expected, rel=1e-5)


def test_trainable_can_be_toggled_after_compile(x):
    model = sequential_with_input(cornu)
    model.compile("sgd", "mse")
    y = x[:, :2]
    model.fit(x, y, verbose=0)
    frozen, free = model.layers[0], model.layers[2]
    frozen.trainable = False
    before = [np.asarray(frozen.kernel.value), np.asarray(free.kernel.value)]
    model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(before[0], np.asarray(frozen.kernel.value))
    assert not np.array_equal(before[1], np.asarray(free.kernel.value))
    frozen.trainable = True
    model.fit(x, y, verbose=0)
    assert not np.array_equal(before[0], np.asarray(frozen.kernel.value))


def test_training_flag_reaches_nested_layers(x):
    model = Subclassed()
    model(x)
    quiet = np.asarray(model(x))
    np.testing.assert_array_equal(quiet, np.asarray(model(x, training=False)))
    assert not np.array_equal(quiet, np.asarray(model(x, training=True)))


def test_custom_losses_and_metrics(x):
    def half_squared(y_true, y_pred):
        return ops.square(y_true - y_pred) / 2

    def mean_pred(y_true, y_pred):
        return ops.mean(y_pred)

    def extremes(y_true, y_pred):
        return {"low": ops.min(y_pred), "high": ops.max(y_pred)}

    model = cornu.Sequential([cornu.layers.Input((4,)), cornu.layers.Dense(1)])
    model.compile("sgd", half_squared, metrics=[mean_pred, extremes])
    found = model.evaluate(x, x[:, :1], batch_size=12, verbose=0, return_dict=True)
    predicted = model.predict(x, verbose=0)
    assert found["loss"] == pytest.approx(np.mean((predicted - x[:, :1]) ** 2) / 2, rel=1e-5)
    assert found["mean_pred"] == pytest.approx(predicted.mean(), abs=1e-6)
    assert found["low"] == pytest.approx(predicted.min(), abs=1e-6)
    assert found["high"] == pytest.approx(predicted.max(), abs=1e-6)


@pytest.mark.parametrize(
    ("units", "activation", "labels", "loss", "metric"),
    [
        (1, "sigmoid", (12, 1), "binary_crossentropy", "BinaryAccuracy"),
        (3, "softmax", (12,), "sparse_categorical_crossentropy", "SparseCategoricalAccuracy"),
        (3, "softmax", (12, 3), "categorical_crossentropy", "CategoricalAccuracy"),
    ],
)
def test_accuracy_is_resolved_from_output_and_target(
    x, rng, units, activation, labels, loss, metric
):
    y = rng.integers(0, 2, labels)
    if labels == (12, 3):
        y = np.eye(3)[rng.integers(0, 3, 12)]
    model = cornu.Sequential([cornu.layers.Input((4,)), cornu.layers.Dense(units, activation)])
    model.compile("sgd", loss, metrics=["accuracy"])
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    reference = getattr(keras.metrics, metric)()
    reference.update_state(y, model.predict(x, verbose=0))
    assert found["accuracy"] == pytest.approx(float(reference.result()), abs=1e-6)


def test_own_train_step_in_the_style_of_keras_on_jax(x):
    class Own(cornu.Model):
        def __init__(self):
            super().__init__()
            self.dense = cornu.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, state, data):
            trainable, frozen, slots, metrics = state
            inputs, y = data

            def loss_of(values):
                predicted, after = self.stateless_call(values, frozen, inputs, training=True)
                return ops.mean((predicted - y) ** 2), after

            (loss, frozen), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable)
            trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
            return {"loss": loss}, (trainable, frozen, slots, metrics)

    model = Own()
    model.compile(cornu.optimizers.SGD(0.1), "mse")
    history = model.fit(x, x[:, :1], epochs=30, batch_size=12, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0] / 4


def test_eager_steps_give_the_same_result(x):
    weights = []
    for eager in (False, True):
        cornu.utils.set_random_seed(2)
        model = sequential_with_input(cornu)
        model.compile("adam", "mse", run_eagerly=eager)
        model.fit(x, x[:, :2], epochs=2, batch_size=5, verbose=0)
        weights.append(model.get_weights())
    for a, b in zip(*weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("make", [sequential_with_input, functional_shared])
def test_clone_has_new_weights_and_the_same_make_up(make):
    model = make(cornu)
    clone = cornu.models.clone_model(model)
    assert [w.shape for w in clone.weights] == [w.shape for w in model.weights]
    assert clone.weights[0] is not model.weights[0]
    clone.set_weights(model.get_weights())


def test_pickle_keeps_weights_and_training(x):
    model = sequential_with_input(cornu)
    model.compile("adam", "mse")
    model.fit(x, x[:, :2], verbose=0)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0))
    again.fit(x, x[:, :2], verbose=0)


def test_one_batch_methods(x):
    model = sequential_with_input(cornu)
    model.compile("sgd", "mse", metrics=["mae"])
    y = x[:, :2]
    loss, mae = model.train_on_batch(x, y)
    assert loss > 0
    assert mae > 0
    again = model.test_on_batch(x, y, return_dict=True)
    assert set(again) == {"loss", "mae"}
    np.testing.assert_allclose(model.predict_on_batch(x), model.predict(x, verbose=0), atol=1e-6)


def test_sixty_batch_sizes_compile_few_programs(x, monkeypatch):
    model = sequential_with_input(cornu)
    whole = model.predict(np.tile(x, (6, 1)), batch_size=128, verbose=0)
    for rows in range(1, 61):
        found = model.predict(np.tile(x, (6, 1))[:rows], batch_size=128, verbose=0)
        np.testing.assert_allclose(found, whole[:rows], atol=1e-6)
    assert model.plans["predict"].program._cache_size() <= 8


def test_layers_that_mix_rows_get_exactly_the_rows_given():
    class Centre(cornu.layers.Layer):
        def call(self, inputs):
            return inputs - ops.mean(inputs, axis=0)

    model = cornu.Sequential([cornu.layers.Input((2,)), Centre()])
    x = np.arange(6, dtype="float32").reshape(3, 2)
    np.testing.assert_allclose(model.predict(x, verbose=0), x - x.mean(0), atol=1e-6)


def test_get_layer_names_what_there_is():
    model = sequential_with_input(cornu)
    assert model.get_layer("dense") is model.layers[0]
    assert model.get_layer(index=-1) is model.layers[-1]
    with pytest.raises(ValueError, match="did you mean 'dense_1'"):
        model.get_layer("dens_1")


def test_disconnected_input_is_named():
    a, b = cornu.Input((4,), name="left"), cornu.Input((4,), name="right")
    joined = cornu.layers.Add(name="sum")([a, b])
    with pytest.raises(ValueError, match=r"Input 'right' \(used by 'sum'\)"):
        cornu.Model(a, joined)


def test_mixed_float16_scales_the_loss(x):
    policy = cornu.config.dtype_policy()
    cornu.config.set_dtype_policy("mixed_float16")
    try:
        model = sequential_with_input(cornu)
        model.compile("adam", "mse")
    finally:
        cornu.config.set_dtype_policy(policy)
    assert isinstance(model.optimizer, cornu.optimizers.LossScaleOptimizer)
    history = model.fit(x, x[:, :2], epochs=30, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert {w.dtype for w in model.weights} == {"float32"}


def test_empty_input_gives_empty_output():
    model = sequential_with_input(cornu)
    assert model.predict(np.zeros((0, 4), "float32"), verbose=0).shape == (0, 2)
