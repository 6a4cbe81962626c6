"""The formats of boxes, and what happens to boxes when their image is cropped, padded or turned.

Every function goes through corners (left, top, right, bottom), the format "xyxy".
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array

from cornu.core import dtypes
from cornu.errors import unknown
from cornu.ops.promotion import as_array, as_float

FORMATS = (
    *("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw"),
    *("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"),
)
_SIZES = ("wh", "hw")  # at the end of formats that hold sizes instead of a second corner


def convert_format(
    boxes: Any,
    source: str,
    target: str,
    height: Any = None,
    width: Any = None,
    dtype: Any = "float32",
) -> Any:
    """Boxes in another format.

    | format | four numbers |
    |---|---|
    | "xyxy" | left, top, right, bottom |
    | "yxyx" | top, left, bottom, right |
    | "xywh" | left, top, width, height |
    | "center_xywh" | x and y of the center, width, height |
    | "center_yxhw" | y and x of the center, height, width |

    All but the last also as "rel_...", with coordinates as shares of the image's size.

    Args:
        boxes: array (..., 4), or a dict with such `boxes` and anything else, like `labels`.
        source: their format, in any case.
        target: the format wanted.
        height: of the image; needed where a relative format takes part.
        width: the same.
        dtype: of the result.

    Returns:
        An array, or a dict like the one given.

    Raises:
        ValueError: for an unknown format, a last axis other than 4, or a missing image size.

    Example:
        >>> from cornu.utils import bounding_boxes
        >>> bounding_boxes.convert_format([[10, 20, 30, 50]], "xyxy", "xywh").tolist()
        [[10.0, 20.0, 20.0, 30.0]]
    """
    if isinstance(boxes, dict):
        converted = convert_format(_boxes_of(boxes), source, target, height, width, dtype)
        return {**boxes, "boxes": converted}
    source, target = _checked(source), _checked(target)
    array = four(boxes).astype(dtypes.held(dtypes.standardize(dtype)))
    if source == target:
        return array
    if ("rel" in source or "rel" in target) and (height is None or width is None):
        raise ValueError(
            f"from {source!r} to {target!r} the image's `height` and `width` are needed"
        )
    return from_corners(to_corners(array, source, height, width), target, height, width)


def four(boxes: Any) -> Array:
    """`boxes` as an array whose last axis is 4.

    Raises:
        ValueError: if it is not.
    """
    array = as_array(boxes)
    if not array.ndim or array.shape[-1] != 4:
        raise ValueError(f"boxes must have a last axis of 4. Received shape {array.shape}")
    return array


def to_corners(boxes: Array, source: str, height: Any = None, width: Any = None) -> Array:
    """Boxes of any format as left, top, right, bottom in pixels."""
    source = _checked(source)
    order = source.rpartition("_")[2]
    first, second, third, fourth = jnp.moveaxis(boxes, -1, 0)
    if order.startswith("y"):
        first, second, third, fourth = second, first, fourth, third
    if "center" in source:
        first, second = first - third / 2, second - fourth / 2
    if order.endswith(_SIZES):
        third, fourth = first + third, second + fourth
    corners = jnp.stack([first, second, third, fourth], axis=-1)
    return corners * _sizes(corners, height, width) if "rel" in source else corners


def from_corners(corners: Array, target: str, height: Any = None, width: Any = None) -> Array:
    """Left, top, right, bottom in pixels as boxes of any format."""
    target = _checked(target)
    if "rel" in target:
        corners = corners / _sizes(corners, height, width)
    order = target.rpartition("_")[2]
    first, second, third, fourth = jnp.moveaxis(corners, -1, 0)
    if order.endswith(_SIZES):
        third, fourth = third - first, fourth - second
    if "center" in target:
        first, second = first + third / 2, second + fourth / 2
    if order.startswith("y"):
        first, second, third, fourth = second, first, fourth, third
    return jnp.stack([first, second, third, fourth], axis=-1)


def _sizes(corners: Array, height: Any, width: Any) -> Array:
    height, width = (jnp.asarray(size, corners.dtype) for size in (height, width))
    return jnp.stack([width, height, width, height], axis=-1)


def _checked(name: str) -> str:
    folded = str(name).lower()
    if folded not in FORMATS:
        raise unknown("bounding box format", str(name), FORMATS)
    return folded


def _absolute(name: str) -> str:
    folded = _checked(name)
    if "rel" in folded:
        raise ValueError(
            f"boxes must be in pixels here, not {name!r}: `convert_format` them to 'xyxy' first"
        )
    return folded


def _boxes_of(boxes: dict[str, Any]) -> Any:
    if "boxes" not in boxes:
        raise ValueError(f"a dict of boxes needs the key 'boxes'. Received keys: {sorted(boxes)}")
    return boxes["boxes"]


# -- with the image --------------------------------------------------------------------------------


def clip_to_image_size(
    bounding_boxes: dict[str, Any],
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> dict[str, Any]:
    """Boxes cut off at the edges of their image; the labels of those outside become -1.

    Args:
        bounding_boxes: dict of `boxes` (N, 4) or (batch, N, 4) and `labels` (N,) or (batch, N).
        height: of the image; not needed for relative formats.
        width: the same.
        bounding_box_format: of the boxes, see `convert_format`.

    Raises:
        ValueError: if the image's size is needed and missing.
    """
    relative = "rel" in _checked(bounding_box_format)
    if not relative and (height is None or width is None):
        raise ValueError(f"`height` and `width` are needed for boxes in {bounding_box_format!r}")
    boxes, labels = as_float(four(_boxes_of(bounding_boxes))), as_array(bounding_boxes["labels"])
    size = (1, 1) if relative else (height, width)
    corners = to_corners(boxes, bounding_box_format, *size)
    corners = jnp.clip(corners, 0, _sizes(corners, *size))
    area = (corners[..., 2] - corners[..., 0]) * (corners[..., 3] - corners[..., 1])
    return {
        **bounding_boxes,
        "boxes": from_corners(corners, bounding_box_format, *size),
        "labels": jnp.where(area > 0, labels, -1),
    }


def crop(
    boxes: Any, top: Any, left: Any, height: Any, width: Any, bounding_box_format: str = "xyxy"
) -> Array:
    """Boxes as seen from a window of their image.

    Args:
        boxes: array (..., 4), in pixels.
        top: upper edge of the window.
        left: left edge of the window.
        height: of the window; boxes are cut off at its edges.
        width: the same.
        bounding_box_format: of the boxes, see `convert_format`; no relative one.

    Raises:
        ValueError: for a relative format.
    """
    kind = _absolute(bounding_box_format)
    corners = to_corners(four(boxes), kind) - _shift(left, top)
    corners = jnp.clip(corners, 0, jnp.asarray([width, height, width, height]))
    return from_corners(corners, kind)


def pad(
    boxes: Any,
    top: Any,
    left: Any,
    height: Any = None,
    width: Any = None,
    bounding_box_format: str = "xyxy",
) -> Array:
    """Boxes after rows above and columns to the left were added to their image.

    Args:
        boxes: array (..., 4), in pixels.
        top: rows added.
        left: columns added.
        height: not needed.
        width: not needed.
        bounding_box_format: of the boxes, see `convert_format`; no relative one.

    Raises:
        ValueError: for a relative format.
    """
    del height, width
    kind = _absolute(bounding_box_format)
    return from_corners(to_corners(four(boxes), kind) + _shift(left, top), kind)


def _shift(left: Any, top: Any) -> Array:
    return jnp.asarray([left, top, left, top])


def affine_transform(
    boxes: Any,
    angle: Any,
    translate_x: Any,
    translate_y: Any,
    scale: Any,
    shear_x: Any,
    shear_y: Any,
    height: Any,
    width: Any,
    center_x: Any = None,
    center_y: Any = None,
    bounding_box_format: str = "xyxy",
) -> Array:
    """The upright boxes around boxes whose image was moved, turned, scaled and sheared.

    Args:
        boxes: (N, 4), or (batch, N, 4).
        angle: degrees, counter-clockwise as seen; a number, or one for each image of a batch, as
            are all that follow.
        translate_x: to the right, as a share of `width - 1`.
        translate_y: down, as a share of `height - 1`.
        scale: factor.
        shear_x: degrees.
        shear_y: degrees.
        height: of the image.
        width: the same.
        center_x: what stays in place, as a share of `width - 1`; default: the middle.
        center_y: as a share of `height - 1`; default: the middle.
        bounding_box_format: of the boxes, see `convert_format`.

    Returns:
        Boxes of the same format, (N, 4) or (batch, N, 4).
    """
    corners = to_corners(as_float(four(boxes)), bounding_box_format, height, width)
    dtype = corners.dtype

    def each(value: Any) -> Array:
        """A number for each image, shaped to go with (batch, N)."""
        array = jnp.asarray(value, dtype)
        return array[..., None] if array.ndim else array

    span_x, span_y = jnp.asarray(width, dtype) - 1, jnp.asarray(height, dtype) - 1
    middle_x = each(0.5 if center_x is None else center_x) * span_x
    middle_y = each(0.5 if center_y is None else center_y) * span_y
    (xx, xy), (yx, yy) = _matrix(each(angle), each(scale), each(shear_x), each(shear_y))
    xs, ys = [], []
    for i, j in ((0, 1), (2, 1), (0, 3), (2, 3)):
        x = corners[..., i] - middle_x + each(translate_x) * span_x
        y = corners[..., j] - middle_y + each(translate_y) * span_y
        xs.append(xx * x + xy * y + middle_x)
        ys.append(yx * x + yy * y + middle_y)
    sides = [jnp.stack(values) for values in (xs, ys)]
    around = [jnp.min(side, axis=0) for side in sides] + [jnp.max(side, axis=0) for side in sides]
    return from_corners(jnp.stack(around, axis=-1), bounding_box_format, height, width)


def _matrix(
    angle: Array, scale: Array, shear_x: Array, shear_y: Array
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """What is done to (x, y): turn and scale, shear down, then shear to the right."""
    turn = jnp.deg2rad(angle)
    cos, sin = scale * jnp.cos(turn), scale * jnp.sin(turn)
    slope_x, slope_y = jnp.tan(jnp.deg2rad(shear_x)), jnp.tan(jnp.deg2rad(shear_y))
    yx, yy = -sin + slope_y * cos, cos + slope_y * sin
    # A product of shears would add `slope_x * yx`; Keras subtracts it, and the boxes are to agree.
    return (cos - slope_x * yx, sin + slope_x * yy), (yx, yy)
