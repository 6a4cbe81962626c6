"""Ops that make tensors from a shape or a range."""

import numpy as np

from oracle.ops.row import BITS, MATRIX, VECTOR, row, rows

LIKE = "zeros_like ones_like"
WINDOWS = "bartlett blackman hamming hanning"

ROWS = [
    *rows("zeros ones", (2, 3)),
    *rows("zeros ones", (2, 0), dtype="int32"),
    *rows("zeros ones empty", [2], "bool"),
    *rows("zeros ones", ()),
    *rows("zeros ones", 3),
    row("empty", (2, 3)),
    row("full", (2, 3), 7),
    row("full", (2, 3), 7.5, dtype="int32"),
    row("full", (2, 4), VECTOR[:4]).but(unknown=((),)),
    row("full", (), True),
    *rows(LIKE, MATRIX),
    *rows(LIKE, BITS, dtype="float16"),
    row("empty_like", MATRIX),
    row("full_like", MATRIX, 2),
    row("full_like", BITS, 7.5, dtype="float32"),
    row("full_like", BITS, 7.5),
    row("full_like", MATRIX, VECTOR[:4]).but(unknown=((0,), ())),
    *[row("arange", *args) for args in (
        (5,), (5.0,), (1, 3, 0.5), (5, 1, -2), (2, 9, 3), (0,), (3, 1), (1.5, 4),
    )],
    row("arange", 5, dtype="float32"),
    row("arange", 1, 5, dtype="bfloat16"),
    row("arange", 5, dtype="uint8"),
    row("linspace", 0, 2, num=5, retstep=True),
    row("linspace", 0.0, 2.0, num=5, endpoint=False),
    row("linspace", 0, 10, num=3, dtype="int32"),
    row("linspace", 0, 1, num=0),
    row("linspace", 0, 1, num=1),
    row("linspace", VECTOR, VECTOR + 1, num=3, axis=-1),
    row("linspace", VECTOR, 2.0, num=3),
    row("linspace", 0, 1, num=-1),
    row("logspace", 0, 2, num=5),
    row("logspace", 0, 2, num=4, base=2, endpoint=False),
    row("logspace", VECTOR, VECTOR + 1, num=3, axis=1),
    row("geomspace", 1, 100, num=5),
    row("geomspace", 1.0, 8.0, num=4, endpoint=False),
    row("geomspace", np.abs(VECTOR) + 1, np.abs(VECTOR) + 4, num=3, axis=1),
    row("eye", 3),
    row("eye", 3, 4, k=1, dtype="int32"),
    row("eye", 2, 3, -1),
    row("identity", 3),
    row("identity", 2, "bool"),
    row("tri", 3),
    row("tri", 3, 4, k=-1),
    row("tri", 2, dtype="int32"),
    row("vander", VECTOR),
    row("vander", VECTOR, N=3, increasing=True),
    row("vander", np.array([1, 2, 3], "int32")),
    *rows(WINDOWS, 6),
    *rows(WINDOWS, 1),
    *[r.but(symbolic=False) for r in rows(WINDOWS, np.array(7, "int32"))],
    row("kaiser", 5, 3.0),
    row("kaiser", 1, 3.0),
]  # fmt: skip
