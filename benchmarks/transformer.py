"""A small language model: causal transformer, 4 layers of 4 heads, 128 wide, 128 steps."""

from __future__ import annotations

import numpy as np

import workload

WORDS, STEPS, WIDTH, HEADS, DEPTH, BATCHES, BATCH_SIZE = 2000, 128, 128, 4, 4, 10, 16


def make(keras, depth=DEPTH):
    """The model, compiled, with its data: each word is to be told from those before it."""
    layers = keras.layers
    random = np.random.default_rng(0)
    words = random.integers(WORDS, size=(BATCHES * BATCH_SIZE, STEPS + 1)).astype("int32")
    places = np.broadcast_to(np.arange(STEPS, dtype="int32"), (len(words), STEPS)).copy()
    inputs = [keras.Input((STEPS,), dtype="int32") for _ in range(2)]
    x = layers.Embedding(WORDS, WIDTH)(inputs[0]) + layers.Embedding(STEPS, WIDTH)(inputs[1])
    for _ in range(depth):
        normal = layers.LayerNormalization(epsilon=1e-5)(x)
        attention = layers.MultiHeadAttention(HEADS, WIDTH // HEADS)
        x = x + attention(normal, normal, use_causal_mask=True)
        hidden = layers.LayerNormalization(epsilon=1e-5)(x)
        hidden = layers.Dense(4 * WIDTH, activation="gelu")(hidden)
        x = x + layers.Dense(WIDTH)(hidden)
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    model = keras.Model(inputs, layers.Dense(WORDS)(x))
    model.compile(
        optimizer=keras.optimizers.AdamW(3e-4),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model, [words[:, :-1], places], words[:, 1:]


if __name__ == "__main__":
    workload.run(workload.Workload("transformer", epochs=1, batch_size=BATCH_SIZE, make=make))
