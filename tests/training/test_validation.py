"""What a fit keeps between its validations is as good as made anew."""

from __future__ import annotations

import numpy as np
import pytest

import cornu
from cornu import layers


@pytest.fixture
def data(rng):
    return rng.normal(size=(32, 4)).astype("float32"), rng.integers(0, 2, (32, 1))


def made(metrics=("accuracy", "auc")):
    cornu.utils.set_random_seed(5)
    model = cornu.Sequential(
        [layers.Input((4,)), layers.Dense(6, "relu"), layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=list(metrics))
    return model


class Evaluating(cornu.callbacks.Callback):
    """Evaluates after each epoch, with nothing kept; may change the model before the next."""

    def __init__(self, data, change=None):
        super().__init__()
        self.data = data
        self.change = change
        self.found = []

    def on_epoch_end(self, epoch, logs=None):
        self.found.append(self.model.evaluate(*self.data, 8, verbose=0, return_dict=True))
        if self.change is not None and epoch == 1:
            self.change(self.model)


def freeze(model):
    model.layers[0].trainable = False


def add_metric(model):
    model.layers[0].seen = cornu.metrics.Mean(name="seen")


@pytest.mark.parametrize("change", [None, freeze, add_metric])
def test_each_validation_gives_what_evaluate_gives(data, change):
    model = made()
    callback = Evaluating(data, change)
    history = model.fit(
        *data, batch_size=8, epochs=4, verbose=0, validation_data=data, callbacks=[callback]
    )
    for name in ("loss", "accuracy", "auc"):
        assert history.history[f"val_{name}"] == [found[name] for found in callback.found]


def test_a_metric_of_the_users_own_is_reset_for_each_validation(data):
    resets = []

    class Own(cornu.metrics.Mean):
        def reset_state(self):
            resets.append(1)
            super().reset_state()

        def update_state(self, y_true, y_pred, sample_weight=None):
            return super().update_state(y_pred)

    counts = []
    for epochs in (1, 2):
        resets.clear()
        made([Own(name="own")]).fit(*data, epochs=epochs, verbose=0, validation_data=data)
        counts.append(len(resets))
    assert counts[1] >= counts[0] + 2  # of the epoch, and of its validation


def test_a_reset_of_the_models_own_is_called_for_each_validation(data):
    resets = []

    class Own(cornu.Sequential):
        def reset_metrics(self):
            resets.append(1)
            super().reset_metrics()

    counts = []
    for epochs in (1, 2):
        model = Own([layers.Input((4,)), layers.Dense(1)])
        model.compile("sgd", "mse")
        resets.clear()
        history = model.fit(*data, epochs=epochs, verbose=0, validation_data=data)
        counts.append(len(resets))
        assert np.isfinite(history.history["val_loss"]).all()
    assert counts[1] >= counts[0] + 2
