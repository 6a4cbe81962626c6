"""Fifty steps of training follow the real Keras, loss by loss."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import cornu

STEPS, BATCH = 50, 8


def mlp(k):
    return k.Sequential(
        [
            k.layers.Input((6,)),
            k.layers.Dense(16, activation="relu", kernel_regularizer="l2"),
            k.layers.Dense(3, activation="softmax"),
        ]
    )


def cnn(k):
    return k.Sequential(
        [
            k.layers.Input((8, 8, 1)),
            k.layers.Conv2D(4, 3, activation="relu"),
            k.layers.BatchNormalization(),
            k.layers.MaxPooling2D(),
            k.layers.Flatten(),
            k.layers.Dense(3, activation="softmax"),
        ]
    )


def two_by_two(k):
    a, b = k.Input((6,), name="a"), k.Input((4,), name="b")
    both = k.layers.Concatenate()(
        [k.layers.Dense(8, activation="tanh")(a), k.layers.Dense(8, activation="relu")(b)]
    )
    return k.Model(
        [a, b], [k.layers.Dense(1, name="p")(both), k.layers.Dense(3, "softmax", name="q")(both)]
    )


def lstm(k):
    return k.Sequential(
        [
            k.layers.Input((5,), dtype="int32"),
            k.layers.Embedding(12, 6, mask_zero=True),
            k.layers.LSTM(8),
            k.layers.Dense(3, activation="softmax"),
        ]
    )


def rng():
    return np.random.default_rng(3)


ROWS = STEPS * BATCH // 5  # five epochs of ten steps
LABELS = rng().integers(0, 3, ROWS).astype("int32")  # the oracle warns of int64 on newer JAX
DATA = {
    mlp: (rng().normal(size=(ROWS, 6)).astype("float32"), LABELS),
    cnn: (rng().normal(size=(ROWS, 8, 8, 1)).astype("float32"), LABELS),
    two_by_two: (
        [
            rng().normal(size=(ROWS, 6)).astype("float32"),
            rng().normal(size=(ROWS, 4)).astype("float32"),
        ],
        [rng().normal(size=(ROWS, 1)).astype("float32"), LABELS],
    ),
    lstm: (rng().integers(0, 12, (ROWS, 5)).astype("int32"), LABELS),
}
LOSS = {two_by_two: ["mse", "sparse_categorical_crossentropy"]}

OPTIMIZERS = {
    "sgd": lambda k: k.optimizers.SGD(
        k.optimizers.schedules.InverseTimeDecay(0.05, 1, 1e-3), momentum=0.9, nesterov=True
    ),
    "rmsprop": lambda k: k.optimizers.RMSprop(0.005),
    "adagrad": lambda k: k.optimizers.Adagrad(0.05),
    "adam": lambda k: k.optimizers.Adam(0.005),
}


def curve(k, model_of, optimizer="adam", fit=None, policy=None):
    """The loss of each of fifty steps, and the weights before the first."""
    k.utils.set_random_seed(7)
    if policy:
        k.config.set_dtype_policy(policy)
    try:
        model = model_of(k)
        model.compile(
            OPTIMIZERS[optimizer](k), LOSS.get(model_of, "sparse_categorical_crossentropy")
        )
    finally:
        if policy:
            k.config.set_dtype_policy("float32")
    first = model.get_weights()
    x, y = DATA[model_of]
    losses = []

    class Record(k.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            losses.append(float(logs["loss"]))

    model.fit(
        x,
        y,
        batch_size=BATCH,
        epochs=5,
        shuffle=False,
        verbose=0,
        callbacks=[Record()],
        **(fit or {}),
    )
    assert len(losses) == STEPS
    return first, losses


def check(model_of, rtol=1e-4, **options):
    theirs_first, theirs = curve(keras, model_of, **options)
    ours_first, ours = curve(cornu, model_of, **options)
    for a, b in zip(theirs_first, ours_first, strict=True):
        np.testing.assert_allclose(b, a, atol=1e-6)
    np.testing.assert_allclose(ours, theirs, rtol=rtol)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("model_of", [mlp, cnn, two_by_two, lstm])
def test_loss_curve_follows_keras(model_of, optimizer):
    check(model_of, optimizer=optimizer)


@pytest.mark.parametrize(
    "fit",
    [
        {"sample_weight": rng().uniform(0.2, 2, ROWS).astype("float32")},
        {"class_weight": {0: 0.5, 1: 2.0, 2: 1.0}},
    ],
    ids=["sample_weight", "class_weight"],
)
def test_weighted_loss_curve_follows_keras(fit):
    check(mlp, optimizer="sgd", fit=fit)


def test_mixed_bfloat16_curve_follows_keras():
    check(mlp, rtol=2e-2, optimizer="sgd", policy="mixed_bfloat16")
