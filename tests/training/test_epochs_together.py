"""Short epochs that nobody looks at run several in one dispatch, and nothing else differs."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cornu
from cornu import layers
from cornu.callbacks.logs import Entry
from cornu.training import pace, plan, windows

ROWS, SIZE, STEPS, EPOCHS = 46, 8, 6, 7  # the last batch is filled up
TOGETHER = 3


@pytest.fixture
def dispatches(monkeypatch):
    """How many epochs each dispatch of whole epochs ran; where it may, it runs three."""
    ran = []

    def passes(its, steps, most):
        ran.append(min(most, TOGETHER))
        return ran[-1]

    monkeypatch.setattr(pace.Pace, "steps", lambda its, done, end: end - done)
    monkeypatch.setattr(pace.Pace, "passes", passes)
    monkeypatch.setattr(windows, "_FIRST_ORDERS", 64)
    return ran


@pytest.fixture
def data(rng):
    return rng.normal(size=(ROWS, 4)).astype("float32"), rng.integers(0, 2, (ROWS, 1))


def made(*parts, optimizer="adam", metrics=("accuracy",)):
    model = cornu.Sequential([layers.Input((4,)), *parts, layers.Dense(1, "sigmoid")])
    model.compile(optimizer, "binary_crossentropy", metrics=list(metrics))
    return model


def with_dropout(**options):
    return made(layers.Dense(8, "relu"), layers.Dropout(0.5), **options)


class EachEpoch(cornu.callbacks.Callback):
    """Looks at every epoch, so that each is run by itself."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append((epoch, int(self.model.optimizer.iterations)))


