"""Convolution of images by steps of 1, with gradients that suit CPUs.

XLA's CPU compiler has fast convolutions for one order of axes only: (batch, rows, columns,
channels) with (height, width, channels, filters). Others it brings into that order, but not inside
loops, where they fall back to code that is hundreds of times slower. The gradients that JAX derives
have other orders; those given here for CPU do not. Other processors get JAX's.

Where there are few channels, the kernel's gradient is computed in another way altogether: see
`kernel_gradient`.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax

from cornu.core import multilinear
from cornu.ops import kernel_gradient, paired_columns, winograd
from cornu.ops.window_places import Pads, places

_LAYOUT = ("NHWC", "HWIO", "NHWC")


def convolve(inputs: jax.Array, kernel: jax.Array, pads: Pads) -> jax.Array:
    """Convolution of (batch, rows, columns, channels) with (height, width, channels, filters).

    Args:
        inputs: images.
        kernel: weights.
        pads: zeros before and after the rows and the columns.
    """
    return _convolution.bind(inputs, kernel, pads=pads)


def _plain(inputs: jax.Array, kernel: jax.Array, *, pads: Pads) -> jax.Array:
    return lax.conv_general_dilated(inputs, kernel, (1, 1), pads, dimension_numbers=_LAYOUT)


def _on_cpu(inputs: jax.Array, kernel: jax.Array, *, pads: Pads) -> jax.Array:
    for form in (winograd, paired_columns):
        if form.pays(inputs, kernel, pads):
            return form.convolve(inputs, kernel, pads)
    return _plain(inputs, kernel, pads=pads)


# -- with respect to the inputs --------------------------------------------------------------------


def _plain_input_gradient(change: jax.Array, kernel: jax.Array, *, pads: Pads) -> jax.Array:
    sizes = (
        size + window - 1 - sum(pad)
        for size, window, pad in zip(change.shape[1:3], kernel.shape[:2], pads, strict=True)
    )
    inputs = jax.ShapeDtypeStruct((len(change), *sizes, kernel.shape[2]), change.dtype)
    return jax.linear_transpose(lambda x: _plain(x, kernel, pads=pads), inputs)(change)[0]


def _input_gradient_on_cpu(change: jax.Array, kernel: jax.Array, *, pads: Pads) -> jax.Array:
    mirrored = tuple(
        (window - 1 - before, window - 1 - after)
        for window, (before, after) in zip(kernel.shape[:2], pads, strict=True)
    )
    flipped = lax.optimization_barrier(jnp.flip(kernel, (0, 1)).swapaxes(2, 3))
    return _on_cpu(change, flipped, pads=mirrored)


# -- with respect to the kernel --------------------------------------------------------------------


def _plain_kernel_gradient(inputs: jax.Array, change: jax.Array, *, pads: Pads) -> jax.Array:
    window = places(change.shape[1:3], inputs.shape[1:3], pads)
    kernel = jax.ShapeDtypeStruct((*window, inputs.shape[3], change.shape[3]), inputs.dtype)
    return jax.linear_transpose(lambda k: _plain(inputs, k, pads=pads), kernel)(change)[0]


def _kernel_gradient_on_cpu(inputs: jax.Array, change: jax.Array, *, pads: Pads) -> jax.Array:
    if any(side < 0 for pad in pads for side in pad):
        return _plain_kernel_gradient(inputs, change, pads=pads)
    if winograd.pays_for_kernel(inputs, change, pads):
        return winograd.kernel_gradient(inputs, change, pads)
    return kernel_gradient.compute(inputs, change, pads)


_convolution = multilinear.primitive("convolution_2d", _plain, _on_cpu)
_input_gradient = multilinear.primitive(
    "convolution_2d_input_gradient", _plain_input_gradient, _input_gradient_on_cpu
)
_kernel_gradient = multilinear.primitive(
    "convolution_2d_kernel_gradient", _plain_kernel_gradient, _kernel_gradient_on_cpu
)
multilinear.join(_convolution, _input_gradient, _kernel_gradient)
