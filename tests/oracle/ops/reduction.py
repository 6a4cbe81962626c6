"""Ops that take axes away, and running sums and products."""

import numpy as np

from oracle.ops.row import BITS, CUBE, HOLES, MATRIX, POSITIVE, VECTOR, random, row, rows

REDUCTIONS = "all any amax amin max min ptp sum mean std var median logsumexp prod"
SKIPPING = "nanmax nanmin nansum nanprod nanmean nanmedian nanstd nanvar"
POSITIONS = "argmax argmin nanargmax nanargmin"
GONE = np.array([[1, np.nan], [np.nan, np.nan]], "float32")

ROWS = [
    *rows(f"{REDUCTIONS} {SKIPPING} {POSITIONS}", CUBE),
    *rows(f"{REDUCTIONS} {SKIPPING}", CUBE, axis=(0, -1), keepdims=True),
    *rows(f"{REDUCTIONS} {SKIPPING} {POSITIONS}", HOLES, axis=1),
    *rows(f"{REDUCTIONS} {SKIPPING} {POSITIONS}", MATRIX, axis=-2, keepdims=True),
    *rows("sum mean max all prod median", CUBE, axis=[1]),
    *rows("sum mean prod all any nansum nanmean count_nonzero", random(0, 3), axis=0),
    *rows("sum mean max", random(2, 0), axis=0),
    *rows("amax amin max min argmax std var median ptp", random(0, 3), axis=0),
    *rows("sum max mean", np.float32(2).reshape(())),
    *rows(f"{SKIPPING} {POSITIONS}", GONE, axis=1),
    *rows("sum mean max", CUBE, axis=5),
    *rows("sum mean", CUBE, axis=()),
    row("max", CUBE, axis=0, initial=1.0),
    row("min", CUBE, axis=0, initial=-1.0, keepdims=True),
    row("max", random(0, 3), axis=0, initial=0.0),
    row("prod", CUBE, axis=1, dtype="float16"),
    row("prod", BITS, dtype="float32"),
    row("count_nonzero", MATRIX),
    row("count_nonzero", BITS, axis=0),
    row("count_nonzero", CUBE, axis=(0, 2)),
    row("average", MATRIX),
    row("average", MATRIX, axis=1, weights=POSITIVE),
    row("average", MATRIX, axis=1, weights=[1, 2, 3, 4]),
    row("average", CUBE, axis=-1, weights=VECTOR[:4]).but(unknown=((0,), ())),
    *[row(name, MATRIX, axis=axis) for name in ("cumsum", "cumprod", "nancumsum", "nancumprod")
      for axis in (None, 0, -1)],
    *rows("nancumsum nancumprod", HOLES, axis=1),
    *rows("cumsum cumprod", BITS > 0),
    *rows("cumsum cumprod nancumsum nancumprod", MATRIX, axis=0, dtype="float16"),
]  # fmt: skip
