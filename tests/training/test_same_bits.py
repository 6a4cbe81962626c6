"""P4, P5: order and randomness are functions; however the steps are run, the bits are the same."""

from __future__ import annotations

import numpy as np
import pytest

import cornu


def model_with_dropout():
    cornu.utils.set_random_seed(5)
    model = cornu.Sequential(
        [
            cornu.layers.Input((4,)),
            cornu.layers.Dense(8, "relu"),
            cornu.layers.Dropout(0.5),
            cornu.layers.Dense(1, "sigmoid"),
        ]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def data(rng):
    return rng.normal(size=(45, 4)).astype("float32"), rng.integers(0, 2, (45, 1))


class EachBatch(cornu.callbacks.Callback):
    def __init__(self, stop_at=None):
        super().__init__()
        self.stop_at = stop_at
        self.steps = 0
        self.losses = []

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        self.losses.append(logs["loss"])
        if self.steps == self.stop_at:
            self.model.stop_training = True


def weights_after(data, **fit):
    model = model_with_dropout()
    history = model.fit(*data, batch_size=8, verbose=0, **fit)
    return model, history


def test_batch_callbacks_and_whole_epochs_give_the_same_bits(data):
    whole, one = weights_after(data, epochs=3)
    single, two = weights_after(data, epochs=3, callbacks=[EachBatch()])
    for a, b in zip(whole.get_weights(), single.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.history == two.history


@pytest.mark.parametrize("stop_at", [1, 4, 6, 8, 11])
def test_a_run_stopped_in_mid_epoch_goes_on_as_if_unbroken(data, stop_at):
    whole, _ = weights_after(data, epochs=2)  # six steps an epoch
    model, _ = weights_after(data, epochs=2, callbacks=[EachBatch(stop_at)])
    state = [np.asarray(v.value) for v in [*model.variables, *model.optimizer.variables]]
    resumed = model_with_dropout()
    resumed.optimizer.build(resumed.trainable_variables)
    for variable, value in zip(
        [*resumed.variables, *resumed.optimizer.variables], state, strict=True
    ):
        variable.assign(value)
    epoch, step = divmod(stop_at, 6)
    resumed.fit(*data, batch_size=8, verbose=0, epochs=2, initial_epoch=epoch, initial_step=step)
    for a, b in zip(whole.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_epochs_differ_in_order_and_dropout(data):
    recorder = EachBatch()
    weights_after(data, epochs=2, callbacks=[recorder])
    assert recorder.losses[0] != recorder.losses[6]


def test_shuffle_covers_every_row_once_an_epoch():
    seen = []

    class Keep(cornu.losses.Loss):
        def call(self, y_true, y_pred):
            return (y_true - y_pred) ** 2

    x = np.arange(20, dtype="float32")[:, None]
    model = cornu.Sequential([cornu.layers.Input((1,)), cornu.layers.Dense(1)])
    model.compile(cornu.optimizers.SGD(0.0), Keep())

    class Note(cornu.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs["loss"])

    model.fit(x, 0 * x, epochs=2, batch_size=6, verbose=0, callbacks=[Note()])
    whole = model.evaluate(x, 0 * x, batch_size=20, verbose=0)
    np.testing.assert_allclose(seen, [whole, whole], rtol=1e-5)


def test_bar_history_and_evaluate_agree_to_the_last_digit(data, capsys):
    x, y = data
    model = model_with_dropout()
    history = model.fit(x, y, epochs=2, batch_size=8, verbose=2, validation_data=(x, y))
    shown = capsys.readouterr().out
    for name, values in history.history.items():
        assert f"{name}: {values[-1]:.4f}" in shown
    again = model.evaluate(x, y, batch_size=8, verbose=0, return_dict=True)
    assert again["loss"] == history.history["val_loss"][-1]
    assert again["accuracy"] == history.history["val_accuracy"][-1]


def test_evaluate_and_predict_change_nothing(data):
    model, _ = weights_after(data, epochs=1)
    before = [np.asarray(v.value) for v in [*model.variables, *model.metrics_variables]]
    model.evaluate(*data, verbose=0)
    model.predict(data[0], verbose=0)
    after = [np.asarray(v.value) for v in [*model.variables, *model.metrics_variables]]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
