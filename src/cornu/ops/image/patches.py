"""Patches of images and volumes, each as one row of numbers."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from cornu.ops.declare import op
from cornu.ops.image.layout import format_of
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor


@op("image")
def extract_patches(
    images: Tensor,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Patches of images (`size` of two) or volumes (`size` of three).

    Args:
        images: one image (H, W, C) or a batch of them; for volumes (D, H, W, C) or a batch.
        size: height and width (and depth first) of a patch; one integer for a square.
        strides: distance between patches; default: their size, so that they do not overlap.
        dilation_rate: distance between the items of a patch; with a stride of 1 only.
        padding: "valid", or "same" for zeros around.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Returns:
        The spatial axes count patches, the channel axis holds one patch: (rows, columns, channels).

    Raises:
        ValueError: for other ranks, sizes that are not positive, an unknown padding.
    """
    rank = 2 if isinstance(size, int) else len(size)
    if rank not in (2, 3):
        raise ValueError(f"size must be one integer, two, or three. Received: size={size}")
    return _extract(images, rank, size, strides, dilation_rate, padding, data_format, "images")


@op("image")
def extract_patches_3d(
    volumes: Tensor,
    size: Any,
    strides: Any = None,
    dilation_rate: Any = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Patches of volumes; as `extract_patches`, where one integer `size` is a cube."""
    return _extract(volumes, 3, size, strides, dilation_rate, padding, data_format, "volumes")


def _extract(
    images: Any,
    rank: int,
    size: Any,
    strides: Any,
    dilation_rate: Any,
    padding: str,
    data_format: str | None,
    argument: str,
) -> Array:
    x = as_array(images)
    if x.ndim not in (rank + 1, rank + 2):
        raise ValueError(
            f"{argument} must have rank {rank + 1} or, in a batch, {rank + 2}. "
            f"Received: shape {x.shape}"
        )
    size, dilation = _sizes("size", size, rank), _sizes("dilation_rate", dilation_rate, rank)
    strides = size if strides is None else _sizes("strides", strides, rank)
    if padding not in ("valid", "same"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={padding!r}")
    single, first = x.ndim == rank + 1, format_of(data_format) == "channels_first"
    x = x[None] if single else x
    x = jnp.moveaxis(x, 1, -1) if first else x
    if padding == "same":
        edges = [
            _edges(*sizes) for sizes in zip(x.shape[1:-1], size, strides, dilation, strict=True)
        ]
        x = jnp.pad(x, [(0, 0), *edges, (0, 0)])
    found = x[(slice(None), *_places(x.shape[1:-1], size, strides, dilation))]
    x = found.reshape(*found.shape[: rank + 1], -1)
    x = jnp.moveaxis(x, -1, 1) if first else x
    return x[0] if single else x


def _edges(whole: int, length: int, step: int, apart: int) -> tuple[int, int]:
    """Zeros before and after an axis, so that there is a patch for every step."""
    reach = apart * (length - 1) + 1
    missing = max(0, (-(-whole // step) - 1) * step + reach - whole)
    return missing // 2, missing - missing // 2


def _places(
    shape: tuple[int, ...],
    size: tuple[int, ...],
    strides: tuple[int, ...],
    dilation: tuple[int, ...],
) -> list[np.ndarray]:
    """Indices along each axis; together they broadcast to (patches..., within a patch...)."""
    rank, found = len(shape), []
    for axis, (whole, length, step, apart) in enumerate(
        zip(shape, size, strides, dilation, strict=True)
    ):
        count = max(0, (whole - apart * (length - 1) - 1) // step + 1)
        index = np.arange(count)[:, None] * step + np.arange(length) * apart
        around = [1] * (2 * rank)
        around[axis], around[rank + axis] = index.shape
        found.append(index.reshape(around))
    return found


def _sizes(name: str, value: Any, rank: int) -> tuple[int, ...]:
    sizes = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(sizes) != rank or min(sizes) < 1:
        raise ValueError(
            f"{name} must be a positive integer or {rank} of them. Received: {name}={value}"
        )
    return sizes
