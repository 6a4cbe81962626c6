"""Convolutions of 1, 2 or 3 spatial axes, and their transposes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax

from cornu.ops import convolution_2d
from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.settings import settings
from cornu.types import Array, Tensor

_SPATIAL = "DHW"
Shape = tuple[int, ...]


def per_axis(value: int | Sequence[int], rank: int, name: str) -> tuple[int, ...]:
    """`value` for each of `rank` spatial axes.

    Raises:
        ValueError: if a sequence has another length.
    """
    if isinstance(value, int):
        return (value,) * rank
    sizes = tuple(int(v) for v in value)
    if len(sizes) == 1:
        return sizes * rank
    if len(sizes) != rank:
        raise ValueError(f"{name} must be an integer or {rank} of them. Received: {name}={value}")
    return sizes


def standardize_data_format(data_format: str | None) -> str:
    """`data_format`, by default the process's.

    Raises:
        ValueError: if it is neither "channels_last" nor "channels_first".
    """
    found = settings.image_data_format if data_format is None else str(data_format).lower()
    if found not in ("channels_last", "channels_first"):
        raise ValueError(
            "data_format must be 'channels_last' or 'channels_first'. "
            f"Received: data_format={data_format!r}"
        )
    return found


def channel_axis(data_format: str) -> int:
    """The axis of the channels."""
    return -1 if data_format == "channels_last" else 1


def _layout(rank: int, data_format: str) -> str:
    spatial = _SPATIAL[-rank:]
    return f"N{spatial}C" if data_format == "channels_last" else f"NC{spatial}"


def _operands(inputs: Tensor, kernel: Tensor) -> tuple[Array, Array, Any]:
    """Both in one dtype, and the dtype of the result (int32 for two int8)."""
    inputs, kernel = as_array(inputs), as_array(kernel)
    dtype = jnp.result_type(inputs, kernel)
    wide = jnp.int32 if inputs.dtype == kernel.dtype == jnp.int8 else None
    if wide is None and not jnp.issubdtype(dtype, jnp.inexact):
        dtype = jnp.dtype(settings.floatx)
    return inputs.astype(dtype), kernel.astype(dtype), wide


def _padding(padding: str) -> str:
    found = str(padding).upper()
    if found not in ("SAME", "VALID"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={padding!r}")
    return found


@op("nn")
def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """Convolution (cross-correlation, as is usual in neural networks).

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*window, channels / groups, filters).
        strides: steps of the window.
        padding: "valid" (the window stays inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.

    Raises:
        ValueError: if the channels do not fit.
    """
    inputs, kernel, wide = _operands(inputs, kernel)
    data_format = standardize_data_format(data_format)
    rank = inputs.ndim - 2
    channels, expected = inputs.shape[channel_axis(data_format)], kernel.shape[-2]
    if channels % expected:
        raise ValueError(
            f"inputs have {channels} channels (shape {inputs.shape}, {data_format}), the kernel "
            f"(shape {kernel.shape}) takes {expected}: the first must be a multiple of the second"
        )
    groups = channels // expected
    if kernel.shape[-1] % groups:
        raise ValueError(f"{kernel.shape[-1]} filters cannot be split into {groups} groups")
    layout = _layout(rank, data_format)
    steps = per_axis(strides, rank, "strides")
    spaces = per_axis(dilation_rate, rank, "dilation_rate")
    if layout in ("NWC", "NHWC") and groups == 1 and set(steps + spaces) == {1} and wide is None:
        pads = _pads(inputs.shape[1:-1], kernel.shape[:-2], padding)
        if pads is not None:
            return _by_ones(inputs, kernel, pads)
    return lax.conv_general_dilated(
        inputs,
        kernel,
        steps,
        _padding(padding),
        rhs_dilation=spaces,
        dimension_numbers=(layout, f"{_SPATIAL[-rank:]}IO", layout),
        feature_group_count=groups,
        preferred_element_type=wide,
    )


def _pads(sizes: Shape, window: Shape, padding: str) -> convolution_2d.Pads | None:
    """Zeros before and after each axis for steps of 1; None where the window does not fit."""
    pads = lax.padtype_to_pads(sizes, window, (1,) * len(sizes), _padding(padding))
    ends = tuple((int(before), int(after)) for before, after in pads)
    fits = all(n + sum(end) >= w for n, w, end in zip(sizes, window, ends, strict=True))
    return ends if fits else None


def _by_ones(inputs: Array, kernel: Array, pads: convolution_2d.Pads) -> Array:
    """Convolution by steps of 1, channels last; a sequence counts as an image of one row."""
    if inputs.ndim == 4:
        return convolution_2d.convolve(inputs, kernel, pads)
    result = convolution_2d.convolve(inputs[:, None], kernel[None], ((0, 0), *pads))
    return result[:, 0]


@op("nn")
def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """A convolution of each channel by itself.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*window, channels, multiplier); the result has channels * multiplier channels.
        strides: steps of the window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
    """
    kernel = as_array(kernel)
    *window, channels, multiplier = kernel.shape
    grouped = jnp.reshape(kernel, (*window, 1, channels * multiplier))
    return conv(inputs, grouped, strides, padding, data_format, dilation_rate)


@op("nn")
def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """A depthwise convolution, then one of window 1 that mixes the channels.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        depthwise_kernel: (*window, channels, multiplier).
        pointwise_kernel: (*ones, channels * multiplier, filters).
        strides: steps of the window.
        padding: "valid" or "same".
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
    """
    each = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(each, pointwise_kernel, 1, "valid", data_format)


@op("nn")
def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    strides: int | Sequence[int] = 1,
    padding: str = "valid",
    output_padding: int | Sequence[int] | None = None,
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = 1,
) -> Array:
    """The transpose (gradient with respect to inputs) of a convolution.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        kernel: (*window, filters, channels).
        strides: by how much the result is larger.
        padding: "valid" or "same".
        output_padding: additional size at the end; default: such that sizes are `n * stride` for
            "same", `n * stride + max(window - stride, 0)` for "valid".
        data_format: "channels_last" or "channels_first"; default: the process's.
        dilation_rate: distance of neighbours in the window.
    """
    inputs, kernel, wide = _operands(inputs, kernel)
    data_format = standardize_data_format(data_format)
    rank = inputs.ndim - 2
    strides = per_axis(strides, rank, "strides")
    dilation = per_axis(dilation_rate, rank, "dilation_rate")
    extra: tuple[int | None, ...] = (None,) * rank
    if output_padding is not None:
        extra = per_axis(output_padding, rank, "output_padding")
    padding = _padding(padding)
    window = kernel.shape[:rank]
    pads = [
        transpose_padding((size - 1) * step + 1, stride, padding, more)
        for size, step, stride, more in zip(window, dilation, strides, extra, strict=True)
    ]
    layout = _layout(rank, data_format)
    return lax.conv_general_dilated(
        inputs,
        jnp.flip(kernel, tuple(range(rank))),
        (1,) * rank,
        pads,
        lhs_dilation=strides,
        rhs_dilation=dilation,
        dimension_numbers=(layout, f"{_SPATIAL[-rank:]}OI", layout),
        preferred_element_type=wide,
    )


def transpose_padding(window: int, stride: int, padding: str, extra: int | None) -> tuple[int, int]:
    """Zeros before and after one axis, once `stride - 1` zeros stand between its elements."""
    if extra is None:
        if padding == "SAME":
            before = window - 1 - max(window - stride, 0) // 2
            return before, window + stride - 2 - before
        return window - 1, stride - 1 + max(window - stride, 0)
    # What an ordinary convolution's padding adds at both ends is cut off here, less `extra`.
    cut = 2 * (window // 2) - extra if padding == "SAME" else -extra
    front = max(cut, 0) // 2
    return window - 1 - front, window - 1 - (cut - front)
