"""What holds for all boxes."""

from __future__ import annotations

import jax
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cornu.ops.boxes import deltas, formats, overlap

SIZES = arrays.arrays("float32", (3, 4), elements=st.floats(0, 100, width=32))
iou = jax.jit(lambda a, b: overlap.compute_iou(a, b, "xywh"))
ciou = jax.jit(lambda a, b: overlap.compute_ciou(a, b, "xywh"))
turn = jax.jit(
    lambda boxes, angle: formats.affine_transform(
        boxes, angle, 0.0, 0.0, 1.0, 0.0, 0.0, 80, 60, bounding_box_format="xywh"
    )
)


@jax.jit
def again(anchors, boxes):
    there = deltas.encode_box_to_deltas(anchors, boxes, "xywh", "xywh")
    return deltas.decode_deltas_to_boxes(anchors, there, "xywh", "xywh")


@settings(deadline=None)
@given(SIZES, SIZES)
def test_overlaps_are_shares_and_symmetric(first: np.ndarray, second: np.ndarray) -> None:
    """Empty boxes included: they overlap nothing."""
    found = np.asarray(iou(first, second))
    assert ((found >= 0) & (found <= 1 + 1e-5)).all()
    np.testing.assert_allclose(found, np.asarray(iou(second, first)).T, rtol=1e-4, atol=1e-5)
    complete = np.asarray(ciou(first, second))
    assert (complete <= np.diagonal(found) + 1e-4).all()


@settings(deadline=None)
@given(SIZES, SIZES)
def test_encoding_is_undone_by_decoding(anchors: np.ndarray, boxes: np.ndarray) -> None:
    anchors, boxes = anchors + np.float32(1), boxes + np.float32(1)
    np.testing.assert_allclose(again(anchors, boxes), boxes, rtol=1e-3, atol=1e-2)


@settings(deadline=None)
@given(SIZES, st.floats(-360, 360, width=32))
def test_a_turned_box_holds_as_much_at_least(boxes: np.ndarray, angle: float) -> None:
    """The upright box around a turned one has at least its area, and its middle is turned."""
    turned = np.asarray(turn(boxes, angle), "float64")
    area = boxes[:, 2].astype("float64") * boxes[:, 3]
    assert (turned[:, 2] * turned[:, 3] >= area * (1 - 1e-3) - 1e-2).all()
    middle = turned[:, :2] + turned[:, 2:] / 2 - [29.5, 39.5]
    before = boxes[:, :2] + boxes[:, 2:] / 2 - np.array([29.5, 39.5])
    np.testing.assert_allclose(
        np.linalg.norm(middle, axis=1), np.linalg.norm(before, axis=1), rtol=1e-3, atol=1e-2
    )
