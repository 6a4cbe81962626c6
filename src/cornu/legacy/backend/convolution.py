"""Convolution, pooling, padding and resizing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from cornu import ops
from cornu.errors import unknown
from cornu.legacy.backend.shaping import known_sizes
from cornu.legacy.backend.values import normalize_data_format
from cornu.ops.declare import op

Sizes = int | Sequence[int]


def conv1d(
    x: Any,
    kernel: Any,
    strides: int = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int = 1,
) -> Any:
    """Convolution along one axis; padding may also be "causal"."""
    data_format = normalize_data_format(data_format)
    if padding == "causal":
        left = dilation_rate * (known_sizes(kernel)[0] - 1)
        x = _pad(x, [(left, 0)], data_format)
        padding = "valid"
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d(
    x: Any,
    kernel: Any,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Any:
    """Convolution along two axes."""
    data_format = normalize_data_format(data_format)
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv3d(
    x: Any,
    kernel: Any,
    strides: Sizes = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1, 1),
) -> Any:
    """Convolution along three axes."""
    data_format = normalize_data_format(data_format)
    return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)


def conv2d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Any:
    """Transposed convolution along two axes, to images of `output_shape` (batch size included).

    Args:
        x: images.
        kernel: shape (height, width, output channels, input channels).
        output_shape: sizes of the result; its batch size is not looked at.
        strides: one int or two.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
        dilation_rate: one int or two.
    """
    return _transposed(x, kernel, output_shape, strides, padding, data_format, dilation_rate, 2)


def conv3d_transpose(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Sizes = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
) -> Any:
    """Transposed convolution along three axes; see `conv2d_transpose`.

    Args:
        x: volumes.
        kernel: shape (depth, height, width, output channels, input channels).
        output_shape: sizes of the result; its batch size is not looked at.
        strides: one int or three.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first".
    """
    return _transposed(x, kernel, output_shape, strides, padding, data_format, 1, 3)


def _transposed(
    x: Any,
    kernel: Any,
    output_shape: Any,
    strides: Sizes,
    padding: str,
    data_format: str | None,
    dilation_rate: Sizes,
    axes: int,
) -> Any:
    data_format = normalize_data_format(data_format)
    first = _first_spatial(data_format)
    steps, rates = _each(strides, axes), _each(dilation_rate, axes)
    reach = [(k - 1) * r + 1 for k, r in zip(known_sizes(kernel)[:axes], rates, strict=True)]
    sizes = known_sizes(x, first, first + axes)
    wanted = tuple(output_shape[first : first + axes])
    measures = list(zip(sizes, steps, reach, strict=True))
    if padding == "same":
        usual = tuple(size * step for size, step, _ in measures)
        least = [(size - 1) * step + k - 2 * (k // 2) for size, step, k in measures]
    else:
        usual = tuple(size * step + max(k - step, 0) for size, step, k in measures)
        least = [(size - 1) * step + k for size, step, k in measures]
    surplus = tuple(out - size for out, size in zip(wanted, least, strict=True))
    return ops.conv_transpose(
        x, kernel, steps, padding, None if wanted == usual else surplus, data_format, rates
    )


def _each(sizes: Sizes, axes: int) -> tuple[int, ...]:
    return (sizes,) * axes if isinstance(sizes, int) else tuple(sizes)


def depthwise_conv2d(
    x: Any,
    depthwise_kernel: Any,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Any:
    """Convolution of each channel on its own."""
    data_format = normalize_data_format(data_format)
    return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)


def separable_conv2d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = (1, 1),
) -> Any:
    """Convolution of each channel on its own, then across channels."""
    data_format = normalize_data_format(data_format)
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


def separable_conv1d(
    x: Any,
    depthwise_kernel: Any,
    pointwise_kernel: Any,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Any:
    """`separable_conv2d` along one axis."""
    data_format = normalize_data_format(data_format)
    return ops.separable_conv(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
    )


# -- pooling ---------------------------------------------------------------------------------------

_POOLS = {"max": ops.max_pool, "avg": ops.average_pool}


def pool2d(
    x: Any,
    pool_size: Sizes,
    strides: Sizes = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """The maximum ("max") or mean ("avg") of windows of two axes."""
    if pool_mode not in _POOLS:
        raise unknown("pool mode", pool_mode, _POOLS)
    return _POOLS[pool_mode](x, pool_size, strides, padding, normalize_data_format(data_format))


def pool3d(
    x: Any,
    pool_size: Sizes,
    strides: Sizes = (1, 1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Any:
    """The maximum ("max") or mean ("avg") of windows of three axes."""
    return pool2d(x, pool_size, strides, padding, data_format, pool_mode)


# -- padding and resizing --------------------------------------------------------------------------


def temporal_padding(x: Any, padding: tuple[int, int] = (1, 1)) -> Any:
    """Zeros before and after the middle axis of (batch, steps, channels)."""
    return _pad(x, [padding], "channels_last")


def spatial_2d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None
) -> Any:
    """Zeros around images: ((top, bottom), (left, right))."""
    return _pad(x, padding, normalize_data_format(data_format))


def spatial_3d_padding(
    x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
) -> Any:
    """Zeros around volumes: a pair for each of three axes."""
    return _pad(x, padding, normalize_data_format(data_format))


def _pad(x: Any, padding: Any, data_format: str) -> Any:
    pairs = [tuple(pair) for pair in padding]
    none = [(0, 0)]
    widths = none + pairs + none if data_format == "channels_last" else none + none + pairs
    return ops.pad(x, tuple(widths))


def resize_images(
    x: Any,
    height_factor: int,
    width_factor: int,
    data_format: str,
    interpolation: str = "nearest",
) -> Any:
    """Images enlarged by whole factors; interpolation: "nearest" or "bilinear"."""
    first = _first_spatial(data_format)
    if interpolation == "nearest":
        return _enlarge(x, (height_factor, width_factor), first)
    factors = (height_factor, width_factor)
    return _interpolated(x, factors=factors, first=first, method=interpolation)


@op("backend")
def _interpolated(x: Any, factors: tuple[int, int], first: int, method: str) -> Any:
    sizes = list(x.shape)
    sizes[first : first + 2] = [s * f for s, f in zip(sizes[first:], factors, strict=False)]
    return jax.image.resize(jnp.asarray(x), sizes, method)


def resize_volumes(
    x: Any, depth_factor: int, height_factor: int, width_factor: int, data_format: str
) -> Any:
    """Volumes enlarged by whole factors, each element repeated."""
    return _enlarge(x, (depth_factor, height_factor, width_factor), _first_spatial(data_format))


def _first_spatial(data_format: str) -> int:
    return 1 if normalize_data_format(data_format) == "channels_last" else 2


def _enlarge(x: Any, factors: Sequence[int], first: int) -> Any:
    for axis, factor in enumerate(factors, first):
        x = ops.repeat(x, factor, axis=axis)
    return x
