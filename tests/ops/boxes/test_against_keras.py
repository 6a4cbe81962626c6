"""Bounding boxes against the real Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np
import pytest

import cornu

B = np.array([[10, 20, 50, 60], [70, 80, 100, 120], [5, 5, 5, 5]], "float32")
C = np.array([[12, 22, 40, 70], [-1, -1, -1, -1], [60, 80, 110, 100]], "float32")
ANCHORS = np.array([[0, 0, 40, 40], [60, 60, 100, 130], [0, 0, 9, 9]], "float32")
OUTSIDE = {
    "boxes": np.array([[-10, -20, 150, 160], [50, 40, 70, 80], [200, 200, 300, 300]], "float32"),
    "labels": np.array([0, 1, 2]),
}
SIZE = {"height": 200, "width": 300}
IMAGE = {"image_shape": (200, 300, 3)}
VARIANCE = {"variance": [0.1, 0.1, 0.2, 0.2]}
FORMATS = (
    *("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw"),
    *("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"),
)
TURN = {"angle": 25.0, "translate_x": 0.1, "translate_y": -0.2, "scale": 1.3}
MOVES: list[dict[str, float]] = [
    {},
    {"angle": 30.0},
    {"translate_x": 0.1, "translate_y": 0.2},
    {"scale": 1.5},
    {"shear_x": 10.0},
    {"shear_y": 20.0},
    {"shear_x": 5.0, "shear_y": 20.0},
    {**TURN},
    {**TURN, "shear_x": 5.0, "shear_y": 20.0},
    {**TURN, "shear_x": 5.0, "shear_y": 20.0, "center_x": 0.3, "center_y": 0.4},
]


def affine(k: Any, move: dict[str, float]) -> Any:
    still = {"angle": 0.0, "translate_x": 0.0, "translate_y": 0.0, "scale": 1.0}
    numbers = {**still, "shear_x": 0.0, "shear_y": 0.0, **move}
    centers = {key: numbers.pop(key) for key in ("center_x", "center_y") if key in numbers}
    arrays = {key: np.array([value, value], "float32") for key, value in numbers.items()}
    return k.utils.bounding_boxes.affine_transform(np.stack([B, C]), **arrays, **centers, **SIZE)


Call = Callable[[Any], Any]
CASES: dict[str, Call] = {
    **{
        f"{a} to {b}": lambda x, a=a, b=b: x.convert_format(B / 300, a, b, **SIZE)
        for a in FORMATS
        for b in FORMATS[:3] + FORMATS[5:6]
    },
    "convert upper case": lambda x: x.convert_format(B, "XYXY", "center_YXHW"),
    "convert one box": lambda x: x.convert_format(B[0], "xyxy", "xywh"),
    "convert integers": lambda x: x.convert_format(B.astype(int), "xyxy", "xywh", dtype="float16"),
    "convert a dict": lambda x: x.convert_format({"boxes": B, "labels": [1, 2, 3]}, "xyxy", "xywh"),
    "clip": lambda x: x.clip_to_image_size(OUTSIDE, height=100, width=120),
    "clip a batch": lambda x: x.clip_to_image_size(
        {key: value[None] for key, value in OUTSIDE.items()}, height=100, width=120
    ),
    "clip relative": lambda x: x.clip_to_image_size(
        {**OUTSIDE, "boxes": OUTSIDE["boxes"] / 100}, bounding_box_format="rel_xyxy"
    ),
    "crop": lambda x: x.crop(B, 10, 20, 40, 30),
    "crop integers": lambda x: x.crop(B[None].astype("int32"), 10, 20, 40, 30),
    "pad": lambda x: x.pad(B, 10, 20),
    "pad integers": lambda x: x.pad(B[None].astype("int32"), 10, 20),
    "iou": lambda x: x.compute_iou(B, C, "xyxy"),
    "iou of center_xywh": lambda x: x.compute_iou(B, C, "center_xywh"),
    "iou masked": lambda x: x.compute_iou(B, C, "xyxy", use_masking=True, mask_val=-7),
    "iou masked, sizes": lambda x: x.compute_iou(C, B - 60, "xywh", use_masking=True),
    "iou batched": lambda x: x.compute_iou(np.stack([B, C]), C, "xywh"),
    "iou both batched": lambda x: x.compute_iou(B, np.stack([B, C]), "yxyx"),
    "iou relative": lambda x: x.compute_iou(B / 200, C / 200, "rel_xyxy", **IMAGE),
    "ciou": lambda x: x.compute_ciou(B[:2], C[::2], "xyxy"),
    "ciou broadcast": lambda x: x.compute_ciou(B[:2], C[0], "center_xywh"),
    "encode": lambda x: x.encode_box_to_deltas(ANCHORS, B, "xyxy", "xyxy"),
    "encode center_xywh": lambda x: x.encode_box_to_deltas(
        ANCHORS, B[None], "xyxy", "xywh", "center_xywh", **VARIANCE
    ),
    "encode relative": lambda x: x.encode_box_to_deltas(
        ANCHORS, B / 300, "xyxy", "rel_xyxy", **IMAGE
    ),
    "encode from an empty anchor": lambda x: x.encode_box_to_deltas(B, ANCHORS, "xyxy", "xyxy"),
    "decode": lambda x: x.decode_deltas_to_boxes(ANCHORS, B / 50, "xyxy", "xyxy"),
    "decode relative": lambda x: x.decode_deltas_to_boxes(
        ANCHORS, B[None] / 50, "xyxy", "rel_xyxy", "center_xywh", **VARIANCE, **IMAGE
    ),
    "decode levels": lambda x: x.decode_deltas_to_boxes(
        {0: ANCHORS, 1: B}, {0: B / 50, 1: C / 50}, "xyxy", "xywh"
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_equals_keras(name: str) -> None:
    ours, theirs = cornu.utils.bounding_boxes, keras.utils.bounding_boxes
    compare(compiled(lambda: CASES[name](ours)), compiled(lambda: CASES[name](theirs)))


def compiled(call: Callable[[], Any]) -> Any:
    """The result as one program: a small function run op by op compiles each of them."""
    return jax.jit(call)()


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_affine_transform_equals_keras(move: dict[str, float]) -> None:
    compare(compiled(lambda: affine(cornu, move)), compiled(lambda: affine(keras, move)), atol=1e-3)


def compare(found: Any, expected: Any, atol: float = 1e-5) -> None:
    found, expected = jax.tree.leaves(found), jax.tree.leaves(expected)
    for own, other in zip(found, expected, strict=True):
        own, other = np.asarray(own), np.asarray(other)
        assert own.shape == other.shape
        assert own.dtype == other.dtype
        np.testing.assert_allclose(own, other, rtol=1e-5, atol=atol)


@pytest.mark.parametrize("kind", FORMATS)
def test_formats_there_and_back(kind: str) -> None:
    there = cornu.utils.bounding_boxes.convert_format(B, "xyxy", kind, **SIZE)
    back = cornu.utils.bounding_boxes.convert_format(there, kind, "xyxy", **SIZE)
    np.testing.assert_allclose(back, B, atol=1e-4)


@pytest.mark.parametrize("kind", ["yxyx", "xywh", "center_xywh"])
def test_crop_pad_and_clip_in_formats_that_keras_does_not_take(kind: str) -> None:
    boxes = cornu.utils.bounding_boxes
    given = boxes.convert_format(B, "xyxy", kind)
    for run in (
        lambda x, f: boxes.crop(x, 10, 20, 40, 30, bounding_box_format=f),
        lambda x, f: boxes.pad(x, 10, 20, bounding_box_format=f),
        lambda x, f: boxes.clip_to_image_size({"boxes": x, "labels": [1, 2, 3]}, 30, 40, f)[
            "boxes"
        ],
    ):
        found = boxes.convert_format(run(given, kind), kind, "xyxy")
        np.testing.assert_allclose(found, run(B, "xyxy"), atol=1e-4)


def test_relative_ciou_needs_the_shape_and_takes_it() -> None:
    boxes = cornu.utils.bounding_boxes
    relative = [boxes.convert_format(x, "xyxy", "rel_xyxy", **SIZE) for x in (B[:2], C[::2])]
    found = boxes.compute_ciou(*relative, "rel_xyxy", **IMAGE)
    np.testing.assert_allclose(found, boxes.compute_ciou(B[:2], C[::2], "xyxy"), rtol=1e-4)
    with pytest.raises(ValueError, match="image_shape"):
        boxes.compute_ciou(*relative, "rel_xyxy")


def test_ciou_has_gradients_at_equal_boxes() -> None:
    total = lambda x: cornu.utils.bounding_boxes.compute_ciou(x, B, "xyxy").sum()  # noqa: E731
    slope = jax.jit(jax.grad(total))(B)
    assert np.isfinite(slope).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: x.convert_format(B, "xyxy", "xywhh"), "did you mean 'xywh'"),
        (lambda x: x.convert_format(B[:, :3], "xyxy", "xywh"), r"last axis of 4.*\(3, 3\)"),
        (lambda x: x.convert_format({"labels": B}, "xyxy", "xywh"), "key 'boxes'"),
        (lambda x: x.convert_format(B, "xyxy", "rel_xyxy"), "`height` and `width`"),
        (lambda x: x.clip_to_image_size(OUTSIDE), "`height` and `width`"),
        (lambda x: x.crop(B, 1, 1, 2, 2, "rel_xyxy"), "convert_format"),
        (lambda x: x.compute_iou(B, C, "rel_xyxy"), "image_shape"),
        (lambda x: x.compute_iou(B[0], C, "xyxy"), r"boxes1 .*\(4,\)"),
        (lambda x: x.encode_box_to_deltas(B, B, "xyxy", "xyxy", "xywh"), "encoding_format"),
        (lambda x: x.encode_box_to_deltas(B, B, "xyxy", "xyxy", variance=[1, 2]), "four numbers"),
    ],
)
def test_what_does_not_fit_is_named(call: Call, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(cornu.utils.bounding_boxes)
