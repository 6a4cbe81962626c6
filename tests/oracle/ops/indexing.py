"""Ops that pick elements or write them, sort, search, and sum by segments."""

import numpy as np

from oracle.ops.row import BITS, CUBE, HOLES, MATRIX, VECTOR, random, row, rows

WHOLE = np.array([3, 1, 3, 2, 0], "int32")
PLACES = np.array([[0, 2], [1, 2]], "int32")
LABELS = np.array([1, 0, 3], "int32")
SEGMENTS = np.array([0, 2, 0], "int32")
UPDATES = np.array([3.0, -2.0], "float32")
SORTED = np.array([-1.0, 0.0, 1.0], "float32")
BEYOND = np.array([0, 7, -9], "int32")

ROWS = [
    row("get_item", CUBE, 1).but(unknown=((1,),)),
    row("get_item", CUBE, (slice(None), 1, None)),
    row("get_item", CUBE, (..., slice(None, None, -2))),
    row("get_item", CUBE, slice(0, 1)).but(unknown=((1,),)),
    row("take", CUBE, PLACES, axis=1).but(unknown=((0,), ())),
    row("take", CUBE, np.array([[0, 2], [1, -1]]), axis=-1).but(unknown=((0,), ())),
    row("take", CUBE, WHOLE),
    row("take", CUBE, 2, axis=2),
    row("take", CUBE, [0, 1], axis=2),
    row("take", MATRIX, BEYOND, axis=1).but(unknown=((0,), ()), dtypes=False),
    row("take", BITS, BEYOND, axis=1).but(unknown=((0,), ())),
    row("take_along_axis", MATRIX, np.array([[0, 3], [1, 1], [2, -1]]), axis=1),
    row("take_along_axis", CUBE, np.argsort(CUBE, axis=-1), axis=-1),
    row("take_along_axis", VECTOR, WHOLE).but(unknown=((), (0,))),
    row("nonzero", BITS).but(symbolic=False),
    row("nonzero", MATRIX > 0).but(symbolic=False),
    row("select", [MATRIX > 0.5, MATRIX < 0], [MATRIX, BITS], default=7),
    row("select", [MATRIX > 0.5, MATRIX < 0], [MATRIX, MATRIX * 2]),
    row("unravel_index", WHOLE, (3, 4)),
    row("unravel_index", PLACES, (2, 3, 4)),
    row("slice", CUBE, [0, 1, 1], (2, 2, 3)).but(unknown=((),)),
    row("slice", CUBE, np.array([0, 1, 1]), (1, 2, 2)).but(unknown=((0,), ())),
    row("slice_update", CUBE, [0, 1, 1], np.ones((1, 2, 2), "float32")).but(unknown=((0,), ())),
    row("slice_update", BITS, [0, 1], np.ones((2, 2), "int32")).but(unknown=((0,), ())),
    row("scatter", np.array([[0, 1], [2, 3], [0, 1]]), MATRIX[0, :3], (3, 4)),
    row("scatter", np.array([[0], [2]]), MATRIX[:2], (3, 4)),
    row("scatter_update", MATRIX, np.array([[1], [0]]), MATRIX[1:]).but(unknown=((0,), (), ())),
    *[row("scatter_update", MATRIX, PLACES, UPDATES, reduction=how).but(unknown=((0,), (), ()))
      for how in (None, "add", "max", "min", "mul")],
    row("scatter_update", MATRIX, PLACES, UPDATES, reduction="mean").but(unknown=((0,), (), ())),
    row("sort", MATRIX),
    row("sort", CUBE, axis=0),
    row("sort", HOLES, axis=-1),
    row("argsort", MATRIX),
    row("argsort", MATRIX, axis=0),
    row("argsort", MATRIX, axis=None),
    row("argpartition", MATRIX, 2).but(dtypes=False),
    row("argpartition", MATRIX, 1, axis=0).but(dtypes=False),
    row("top_k", MATRIX, 2),
    row("top_k", CUBE, 1, sorted=False),
    row("top_k", MATRIX, 9),
    row("in_top_k", LABELS, MATRIX, k=2),
    row("in_top_k", LABELS, MATRIX, 1),
    row("searchsorted", SORTED, MATRIX, side="right").but(unknown=((), (0,))),
    row("searchsorted", SORTED, VECTOR).but(unknown=((), (0,))),
    row("searchsorted", MATRIX, VECTOR),
    row("digitize", MATRIX, SORTED).but(unknown=((0,), ())),
    row("digitize", WHOLE, np.array([1, 2])).but(unknown=((0,), ())),
    row("unique", WHOLE).but(symbolic=False),
    row("unique", WHOLE, return_index=True, return_inverse=True, return_counts=True).but(
        symbolic=False
    ),
    row("unique", MATRIX, size=5).but(symbolic=False),
    row("unique", BITS, axis=0, return_counts=True).but(symbolic=False),
    *rows("segment_sum segment_max segment_min segment_prod", MATRIX, SEGMENTS, num_segments=3),
    *rows("segment_sum segment_max segment_min segment_prod", MATRIX[:, 0], SEGMENTS),
    *rows("segment_sum segment_max", CUBE, np.array([0, 1]), num_segments=3, sorted=True),
    *rows("segment_sum segment_max", MATRIX, np.array([0, -1, 5]), num_segments=2),
    row("segment_sum", MATRIX, BITS, num_segments=2),
    row("bincount", WHOLE, minlength=8).but(symbolic=False),
    row("bincount", WHOLE, weights=VECTOR).but(symbolic=False),
    row("bincount", BITS, minlength=2).but(symbolic=False),
    row("bincount", BITS, weights=MATRIX).but(symbolic=False),
    row("histogram", MATRIX),
    row("histogram", MATRIX[0], bins=4, range=(-1.0, 1.0)),
    row("histogram", MATRIX, bins=0),
    row("histogram", MATRIX, range=(2.0, 1.0)),
    row("quantile", MATRIX, [0.2, 0.7], axis=1),
    row("quantile", CUBE, 0.3, axis=(0, 1), keepdims=True, method="nearest"),
    *[row("quantile", MATRIX, 0.4, axis=-1, method=m) for m in ("lower", "higher", "midpoint")],
    row("quantile", MATRIX, np.float32(0.4).reshape(())),
    row("percentile", MATRIX, 30.0),
    row("percentile", MATRIX, 30, axis=0),
    row("percentile", CUBE, [30.0, 60.0], axis=1, keepdims=True),
    row("nanquantile", HOLES, 0.5, axis=0),
    row("nanpercentile", HOLES, [25.0, 50.0], axis=-1, keepdims=True),
    row("corrcoef", MATRIX),
    row("corrcoef", VECTOR),
    *[row("correlate", VECTOR, VECTOR[:2] + 1, mode=mode).but(unknown=((0,), ()))
      for mode in ("valid", "same", "full")],
    row("correlate", MATRIX, VECTOR),
    row("diff", MATRIX),
    row("diff", MATRIX, n=2, axis=0),
    row("trapezoid", MATRIX),
    row("trapezoid", MATRIX, dx=0.5, axis=0),
    row("trapezoid", MATRIX, x=np.sort(VECTOR[:4])).but(unknown=((0,), ())),
    row("trapezoid", MATRIX, x=np.sort(random(3, 4))),
]  # fmt: skip
