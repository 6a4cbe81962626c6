"""Random draws: equal seeds give equal numbers."""

import numpy as np

from oracle.ops.row import MATRIX, row

# Each draw from a gamma, beta or binomial distribution takes a second to compile.
ALPHA = np.array([0.5, 2.0, 9.0], "float32")

ROWS = [
    row("random.normal", (5, 3), seed=7),
    row("random.normal", (5, 3), mean=2.0, stddev=0.5, seed=7),
    row("random.normal", (5,), dtype="bfloat16", seed=7),
    row("random.normal", (5,), dtype="int32", seed=7),
    row("random.normal", (0, 3), seed=7),
    row("random.uniform", (5, 3), seed=7),
    row("random.uniform", (5, 3), minval=-2.0, maxval=3.0, seed=7),
    row("random.uniform", (5,), 0, 10, dtype="int32", seed=7),
    row("random.uniform", (5,), dtype="float16", seed=7),
    row("random.truncated_normal", (5, 3), mean=1.0, stddev=3.0, seed=7),
    row("random.truncated_normal", (5, 3), dtype="float16", seed=7),
    row("random.randint", (5, 3), -4, 9, seed=7),
    row("random.randint", (5,), 0, 200, dtype="uint8", seed=7),
    row("random.randint", (5,), 0, 200, dtype="int64", seed=7),
    row("random.randint", (5,), 0, 20, dtype="float32", seed=7),
    row("random.categorical", MATRIX, 6, seed=7),
    row("random.categorical", MATRIX, 6, dtype="int64", seed=7),
    row("random.categorical", MATRIX[0], 6, seed=7),
    row("random.shuffle", MATRIX, seed=7),
    row("random.shuffle", np.arange(12).reshape(4, 3), axis=1, seed=7),
    row("random.gamma", (5, 3), ALPHA, seed=7).but(dtypes=False, gradient=False),
    row("random.beta", (5, 3), ALPHA, 3.0, seed=7).but(dtypes=False, gradient=False),
    row("random.binomial", (5, 3), ALPHA * 4, 0.3, seed=7).but(dtypes=False, gradient=False),
    row("random.dropout", MATRIX, 0.0, seed=7),
    row("random.dropout", MATRIX, 1.5, seed=7),
]  # fmt: skip
