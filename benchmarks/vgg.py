"""The VGG-like network of the Keras notes: 100 images of 100x100x3, four convolutions."""

from __future__ import annotations

import numpy as np

import workload


def make(keras):
    """The model, compiled, with its data."""
    layers = keras.layers
    random = np.random.default_rng(0)
    x = random.random((100, 100, 100, 3), dtype="float32")
    y = keras.utils.to_categorical(random.integers(10, size=(100, 1)), num_classes=10)
    model = keras.Sequential()
    model.add(keras.Input((100, 100, 3)))
    for filters in (32, 64):
        model.add(layers.Conv2D(filters, (3, 3), activation="relu"))
        model.add(layers.Conv2D(filters, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D(pool_size=(2, 2)))
        model.add(layers.Dropout(0.25))
    model.add(layers.Flatten())
    model.add(layers.Dense(256, activation="relu"))
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(10, activation="softmax"))
    sgd = keras.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True)
    model.compile(optimizer=sgd, loss="categorical_crossentropy")
    return model, x, y


if __name__ == "__main__":
    workload.run(workload.Workload("vgg", epochs=1, batch_size=32, make=make))
