"""Rows and columns cut off or put around."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import jax.numpy as jnp

from cornu.ops.declare import op
from cornu.ops.image.layout import batch
from cornu.types import Array, Tensor

Size = int | None


@op("image")
def pad_images(
    images: Tensor,
    top_padding: Size = None,
    left_padding: Size = None,
    bottom_padding: Size = None,
    right_padding: Size = None,
    target_height: Size = None,
    target_width: Size = None,
    data_format: str | None = None,
) -> Array:
    """Zeros around images.

    For each axis two of (before, after, target) decide: rows on top and below, or rows on one side
    and the height wanted.

    Args:
        images: one image or a batch.
        top_padding: rows put on top.
        left_padding: columns put on the left.
        bottom_padding: rows put below.
        right_padding: columns put on the right.
        target_height: height wanted.
        target_width: width wanted.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: if not two of three are given for an axis, or a number is negative.
    """
    found, restore = batch(images, data_format)
    _, height, width, _ = found.shape
    rows = _both_sides(
        ("top_padding", "bottom_padding", "target_height"),
        (top_padding, bottom_padding, target_height),
        lambda target: target - height,
    )
    columns = _both_sides(
        ("left_padding", "right_padding", "target_width"),
        (left_padding, right_padding, target_width),
        lambda target: target - width,
    )
    return restore(jnp.pad(found, ((0, 0), rows, columns, (0, 0))))


@op("image")
def crop_images(
    images: Tensor,
    top_cropping: Size = None,
    left_cropping: Size = None,
    bottom_cropping: Size = None,
    right_cropping: Size = None,
    target_height: Size = None,
    target_width: Size = None,
    data_format: str | None = None,
) -> Array:
    """Images without some of their first and last rows and columns.

    For each axis two of (before, after, target) decide: rows cut on top and below, or rows cut on
    one side and the height wanted.

    Args:
        images: one image or a batch.
        top_cropping: rows cut on top.
        left_cropping: columns cut on the left.
        bottom_cropping: rows cut below.
        right_cropping: columns cut on the right.
        target_height: height wanted.
        target_width: width wanted.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: if not two of three are given for an axis, a number is negative, or nothing
            would be left.
    """
    found, restore = batch(images, data_format)
    _, height, width, _ = found.shape
    top, bottom = _both_sides(
        ("top_cropping", "bottom_cropping", "target_height"),
        (top_cropping, bottom_cropping, target_height),
        lambda target: height - target,
    )
    left, right = _both_sides(
        ("left_cropping", "right_cropping", "target_width"),
        (left_cropping, right_cropping, target_width),
        lambda target: width - target,
    )
    if top + bottom >= height or left + right >= width:
        raise ValueError(
            f"cropping {top} + {bottom} rows and {left} + {right} columns leaves nothing of images "
            f"of {height} x {width}"
        )
    return restore(found[:, top : height - bottom, left : width - right])


def _both_sides(
    names: tuple[str, ...], values: tuple[Size, ...], difference: Callable[[int], int]
) -> tuple[int, int]:
    """Numbers before and after an axis, from two of (before, after, target)."""
    before, after, target = values
    if sum(value is None for value in values) != 1:
        given = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        raise ValueError(f"give exactly two of {', '.join(names)}. Received: {given}")
    if before is None:
        before = difference(cast(int, target)) - cast(int, after)
    if after is None:
        after = difference(cast(int, target)) - before
    if min(before, after) < 0:
        given = ", ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
        raise ValueError(f"these would make a side negative ({before}, {after}): {given}")
    return before, after
