"""Convolution by windows of 3x3 with a quarter of the multiplications, for CPU.

A tile of 4x4 results takes 36 multiplications in place of 144: inputs, kernel and results are
brought to where the convolution is a product value by value, as polynomials are multiplied by
their values at points (S. Winograd, "Arithmetic complexity of computations", 1980; A. Lavin and
S. Gray, "Fast algorithms for convolutional neural networks", 2016). The sums over channels then are
36 matrix products. Along each axis, with K the kernel, x the inputs and y the change of the results:

    results = A' [(G K) * (B x)]        kernel's gradient = G' [(B x) * (A y)]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cornu.core import compiled

Pads = tuple[tuple[int, int], ...]
Shape = tuple[int, ...]

_TILE, _WINDOW = 4, 3
_POINTS = (0.0, 1.5, -1.5, 0.625, -0.625)  # and infinity
_MOST_VALUES = 2_800_000  # of a block of images, transformed: they are to stay in the cache


def _transforms() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """B (6, 6), G (6, 3) and A (6, 4)."""
    points = np.array(_POINTS)
    others = [np.delete(points, i) for i in range(len(points))]
    data = np.stack([*(np.append(np.poly(other)[::-1], 0) for other in others), np.poly(points)[::-1]])
    apart = np.array([np.prod(p - other) for p, other in zip(points, others, strict=True)])
    kernel = np.vander(points, _WINDOW, increasing=True) / apart[:, None]
    result = np.vander(points, _TILE, increasing=True)
    at_infinity = (np.eye(size)[-1:] for size in (_WINDOW, _TILE))
    kernel, result = (np.concatenate([m, last]) for m, last in zip((kernel, result), at_infinity, strict=True))
    return data, kernel, result


_B, _G, _A = _transforms()
# Both axes at once, columns first: (36, 9).
_KERNEL = np.einsum("si,tj->tsij", _G, _G).reshape(36, 9).astype(np.float32)


def pays(inputs: jax.Array, kernel: jax.Array, pads: Pads) -> bool:
    """Whether `convolve` is the faster form."""
    sizes = tuple(n + sum(pad) - k + 1 for n, k, pad in zip(inputs.shape[1:3], kernel.shape[:2], pads, strict=True))
    return _pays(inputs, kernel.shape, pads, sizes)


def pays_for_kernel(inputs: jax.Array, change: jax.Array, pads: Pads) -> bool:
    """Whether `kernel_gradient` is the faster form."""
    sizes = change.shape[1:3]
    window = tuple(n + sum(pad) - size + 1 for n, size, pad in zip(inputs.shape[1:3], sizes, pads, strict=True))
    return _pays(inputs, (*window, inputs.shape[3], change.shape[3]), pads, sizes)


def _pays(inputs: jax.Array, kernel: Shape, pads: Pads, sizes: Shape) -> bool:
    if kernel[:2] != (3, 3) or inputs.dtype != np.float32 or min(kernel[2:]) < 32:
        return False
    if any(side < 0 for pad in pads for side in pad) or not math.prod(inputs.shape) or min(sizes) < 8:
        return False
    return _block(len(inputs), sizes, max(kernel[2:])) * math.prod(_tiles(sizes)) > 900


def convolve(inputs: jax.Array, kernel: jax.Array, pads: Pads) -> jax.Array:
    """Convolution of (batch, rows, columns, channels) with (3, 3, channels, filters)."""
    channels, filters = kernel.shape[2:]
    sizes = tuple(n + sum(pad) - _WINDOW + 1 for n, pad in zip(inputs.shape[1:3], pads, strict=True))
    images, tiles = _block(len(inputs), sizes, max(channels, filters)), _tiles(sizes)
    products = (_KERNEL @ kernel.reshape(9, -1)).reshape(36, channels, filters)

    def block(first: jax.Array) -> jax.Array:
        values = _transform(inputs, first, images, pads, tiles, _B)
        return _results(values @ products, images, tiles, sizes)

    starts = np.arange(0, len(inputs), images)
    if len(starts) == 1:
        return block(starts[0])
    return lax.map(block, starts).reshape(len(inputs), *sizes, filters)


def kernel_gradient(inputs: jax.Array, change: jax.Array, pads: Pads) -> jax.Array:
    """Gradient of the kernel, (3, 3, channels, filters)."""
    channels, filters = inputs.shape[3], change.shape[3]
    sizes = change.shape[1:3]
    images, tiles = _block(len(inputs), sizes, max(channels, filters)), _tiles(sizes)

    def block(first: jax.Array) -> jax.Array:
        left = _transform(inputs, first, images, pads, tiles, _B)
        right = _transform(change, first, images, ((0, 0), (0, 0)), tiles, _A)
        return lax.dot_general(left, right, (((1,), (1,)), ((0,), (0,))))

    starts = np.arange(0, len(inputs), images)
    if len(starts) == 1:
        total = block(starts[0])
    else:
        start = jnp.zeros((36, channels, filters), inputs.dtype)
        total = lax.scan(lambda total, first: (total + block(first), None), start, starts)[0]
    return (_KERNEL.T @ total.reshape(36, -1)).reshape(3, 3, channels, filters)


def _tiles(sizes: Shape) -> Shape:
    return tuple(-(-size // _TILE) for size in sizes)


def _block(batch: int, sizes: Shape, channels: int) -> int:
    """Images in a block."""
    values = 36 * math.prod(_tiles(sizes)) * channels
    fits = [n for n in range(1, batch + 1) if batch % n == 0 and n * values <= _MOST_VALUES]
    return max(fits, default=1)


def _transform(
    images: jax.Array, first: jax.Array, count: int, pads: Pads, tiles: Shape, matrix: np.ndarray
) -> jax.Array:
    """Tiles of `count` images where they are multiplied, (36, tiles, channels)."""
    channels = images.shape[3]
    wanted = [_TILE * (tile - 1) + matrix.shape[1] for tile in tiles]
    fill = [
        (before, want - size - before)
        for size, (before, _), want in zip(images.shape[1:3], pads, wanted, strict=True)
    ]

    def filled(images: jax.Array, first: jax.Array) -> jax.Array:
        block = lax.dynamic_slice_in_dim(images, first, count)
        return lax.pad(block, np.float32(0), ((0, 0, 0), *((a, b, 0) for a, b in fill), (0, 0, 0)))

    def over_rows(images: jax.Array, first: jax.Array) -> jax.Array:
        block = lax.dynamic_slice_in_dim(images, first, count) if images.shape[0] > count else images
        return _apply(matrix, block.reshape(count, wanted[0], -1), tiles[0], 1)

    def over_columns(rows: jax.Array) -> jax.Array:
        return _apply(matrix, rows.reshape(6, count, tiles[0], wanted[1], channels), tiles[1], 3)

    if any(side for pair in fill for side in pair):
        images, first = compiled.apart(filled)(images, first), np.int32(0)
    rows = compiled.apart(over_rows)(images, first)
    return compiled.apart(over_columns)(rows).reshape(36, -1, channels)


def _apply(matrix: np.ndarray, values: jax.Array, tiles: int, axis: int) -> jax.Array:
    """`matrix` times the values of each tile along `axis`; its rows become the first axis."""
    last = _TILE * (tiles - 1) + 1
    parts = [lax.slice_in_dim(values, i, i + last, _TILE, axis) for i in range(matrix.shape[1])]
    return jnp.stack([_combine(row, parts) for row in matrix])


def _combine(weights: np.ndarray, parts: Sequence[jax.Array]) -> jax.Array:
    terms = [np.float32(w) * part for w, part in zip(weights, parts, strict=True) if w]
    return sum(terms[1:], terms[0])


def _results(products: jax.Array, images: int, tiles: Shape, sizes: Shape) -> jax.Array:
    """(images, rows, columns, filters) from (36, tiles, filters)."""
    rows, columns, filters = *tiles, products.shape[-1]
    weights = _A.astype(np.float32)

    def over_columns(products: jax.Array) -> jax.Array:
        parts = products.reshape(6, 6, images, rows, columns, 1, filters)
        return sum(weights[t][:, None] * parts[t] for t in range(6))

    def over_rows(parts: jax.Array) -> jax.Array:
        parts = parts.reshape(6, images, rows, 1, -1)
        whole = sum(weights[s][:, None] * parts[s] for s in range(6))
        whole = whole.reshape(images, _TILE * rows, _TILE * columns, filters)
        return whole[:, : sizes[0], : sizes[1]]

    return compiled.apart(over_rows)(compiled.apart(over_columns)(products))
