"""Checks of data and of learning: what they let pass, streams, divergence, the switch."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cornu
from cornu import layers
from cornu.settings import settings
from training.bad_input import (
    BINARY,
    COLUMN,
    IDS,
    TOKENS,
    WITH_NAN,
    X,
    binary,
    changed,
    classes,
    dense,
    fit,
    fit_stream,
    predict,
    stack,
    tokens,
    unused_layer,
)

# -- what must not be refused ----------------------------------------------------------------------


def test_predict_on_no_rows_gives_no_rows():
    found = dense(3)().predict(X[:0], verbose=0)
    assert found.shape == (0, 3)


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X.tolist(), COLUMN.tolist()),
        (X.astype(object), COLUMN.astype(object)),
        (pd.DataFrame(X), pd.Series(X[:, 0])),
        (X.astype("float64"), X[:, 0].astype("float16")),
        ([X], [COLUMN]),
    ],
    ids=["64 lists", "59 objects", "68 pandas", "floats", "lists of one"],
)
def test_what_means_numbers_trains_as_numbers(x, y):
    expected = dense(1)().fit(X, COLUMN, shuffle=False, verbose=0).history["loss"]
    cornu.utils.set_random_seed(1)
    found = dense(1)().fit(x, y, shuffle=False, verbose=0).history["loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-2)


def test_71_a_categorical_column_is_its_codes():
    frame = pd.DataFrame({"a": X[:, 0], "c": pd.Categorical(["u", "v"] * 16)})
    model = stack(lambda: layers.Dense(1), shape=(2,), loss="mse")()
    codes = np.stack([X[:, 0], np.tile([0, 1], 16)], axis=1).astype("float32")
    np.testing.assert_array_equal(model.predict(frame, verbose=0), model.predict(codes, verbose=0))


def test_76_trainable_toggled_after_compile_just_works():
    model = stack(lambda: layers.Dense(3), lambda: layers.Dense(1), loss="mse")()
    first, last = model.layers
    first.trainable = False
    frozen = first.get_weights()
    model.fit(X, COLUMN, verbose=0)
    np.testing.assert_array_equal(frozen[0], first.get_weights()[0])
    first.trainable, last.trainable = True, False
    frozen = last.get_weights()
    model.fit(X, COLUMN, verbose=0)
    np.testing.assert_array_equal(frozen[0], last.get_weights()[0])
    last.trainable = True
    model.fit(X, COLUMN, verbose=0)
    assert not np.array_equal(frozen[0], last.get_weights()[0])


def test_a_frozen_or_foreign_model_inside_a_loss_is_no_untracked_layer():
    features = cornu.Sequential([cornu.Input((1,)), layers.Dense(2)])

    def perceptual(y_true, y_pred):
        return cornu.ops.mean((features(y_true) - features(y_pred)) ** 2, axis=-1)

    before = features.get_weights()
    dense(1, loss=perceptual)().fit(X, COLUMN, verbose=0)
    np.testing.assert_array_equal(before[0], features.get_weights()[0])


def test_a_generator_may_draw_from_numpy():
    def source():
        while np.random.normal() < 100:
            yield X + np.random.normal(size=X.shape).astype("float32"), COLUMN

    dense(1)().fit(source(), steps_per_epoch=3, epochs=2, verbose=0)


def test_ignored_labels_are_in_range():
    loss = cornu.losses.SparseCategoricalCrossentropy(ignore_class=-1)
    classes(loss=loss)().fit(X, changed(IDS, slice(0, 5), -1), verbose=0)


# -- streams, divergence, the switch ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("build", "bad", "pattern"),
    [
        (dense(1), (WITH_NAN, COLUMN), r"batch 2: x\[3, 2\] is NaN"),
        (dense(1), (X, changed(COLUMN, 5, np.nan)), r"batch 2: y\[5, 0\] is NaN"),
        (classes(), (X, changed(IDS, 4, 3)), r"batch 2: y: label 3 at row 4"),
    ],
    ids=["x", "y", "labels"],
)
def test_each_batch_of_a_stream_is_looked_at(build, bad, pattern):
    good = (X, IDS if bad[1].ndim == 1 else COLUMN)
    model = build()
    with pytest.raises(ValueError, match=pattern):
        fit_stream(good, good, bad, good)(model)
    assert int(model.optimizer.iterations) == 2
    assert np.isfinite(model.predict(X, verbose=0)).all()


def test_16_terminate_on_nan_keeps_the_last_finite_weights():
    model = dense(1)()
    model.compile(cornu.optimizers.SGD(1e30), "mse")
    model.fit(X, COLUMN, epochs=5, verbose=0, callbacks=[cornu.callbacks.TerminateOnNaN()])
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_114_early_stopping_restores_weights_from_before_the_loss_was_nan():
    model = dense(1)()
    model.fit(X, COLUMN, verbose=0)

    class Explode(cornu.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                self.model.optimizer.learning_rate = 1e30

    stop = cornu.callbacks.EarlyStopping("loss", patience=3, restore_best_weights=True)
    with pytest.warns(UserWarning, match=r"the loss became"):
        model.fit(X, COLUMN, epochs=12, verbose=0, callbacks=[Explode(), stop])
    assert all(np.isfinite(w).all() for w in model.get_weights())


@pytest.mark.parametrize(
    ("build", "act"),
    [
        (dense(1), fit(WITH_NAN)),
        (dense(1), fit(y=changed(COLUMN, 5, np.nan))),
        (classes(), fit(y=changed(IDS, 4, 3))),
        (binary(), fit(y=BINARY * 2 - 1)),
        (dense(1, metrics=["accuracy"]), fit()),
        (tokens(), predict(changed(TOKENS, (0, 1), 1000))),
        (unused_layer(), fit()),
    ],
    ids=["13", "15", "18", "26", "112", "95", "74"],
)
def test_checks_of_values_can_be_turned_off(build, act):
    settings.check_inputs = False
    act(build())
