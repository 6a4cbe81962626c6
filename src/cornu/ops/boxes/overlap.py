"""How far boxes overlap: intersection over union, plain and complete."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from cornu.ops.boxes.formats import four, to_corners
from cornu.ops.promotion import as_float

_TINY = 1e-7  # keeps empty boxes from dividing by 0


def compute_iou(
    boxes1: Any,
    boxes2: Any,
    bounding_box_format: str,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Any = None,
) -> Array:
    """Intersection over union of each box of one list with each of another.

    Args:
        boxes1: (M, 4), or (batch, M, 4).
        boxes2: (N, 4), or (batch, N, 4); a list without a batch goes with every batch entry.
        bounding_box_format: of both, see `convert_format`.
        use_masking: whether boxes of which all corners are negative are padding.
        mask_val: the value for pairs with such a box.
        image_shape: (height, width, channels); needed for relative formats.

    Returns:
        (M, N), or (batch, M, N).

    Raises:
        ValueError: for other ranks, or a missing `image_shape`.
    """
    first = _corners(boxes1, bounding_box_format, image_shape)
    second = _corners(boxes2, bounding_box_format, image_shape)
    for name, boxes in (("boxes1", first), ("boxes2", second)):
        if boxes.ndim not in (2, 3):
            raise ValueError(
                f"{name} must have the shape (N, 4) or (batch, N, 4). Received: {boxes.shape}"
            )
    one, other = first[..., :, None, :], second[..., None, :, :]
    shared = _area(_intersection(one, other))
    union = _area(one) + _area(other) - shared
    overlaps = shared / jnp.where(union > 0, union, 1)
    if not use_masking:
        return overlaps
    padding = jnp.all(one < 0, axis=-1) | jnp.all(other < 0, axis=-1)
    return jnp.where(padding, jnp.asarray(mask_val, overlaps.dtype), overlaps)


def compute_ciou(
    boxes1: Any, boxes2: Any, bounding_box_format: str, image_shape: Any = None
) -> Array:
    """Complete IoU of pairs of boxes: centers and proportions count too (Zheng et al., 2020).

    `iou - distance**2 / diagonal**2 - alpha * v`, with the distance of the centers, the diagonal
    of the smallest box around both, `v` the squared difference of the angles of their diagonals
    (scaled to 0..1) and `alpha = v / (1 - iou + v)`, a constant to gradients.

    Args:
        boxes1: (..., 4).
        boxes2: (..., 4); the two shapes broadcast.
        bounding_box_format: of both, see `convert_format`.
        image_shape: (height, width, channels); needed for relative formats.

    Returns:
        (...).
    """
    first = _corners(boxes1, bounding_box_format, image_shape)
    second = _corners(boxes2, bounding_box_format, image_shape)
    shared = _area(_intersection(first, second))
    iou = shared / (_area(first) + _area(second) - shared + _TINY)
    around = jnp.maximum(first[..., 2:], second[..., 2:]) - jnp.minimum(
        first[..., :2], second[..., :2]
    )
    diagonal = jnp.sum(jnp.square(around), axis=-1) + _TINY
    between = (first[..., :2] + first[..., 2:] - second[..., :2] - second[..., 2:]) / 2
    distance = jnp.sum(jnp.square(between), axis=-1)
    v = 4 / jnp.pi**2 * jnp.square(_angle(first) - _angle(second))
    alpha = lax.stop_gradient(v / (v - iou + 1 + _TINY))
    return iou - distance / diagonal - alpha * v


def _corners(boxes: Any, bounding_box_format: str, image_shape: Any) -> Array:
    if bounding_box_format.lower().startswith("rel") and image_shape is None:
        raise ValueError(
            f"`image_shape` (height, width, channels) is needed for boxes in "
            f"{bounding_box_format!r}"
        )
    height, width = (None, None) if image_shape is None else tuple(image_shape)[:2]
    return to_corners(as_float(four(boxes)), bounding_box_format, height, width)


def _intersection(first: Array, second: Array) -> Array:
    near = jnp.maximum(first[..., :2], second[..., :2])
    far = jnp.minimum(first[..., 2:], second[..., 2:])
    return jnp.concatenate([near, jnp.maximum(near, far)], axis=-1)


def _area(corners: Array) -> Array:
    return jnp.prod(corners[..., 2:] - corners[..., :2], axis=-1)


def _angle(corners: Array) -> Array:
    width, height = jnp.moveaxis(corners[..., 2:] - corners[..., :2], -1, 0)
    return jnp.arctan(width / (height + _TINY))
