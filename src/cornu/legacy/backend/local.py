"""Convolutions with another kernel at each place."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp

from cornu.legacy.backend.values import normalize_data_format
from cornu.ops.declare import op
from cornu.ops.promotion import float_pair


@op("backend")
def local_conv1d(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    data_format: str | None = None,
) -> Any:
    """Convolution along one axis with a kernel of its own for each output step.

    Args:
        inputs: (batch, steps, channels), or (batch, channels, steps) for "channels_first".
        kernel: (output steps, kernel size * channels, filters).
        kernel_size: one int in a tuple.
        strides: one int in a tuple.
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch, output steps, filters), or (batch, filters, output steps).

    Raises:
        ValueError: if the kernel does not fit the inputs.
    """
    return _local(inputs, kernel, kernel_size, strides, None, data_format)


@op("backend")
def local_conv2d(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    output_shape: Sequence[int],
    data_format: str | None = None,
) -> Any:
    """Convolution along two axes with a kernel of its own for each output pixel.

    Args:
        inputs: (batch, rows, columns, channels), or channels second for "channels_first".
        kernel: (output rows * output columns, values of a patch, filters); a patch counts through
            rows, columns, channels, with "channels_first" through channels, rows, columns.
        kernel_size: two ints.
        strides: two ints.
        output_shape: (output rows, output columns).
        data_format: "channels_last" or "channels_first".

    Returns:
        (batch, output rows, output columns, filters), or filters second.

    Raises:
        ValueError: if the kernel does not fit the inputs.
    """
    return _local(inputs, kernel, kernel_size, strides, tuple(output_shape), data_format)


def _local(
    inputs: Any,
    kernel: Any,
    kernel_size: Sequence[int],
    strides: Sequence[int],
    output_shape: tuple[int, ...] | None,
    data_format: str | None,
) -> Any:
    last = normalize_data_format(data_format) == "channels_last"
    inputs, kernel = float_pair(inputs, kernel)
    first = 1 if last else 2
    sizes = inputs.shape[first : first + len(kernel_size)]
    fit = tuple((n - k) // s + 1 for n, k, s in zip(sizes, kernel_size, strides, strict=True))
    places = output_shape or fit
    patch = math.prod(kernel_size) * inputs.shape[-1 if last else 1]
    if kernel.shape[:2] != (math.prod(places), patch) or any(map(int.__gt__, places, fit)):
        raise ValueError(
            f"for inputs {inputs.shape} the kernel must have the shape ({math.prod(fit)}, {patch}, "
            f"filters). Received: kernel {kernel.shape}, output shape {places}"
        )
    patches = inputs
    for number, (count, size, step) in enumerate(zip(places, kernel_size, strides, strict=True)):
        rows = jnp.arange(count)[:, None] * step + jnp.arange(size)
        # The axis becomes two: which patch, where in it.
        patches = jnp.take(patches, rows, axis=first + 2 * number)
    axes = range(first, first + 2 * len(places), 2)
    inner = [axis for axis in range(1, patches.ndim) if axis not in axes]
    patches = patches.transpose(0, *axes, *inner).reshape(len(inputs), math.prod(places), patch)
    outputs = jnp.einsum("bpk,pkf->bpf", patches, kernel)
    outputs = outputs.reshape(len(inputs), *places, kernel.shape[-1])
    return outputs if last else jnp.moveaxis(outputs, -1, 1)
