"""Boxes as a detector predicts them: as differences from anchors."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.ops.boxes.formats import convert_format
from cornu.ops.promotion import as_float

_TINY = 1e-7  # the least size of a box: logarithms stay finite
_CENTERED = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(
    anchors: Any,
    boxes: Any,
    anchor_format: str,
    box_format: str,
    encoding_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Array:
    """Boxes as what a detector is to predict.

    Centers become their distance from the anchor's, in sizes of the anchor; sizes the logarithm of
    their ratio to the anchor's (Girshick et al., 2014).

    Args:
        anchors: (N, 4).
        boxes: (N, 4), or (batch, N, 4).
        anchor_format: of the anchors, see `convert_format`.
        box_format: of the boxes.
        encoding_format: order of the differences: "center_yxhw" or "center_xywh".
        variance: four numbers that the differences are divided by; None: not.
        image_shape: (height, width, channels); needed for relative formats.

    Returns:
        Shape of `boxes`.

    Raises:
        ValueError: for another encoding, or a variance of another length.
    """
    scale = _checked(encoding_format, "encoding_format", variance)
    size = _size(image_shape)
    centers, sizes = _halves(convert_format(anchors, anchor_format, encoding_format, *size))
    their_centers, their_sizes = _halves(convert_format(boxes, box_format, encoding_format, *size))
    sizes, their_sizes = jnp.maximum(sizes, _TINY), jnp.maximum(their_sizes, _TINY)
    moved = (their_centers - centers) / sizes
    grown = jnp.log(their_sizes / sizes)
    return jnp.concatenate([moved, grown], axis=-1) / scale


def decode_deltas_to_boxes(
    anchors: Any,
    boxes_delta: Any,
    anchor_format: str,
    box_format: str,
    encoded_format: str = "center_yxhw",
    variance: Any = None,
    image_shape: Any = None,
) -> Any:
    """Boxes from a detector's predictions: the inverse of `encode_box_to_deltas`.

    Args:
        anchors: (N, 4), or a dict of such arrays by level.
        boxes_delta: (N, 4) or (batch, N, 4), or a dict with the same keys.
        anchor_format: of the anchors, see `convert_format`.
        box_format: the format wanted.
        encoded_format: order of the differences: "center_yxhw" or "center_xywh".
        variance: four numbers that the differences are multiplied by; None: not.
        image_shape: (height, width, channels); needed for relative formats.

    Returns:
        Shape of `boxes_delta`, or a dict of such arrays.

    Raises:
        ValueError: for another encoding, or a variance of another length.
    """
    scale = _checked(encoded_format, "encoded_format", variance)
    size = _size(image_shape)

    def decode(anchors: Any, deltas: Any) -> Array:
        centers, sizes = _halves(convert_format(anchors, anchor_format, encoded_format, *size))
        moved, grown = _halves(as_float(deltas) * scale)
        boxes = jnp.concatenate([centers + moved * sizes, sizes * jnp.exp(grown)], axis=-1)
        return convert_format(boxes, encoded_format, box_format, *size)

    if isinstance(anchors, dict):
        return {level: decode(anchors[level], deltas) for level, deltas in boxes_delta.items()}
    return decode(anchors, boxes_delta)


def _checked(encoding: str, argument: str, variance: Any) -> Array:
    if encoding.lower() not in _CENTERED:
        raise ValueError(f"{argument} must be one of {_CENTERED}. Received: {encoding!r}")
    scale = jnp.ones(4) if variance is None else as_float(variance)
    if scale.shape != (4,):
        raise ValueError(f"variance must be four numbers. Received shape {scale.shape}")
    return scale


def _size(image_shape: Any) -> tuple[Any, Any]:
    return (None, None) if image_shape is None else (image_shape[0], image_shape[1])


def _halves(boxes: Array) -> tuple[Array, Array]:
    return boxes[..., :2], boxes[..., 2:]
