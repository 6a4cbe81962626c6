"""The LSTM of the Keras notes for film reviews: 20,000 words, 80 steps, 128 units, dropouts."""

from __future__ import annotations

import numpy as np

import workload

WORDS, STEPS, BATCHES, BATCH_SIZE = 20_000, 80, 25, 32


def make(keras, dropout=0.2):
    """The model, compiled, with its data: word numbers that are as uneven as those of texts."""
    layers = keras.layers
    random = np.random.default_rng(0)
    shape = (BATCHES * BATCH_SIZE, STEPS)
    # Zipf's law: word number n stands in a text about as often as 1 / n.
    x = np.exp(random.uniform(0, np.log(WORDS), shape)).astype("int32")
    y = random.integers(2, size=shape[:1]).astype("int32")
    model = keras.Sequential()
    model.add(keras.Input((STEPS,), dtype="int32"))
    model.add(layers.Embedding(WORDS, 128))
    model.add(layers.LSTM(128, dropout=dropout, recurrent_dropout=dropout))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, y


if __name__ == "__main__":
    workload.run(workload.Workload("lstm", epochs=2, batch_size=BATCH_SIZE, make=make))
