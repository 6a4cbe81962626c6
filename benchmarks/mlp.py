"""The softmax MLP of the Keras notes: 1,000 rows of 20 numbers, ten classes, two dropouts."""

from __future__ import annotations

import numpy as np

import workload


def make(keras):
    """The model, compiled, with its data."""
    layers = keras.layers
    random = np.random.default_rng(0)
    x = random.random((1000, 20), dtype="float32")
    y = keras.utils.to_categorical(random.integers(10, size=(1000, 1)), num_classes=10)
    model = keras.Sequential()
    model.add(keras.Input((20,)))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    sgd = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True)
    model.compile(optimizer=sgd, loss="categorical_crossentropy", metrics=["accuracy"])
    return model, x, y


if __name__ == "__main__":
    workload.run(workload.Workload("mlp", epochs=50, batch_size=128, make=make))
