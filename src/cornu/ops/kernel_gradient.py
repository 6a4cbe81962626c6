"""The gradient of a convolution's kernel as matrix products over blocks of images, for CPU.

A block holds so many images that what is laid out for the product stays in the cache. Both forms
put the pixels last in the left factor, for XLA's CPU products are fastest so: 180 GFLOP/s, against
60 where the pixels come first (288 x 36864 times 36864 x 32, two AVX-512 cores).
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cornu.ops.window_places import Pads, places

Shape = tuple[int, ...]

_FEWEST_PIXELS = 12_000  # in a block: shorter products are slow
_MOST_PIXELS = 24_000  # longer ones leave the cache
_MOST_PATCH = 36  # values under the window; more makes laying out patches dearer than the product
_MOST_ROW = 96  # values of a window's height, or filters times its width, for the form by rows


def compute(inputs: jax.Array, change: jax.Array, pads: Pads) -> jax.Array:
    """The kernel's gradient, (height, width, channels, filters).

    Args:
        inputs: (batch, rows, columns, channels).
        change: gradient with respect to the output, (batch, rows, columns, filters).
        pads: zeros that the convolution adds before and after the rows and the columns.
    """
    window = places(change.shape[1:3], inputs.shape[1:3], pads)
    form = _form(window, inputs.shape[3], change.shape[3])
    size = _block(change.shape)
    if form is None or size == 0:
        return _as_convolution(inputs, change, pads)
    inputs = lax.pad(inputs, np.float32(0), ((0, 0, 0), *((a, b, 0) for a, b in pads), (0, 0, 0)))
    blocks = [x.reshape(-1, size, *x.shape[1:]) for x in (inputs, change)]
    start = jnp.zeros((*window, inputs.shape[3], change.shape[3]), inputs.dtype)

    def add(total: jax.Array, block: list[jax.Array]) -> tuple[jax.Array, None]:
        return total + form(*block, window), None

    return lax.scan(add, start, blocks)[0]


def _form(window: Shape, channels: int, filters: int) -> Callable[..., jax.Array] | None:
    height, width = window
    if height * width == 1:
        return None
    if height * width * channels <= _MOST_PATCH:
        return _by_patches
    if max(height * channels, width * filters) <= _MOST_ROW:
        return _by_rows
    return None


def _block(change: Shape) -> int:
    """Images in a block; 0 if no number of images divides the batch and makes a good block."""
    batch, rows, columns, _ = change
    pixels = rows * columns
    divisors = [n for n in range(1, batch + 1) if batch % n == 0]
    size = max((n for n in divisors if n == 1 or n * pixels <= _MOST_PIXELS), default=0)
    return size if size * pixels >= _FEWEST_PIXELS else 0


def _as_convolution(inputs: jax.Array, change: jax.Array, pads: Pads) -> jax.Array:
    """A convolution that sums over images; the window is the whole of `change`.

    The axes are brought into the order of XLA's fast convolutions here; it would do that by itself,
    but not inside of loops.
    """
    images = lax.optimization_barrier(inputs.transpose(3, 1, 2, 0))
    window = lax.optimization_barrier(change.transpose(1, 2, 0, 3))
    layout = ("NHWC", "HWIO", "NHWC")
    result = lax.conv_general_dilated(images, window, (1, 1), pads, dimension_numbers=layout)
    return result.transpose(1, 2, 0, 3)


def _by_patches(inputs: jax.Array, change: jax.Array, window: Shape) -> jax.Array:
    """One product: every value under the window times every filter."""
    height, width = window
    images, rows, columns, filters = change.shape
    planes = _planes(inputs)
    patches = jnp.concatenate(
        [planes[:, :, i : i + rows, j : j + columns] for i in range(height) for j in range(width)]
    )
    product = patches.reshape(-1, images * rows * columns) @ change.reshape(-1, filters)
    return product.reshape(height, width, -1, filters)


def _by_rows(inputs: jax.Array, change: jax.Array, window: Shape) -> jax.Array:
    """One product: shifts along the rows on the left, shifts along the columns on the right.

    So `height + width` copies are laid out and not `height * width`. Rows of `change` are filled up
    with zeros to the width of the inputs, so that a shift by columns stays within its row.
    """
    height, width = window
    rows, filters = change.shape[1], change.shape[3]
    channels = inputs.shape[3]
    planes = _planes(inputs)
    left = jnp.concatenate([planes[:, :, i : i + rows] for i in range(height)])
    filled = jnp.pad(change, ((0, 0), (0, 0), (0, width - 1), (0, 0))).reshape(-1, filters)
    spread = lax.optimization_barrier(jnp.pad(filled, ((width - 1, 0), (0, 0))))
    right = jnp.concatenate([spread[width - 1 - j : len(spread) - j] for j in range(width)], axis=1)
    product = left.reshape(height * channels, -1) @ right
    return product.reshape(height, channels, width, filters).transpose(0, 2, 1, 3)


def _planes(inputs: jax.Array) -> jax.Array:
    """(channels, images, rows, columns), once in memory."""
    return lax.optimization_barrier(inputs.transpose(3, 0, 1, 2))