class EachBatch(cornu.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class EachProgress(cornu.callbacks.Callback):
    def on_progress(self, mode, step, logs=None):
        pass


def run(make, data, *callbacks, epochs=EPOCHS, **fit):
    cornu.utils.set_random_seed(5)
    model = make()
    history = model.fit(
        *data, batch_size=SIZE, epochs=epochs, verbose=0, callbacks=list(callbacks), **fit
    )
    return model, history


def values_of(model):
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    return [np.asarray(variable.value) for variable in variables]


def assert_same(one, other):
    for a, b in zip(values_of(one), values_of(other), strict=True):
        np.testing.assert_array_equal(a, b)


def decaying():
    rate = cornu.optimizers.schedules.ExponentialDecay(0.1, decay_steps=5, decay_rate=0.8)
    return cornu.optimizers.SGD(rate, momentum=0.9, nesterov=True)


MODELS = {
    "dropout": with_dropout,
    "schedule": lambda: with_dropout(optimizer=decaying(), metrics=["auc", "precision"]),
    "accumulation": lambda: with_dropout(
        optimizer=cornu.optimizers.Adam(gradient_accumulation_steps=4)
    ),
    "averages": lambda: with_dropout(optimizer=cornu.optimizers.AdamW(use_ema=True, clipnorm=0.1)),
    "recurrent": lambda: made(layers.Reshape((2, 2)), layers.LSTM(4, dropout=0.5)),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_epochs_together_give_the_bits_of_epochs_one_by_one(data, dispatches, make):
    together, one = run(make, data)
    assert dispatches == [3, 3, 1]
    alone, other = run(make, data, EachEpoch())
    assert dispatches == [3, 3, 1]
    single, third = run(make, data, EachBatch())
    assert_same(together, alone)
    assert_same(together, single)
    assert one.history == other.history == third.history
    assert one.epoch == other.epoch == list(range(EPOCHS))
    assert all(type(value) is float for values in one.history.values() for value in values)


def test_layers_that_mix_rows_run_together_where_all_batches_are_full(data, dispatches):
    def make():
        return made(layers.Dense(8), layers.BatchNormalization())

    whole = tuple(array[:40] for array in data)
    together, one = run(make, whole)
    alone, other = run(make, whole, EachEpoch())
    assert dispatches == [3, 3, 1]
    assert_same(together, alone)
    assert one.history == other.history
    run(make, data)
    assert dispatches == [3, 3, 1]  # the smaller last batch has a program of its own


@pytest.mark.parametrize("steps", [4, 9])
def test_epochs_of_so_many_steps_run_together(data, dispatches, steps):
    together, one = run(with_dropout, data, steps_per_epoch=steps)
    alone, other = run(with_dropout, data, EachEpoch(), steps_per_epoch=steps)
    assert dispatches == [3, 3, 1]
    assert_same(together, alone)
    assert one.history == other.history


def test_a_run_that_begins_in_mid_epoch_goes_on_together(data, dispatches):
    whole, _ = run(with_dropout, data, epochs=5)

    class StopAt(cornu.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = int(self.model.optimizer.iterations) == STEPS + 2

    resumed, _ = run(with_dropout, data, StopAt(), epochs=5)
    dispatches.clear()
    resumed.fit(*data, batch_size=SIZE, verbose=0, epochs=5, initial_epoch=1, initial_step=2)
    assert dispatches == [3]  # after the rest of the second epoch
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_whatever_is_raised_the_last_dispatch_stands(data, dispatches, monkeypatch, error):
    whole, history = run(with_dropout, data)
    dispatches.clear()
    passes = pace.Pace.passes

    def raising(its, steps, most):
        if len(dispatches) == 2:
            raise error
        return passes(its, steps, most)

    cornu.utils.set_random_seed(5)
    model = with_dropout()
    with monkeypatch.context() as patch, pytest.raises(error):
        patch.setattr(pace.Pace, "passes", raising)
        model.fit(*data, batch_size=SIZE, epochs=EPOCHS, verbose=0)
    done = 2 * TOGETHER
    assert int(model.optimizer.iterations) == done * STEPS
    assert model.history.history["loss"] == history.history["loss"][:done]
    model.fit(*data, batch_size=SIZE, epochs=EPOCHS, initial_epoch=done, verbose=0)
    assert_same(whole, model)


def test_a_device_that_fails_leaves_the_last_dispatch_that_it_computed(data, dispatches):

    calls = []

    def count(values):
        calls.append(1)
        if len(calls) > 4 * STEPS:
            raise RuntimeError("the device failed")
        return values

    class Failing(layers.Layer):
        def call(self, inputs):
            shape = jax.ShapeDtypeStruct(inputs.shape, inputs.dtype)
            return inputs + 0 * jax.pure_callback(count, shape, jax.lax.stop_gradient(inputs))

    model = made(Failing())
    full = tuple(array[:40] for array in data)
    with pytest.raises(Exception, match="device failed"):
        model.fit(*full, batch_size=SIZE, epochs=12, verbose=0)
    assert int(model.optimizer.iterations) == TOGETHER * 5
    for value in values_of(model):
        assert np.isfinite(value).all()


def test_a_callback_is_told_of_each_epoch_in_time(data, dispatches):
    callback = EachEpoch()
    run(with_dropout, data, callback)
    assert callback.seen == [(epoch, STEPS * (epoch + 1)) for epoch in range(EPOCHS)]


@pytest.mark.parametrize(
    "fit",
    [
        {"callbacks": [EachProgress()]},
        {"validation_split": 0.2},
        {"shuffle": False, "verbose": 2},
    ],
)
def test_epochs_are_run_one_by_one_where_something_is_due_between(data, dispatches, fit):
    with_dropout().fit(*data, batch_size=SIZE, epochs=4, **{"verbose": 0} | fit)
    assert not dispatches


def test_steps_that_may_not_count_are_run_epoch_by_epoch(data, dispatches):
    """The seeds of later epochs are not known while loss scaling may leave out a step."""
    inner = cornu.optimizers.SGD(0.1)
    run(lambda: with_dropout(optimizer=cornu.optimizers.LossScaleOptimizer(inner)), data)
    assert not dispatches


def test_the_end_of_training_is_told_the_last_epoch(data, dispatches):
    told = []

    class AtEnd(cornu.callbacks.Callback):
        def on_train_end(self, logs=None):
            told.append(dict(logs))

    _, history = run(with_dropout, data, AtEnd())
    assert dispatches == [3, 3, 1]
    assert told == [{name: values[-1] for name, values in history.history.items()}]


def test_a_loss_that_is_no_number_is_told_with_its_epoch(data, dispatches):
    def make():
        return made(layers.Dense(8), optimizer=cornu.optimizers.SGD(1e30))

    said = []
    for callbacks in ((), (EachEpoch(),)):
        with pytest.warns(UserWarning, match="the loss became") as caught:
            run(make, data, *callbacks)
        said.append([re.findall(r"in epoch \d+", str(w.message)) for w in caught])
    assert said[0] == said[1]


@pytest.mark.parametrize(("room", "wanted"), [(plan._MOST_LOGGED, [3, 3, 1]), (30, [2, 2, 2, 1])])
def test_logs_that_are_arrays_are_kept_by_epoch_in_limited_room(
    data, dispatches, monkeypatch, room, wanted
):
    monkeypatch.setattr(plan, "_MOST_LOGGED", room)  # bytes; an epoch's logs have 3 numbers

    def make():
        model = made()
        model.add(layers.Dense(2, "softmax"))
        model.compile("sgd", "categorical_crossentropy", metrics=[cornu.metrics.F1Score(None)])
        return model

    with_classes = data[0], np.eye(2, dtype="float32")[data[1].ravel()]
    _, history = run(make, with_classes)
    assert dispatches == wanted
    _, other = run(make, with_classes, EachEpoch())
    assert history.history["loss"] == other.history["loss"]
    scores = history.history["f1_score"]
    assert [np.shape(score) for score in scores] == [(2,)] * EPOCHS
    np.testing.assert_array_equal(scores, other.history["f1_score"])


def test_a_metric_of_the_users_own_is_reset_in_time(data, dispatches):
    """What its reset does besides setting variables has to be done for each epoch."""

    class Own(cornu.metrics.MeanSquaredError):
        def reset_state(self):
            super().reset_state()

    run(lambda: with_dropout(metrics=[Own()]), data)
    assert not dispatches


def test_the_first_epoch_does_not_wait_for_the_orders_of_all(data, dispatches, monkeypatch):
    whole, _ = run(with_dropout, data)
    dispatches.clear()
    monkeypatch.setattr(windows, "_FIRST_ORDERS", 1)
    monkeypatch.setattr(windows, "_GROWTH", 2)
    other, _ = run(with_dropout, data)
    assert dispatches == [1, 2, 3, 1]
    assert_same(whole, other)


def test_the_pace_is_known_from_one_fit_to_the_next(data):
    model, _ = run(with_dropout, data, epochs=2)
    (its,) = (its for key, its in model.plans.items() if key[0] == "train")
    (program,) = its._programs.values()
    assert program.pace.seconds > 0


def test_an_entry_reads_as_the_number_it_is(rng):

    array = jnp.asarray(rng.normal(size=5), "float32")
    entry = Entry(array, 2)
    assert (entry.shape, entry.is_ready()) == ((), True)
    assert float(entry) == float(array[2])
    assert np.asarray(entry).dtype == "float32"
    np.testing.assert_array_equal(np.asarray(entry), np.asarray(array[2]))
    np.testing.assert_array_equal(np.asarray(entry, "float64"), float(array[2]))
