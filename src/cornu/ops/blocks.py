"""Image blocks moved into channels and columns, and back."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor

Pair = int | tuple[int, int]


@op("nn")
def space_to_depth(x: Tensor, block_size: int, data_format: str = "channels_last") -> Array:
    """Each block of `block_size` x `block_size` pixels as the channels of one pixel.

    The channels of the result run over (row, column, channel) of the block, or (channel, row,
    column) for "channels_first".

    Args:
        x: (N, H, W, C), or (N, C, H, W) for "channels_first"; H and W multiples of `block_size`.
        block_size: side of a block, r.
        data_format: "channels_last" or "channels_first".

    Returns:
        (N, H / r, W / r, C r^2), or (N, C r^2, H / r, W / r).

    Raises:
        ValueError: for another rank, a size that is no multiple, an unknown format.
    """
    x, r = as_array(x), block_size
    height, width, channels = _sizes(x, r, data_format)
    _expect_multiple("height", height, r)
    _expect_multiple("width", width, r)
    if data_format == "channels_first":
        parts = x.reshape(-1, channels, height // r, r, width // r, r)
        return parts.transpose(0, 1, 3, 5, 2, 4).reshape(
            -1, channels * r * r, height // r, width // r
        )
    parts = x.reshape(-1, height // r, r, width // r, r, channels)
    return parts.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height // r, width // r, channels * r * r)


@op("nn")
def depth_to_space(x: Tensor, block_size: int, data_format: str = "channels_last") -> Array:
    """Inverse of `space_to_depth`, also known as pixel shuffle.

    Args:
        x: (N, H, W, C r^2), or (N, C r^2, H, W) for "channels_first".
        block_size: side of a block, r.
        data_format: "channels_last" or "channels_first".

    Returns:
        (N, H r, W r, C), or (N, C, H r, W r).

    Raises:
        ValueError: for another rank, channels that are no multiple, an unknown format.
    """
    x, r = as_array(x), block_size
    height, width, channels = _sizes(x, r, data_format)
    _expect_multiple("channels", channels, r * r)
    depth = channels // (r * r)
    if data_format == "channels_first":
        parts = x.reshape(-1, depth, r, r, height, width)
        return parts.transpose(0, 1, 4, 2, 5, 3).reshape(-1, depth, height * r, width * r)
    parts = x.reshape(-1, height, width, r, r, depth)
    return parts.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height * r, width * r, depth)


@op("nn")
def unfold(
    x: Tensor, kernel_size: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1
) -> Array:
    """Every window of an image as a column (im2col).

    Args:
        x: (N, C, H, W).
        kernel_size: height and width of a window; one integer for both, as in all that follow.
        dilation: distance between the items of a window.
        padding: zeros put around the image.
        stride: distance between windows.

    Returns:
        (N, C * kernel height * kernel width, number of windows).

    Raises:
        ValueError: if `x` is not of rank 4.
    """
    x = as_array(x)
    if x.ndim != 4:
        raise ValueError(f"x must have the shape (N, C, H, W). Received: shape {x.shape}")
    top, left = _pair(padding)
    x = jnp.pad(x, ((0, 0), (0, 0), (top, top), (left, left)))
    rows, columns = _places(x.shape[2:], kernel_size, dilation, stride)
    windows = x[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    count = rows.shape[1] * columns.shape[1]
    return windows.reshape(-1, x.shape[1] * rows.shape[0] * columns.shape[0], count)


@op("nn")
def fold(
    x: Tensor,
    output_size: Pair,
    kernel_size: Pair,
    dilation: Pair = 1,
    padding: Pair = 0,
    stride: Pair = 1,
) -> Array:
    """Columns of windows added up at their places in an image (col2im); the transpose of `unfold`.

    Args:
        x: (N, C * kernel height * kernel width, L).
        output_size: height and width of the image.
        kernel_size: as given to `unfold`.
        dilation: as given to `unfold`.
        padding: as given to `unfold`.
        stride: as given to `unfold`.

    Returns:
        (N, C, height, width).

    Raises:
        ValueError: if `x` does not have the number of rows or columns that the sizes call for.
    """
    x = as_array(x)
    (height, width), (top, left) = _pair(output_size), _pair(padding)
    padded = (height + 2 * top, width + 2 * left)
    rows, columns = _places(padded, kernel_size, dilation, stride)
    window, count = rows.shape[0] * columns.shape[0], rows.shape[1] * columns.shape[1]
    if x.ndim != 3 or x.shape[1] % window or x.shape[2] != count:
        raise ValueError(
            f"x must have the shape (N, C * {window}, {count}) for output_size={output_size}, "
            f"kernel_size={kernel_size}, dilation={dilation}, padding={padding}, stride={stride}. "
            f"Received: shape {x.shape}"
        )
    channels = x.shape[1] // window
    parts = (rows.shape[0], columns.shape[0], rows.shape[1], columns.shape[1])
    windows = x.reshape(-1, channels, *parts)
    image = jnp.zeros((windows.shape[0], channels, *padded), x.dtype)
    image = image.at[:, :, rows[:, None, :, None], columns[None, :, None, :]].add(windows)
    return image[:, :, top : top + height, left : left + width]


def _places(
    size: tuple[int, int], kernel_size: Pair, dilation: Pair, stride: Pair
) -> tuple[np.ndarray, np.ndarray]:
    """Rows (and columns) of the image that the items of each window have: (kernel, windows)."""
    found = []
    for whole, kernel, apart, step in zip(
        size, _pair(kernel_size), _pair(dilation), _pair(stride), strict=True
    ):
        count = max(0, (whole - apart * (kernel - 1) - 1) // step + 1)
        found.append(np.arange(kernel)[:, None] * apart + np.arange(count) * step)
    return found[0], found[1]


def _pair(value: Pair) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[1])


def _sizes(x: Array, block_size: int, data_format: str) -> tuple[int, int, int]:
    """Height, width, channels."""
    if block_size < 1:
        raise ValueError(f"block_size must be positive. Received: {block_size}")
    if x.ndim != 4:
        raise ValueError(f"x must be images, of rank 4. Received: shape {x.shape}")
    if data_format == "channels_last":
        return x.shape[1], x.shape[2], x.shape[3]
    if data_format == "channels_first":
        return x.shape[2], x.shape[3], x.shape[1]
    raise ValueError(
        "data_format must be 'channels_last' or 'channels_first'. "
        f"Received: data_format={data_format!r}"
    )


def _expect_multiple(name: str, size: int, of: int) -> None:
    if size % of:
        raise ValueError(f"the {name} of x must be a multiple of {of}. Received: {name}={size}")
