"""Convolution by windows of 3x3 with a quarter of the multiplications, for CPU.

A tile of 4x4 results takes 36 multiplications in place of 144. Inputs, kernel and results are taken
to where a convolution is a product value by value, as polynomials are multiplied by their values at
points; the sums over channels are matrix products there, one a point. (S. Winograd, "Arithmetic
complexity of computations", 1980; A. Lavin and S. Gray, "Fast algorithms for convolutional neural
networks", 2016.) Along each axis, for inputs x, kernel k, results y and their change c:

    y = A' [(G k) * (B x)]        the kernel's gradient = G' [(B x) * (A c)]

Blocks of images are transformed, multiplied and brought back while they are in the cache. A
training step of the VGG-like network in `benchmarks/` takes 215 ms so, and 250 in the plain form
(medians, two AVX-512 cores).

Rounding errors are two to three times those of the plain form, relative to the largest results, and
five times in the kernel's gradient.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cornu.core import compiled
from cornu.ops.window_places import Pads, places

Shape = tuple[int, ...]
Matrix = tuple[tuple[float, ...], ...]
Number = jax.Array | int  # of a block of images

_TILE, _WINDOW = 4, 3  # results of a tile, and weights of a kernel, along an axis
# Where polynomials are multiplied, apart from infinity. Rounding errors are double with 0, 1, -1,
# 2 and -2.
_POINTS = (0.0, 1.5, -1.5, 0.625, -0.625)
_PRODUCTS = (len(_POINTS) + 1) ** 2  # of a tile

_FEWEST_CHANNELS = 32  # or filters: fewer make the products slow
_FEWEST_MULTIPLICATIONS = 1 << 29  # in the plain form; 0.2 s more to compile pay late for fewer
_FEWEST_TILES = 100  # in a product
# Of a transformed block, which is to stay in the cache. Four times as many make that step 178 ms
# where a cache of 32 MB is all our own, and 410 where others use it too.
_MOST_VALUES = 700_000
_MOST_FOR_FEW_TILES = 2_800_000  # where fewer values would be too few tiles
_MOST_FILLING = 1.4  # results computed, the edges of tiles among them, to results wanted


def _matrices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A (points, 4), B (points, 6) and G (points, 3)."""
    points = np.array(_POINTS)
    others = [np.delete(points, i) for i in range(len(points))]
    apart = [np.prod(point - other) for point, other in zip(points, others, strict=True)]
    inputs = np.zeros((len(points) + 1, len(points) + 1))
    for row, zeros in zip(inputs, (*others, points), strict=True):
        row[: len(zeros) + 1] = np.poly(zeros)[::-1]
    return _values(_TILE), inputs, _values(_WINDOW) / np.append(apart, 1)[:, None]


def _values(length: int) -> np.ndarray:
    """What takes a polynomial's `length` coefficients to its values at the points and infinity."""
    return np.append(np.vander(_POINTS, length, increasing=True), np.eye(length)[-1:], 0)


def _frozen(matrix: np.ndarray) -> Matrix:
    return tuple(map(tuple, matrix.tolist()))


_A, _B, _G = _matrices()
_CHANGE, _RESULTS, _INPUTS = _frozen(_A), _frozen(_A.T), _frozen(_B)
# For both axes at once, (points, weights); the points of the columns come first.
_KERNEL = np.einsum("si,tj->tsij", _G, _G).reshape(_PRODUCTS, _WINDOW**2).astype(np.float32)


# -- where it pays ---------------------------------------------------------------------------------


def pays(inputs: jax.Array, kernel: jax.Array, pads: Pads) -> bool:
    """Whether `convolve` is the faster form."""
    return _pays(inputs, kernel.shape, pads, places(kernel.shape[:2], inputs.shape[1:3], pads))


def pays_for_kernel(inputs: jax.Array, change: jax.Array, pads: Pads) -> bool:
    """Whether `kernel_gradient` is the faster form."""
    window = places(change.shape[1:3], inputs.shape[1:3], pads)
    return _pays(inputs, (*window, inputs.shape[3], change.shape[3]), pads, change.shape[1:3])


def _pays(inputs: jax.Array, kernel: Shape, pads: Pads, results: Shape) -> bool:
    if inputs.dtype != np.float32 or kernel[:2] != (_WINDOW, _WINDOW):
        return False
    if min(kernel[2:]) < _FEWEST_CHANNELS or min(*results, *pads[0], *pads[1]) < 0:
        return False
    if len(inputs) * math.prod(results) * math.prod(kernel) < _FEWEST_MULTIPLICATIONS:
        return False
    tiles = math.prod(_tiles(results))
    if _block(len(inputs), results, max(kernel[2:])) * tiles < _FEWEST_TILES:
        return False
    if tiles * _TILE**2 > _MOST_FILLING * math.prod(results):
        return False
    return compiled.keeps_apart()


def _tiles(results: Shape) -> Shape:
    return tuple(-(-size // _TILE) for size in results)


def _block(images: int, results: Shape, channels: int) -> int:
    """Images in a block: as many as stay in the cache or make enough tiles; they divide all."""
    tiles = math.prod(_tiles(results))
    values = _PRODUCTS * tiles * channels
    divisors = [n for n in range(1, images + 1) if images % n == 0]
    fitting = [n for n in divisors if n * values <= _MOST_VALUES]
    enough = [
        n for n in divisors if n * tiles >= _FEWEST_TILES and n * values <= _MOST_FOR_FEW_TILES
    ]
    return max([1, *fitting, *enough[:1]])


# -- the two forms ---------------------------------------------------------------------------------


def convolve(inputs: jax.Array, kernel: jax.Array, pads: Pads) -> jax.Array:
    """Convolution of (batch, rows, columns, channels) with (3, 3, channels, filters).

    Args:
        inputs: images.
        kernel: weights.
        pads: zeros before and after the rows and the columns, none negative.
    """
    channels, filters = kernel.shape[2:]
    results = places(kernel.shape[:2], inputs.shape[1:3], pads)
    count, tiles = _block(len(inputs), results, max(channels, filters)), _tiles(results)
    weights = (_KERNEL @ kernel.reshape(len(_KERNEL[0]), -1)).reshape(_PRODUCTS, channels, filters)

    def block(number: Number) -> jax.Array:
        values = _transform(inputs, number, count, pads, tiles, _INPUTS)
        return _bring_back(values @ weights, tiles, results)

    def store(number: Number, whole: jax.Array) -> jax.Array:
        return lax.dynamic_update_index_in_dim(whole, block(number), number, 0)

    blocks = len(inputs) // count
    if blocks == 1:
        return block(0)
    # What it holds before the loop does not matter; made of zeros, it would be there too early.
    whole = jnp.broadcast_to(inputs[0, 0, 0, 0], (blocks, count, *results, filters))
    return lax.fori_loop(0, blocks, store, whole).reshape(-1, *results, filters)


def kernel_gradient(inputs: jax.Array, change: jax.Array, pads: Pads) -> jax.Array:
    """The kernel's gradient, (3, 3, channels, filters).

    Args:
        inputs: (batch, rows, columns, channels).
        change: gradient with respect to the output, (batch, rows, columns, filters).
        pads: zeros that the convolution adds before and after the rows and the columns.
    """
    channels, filters = inputs.shape[3], change.shape[3]
    results = change.shape[1:3]
    count, tiles = _block(len(inputs), results, max(channels, filters)), _tiles(results)

    def add(number: Number, total: jax.Array) -> jax.Array:
        left = _transform(inputs, number, count, pads, tiles, _INPUTS)
        right = _transform(change, number, count, ((0, 0), (0, 0)), tiles, _CHANGE)
        return total + lax.dot_general(left, right, (((1,), (1,)), ((0,), (0,))))

    blocks = len(inputs) // count
    total = jnp.zeros((_PRODUCTS, channels, filters), jnp.float32)
    total = lax.fori_loop(0, blocks, add, total) if blocks > 1 else add(0, total)
    return (_KERNEL.T @ total.reshape(_PRODUCTS, -1)).reshape(_WINDOW, _WINDOW, channels, filters)


# -- the transforms --------------------------------------------------------------------------------
# Rows and columns by themselves, for both at once are five times the sums.


def _transform(
    images: jax.Array, number: Number, count: int, pads: Pads, tiles: Shape, matrix: Matrix
) -> jax.Array:
    """The tiles of a block of `count` images at the points, (points, tiles, channels)."""
    wanted = tuple(_TILE * (tile - 1) + len(matrix[0]) for tile in tiles)
    sizes = zip(images.shape[1:3], pads, wanted, strict=True)
    fill = tuple((before, want - size - before) for size, (before, _), want in sizes)
    if count < len(images) or any(side for pair in fill for side in pair):
        images = _filled(images, number, count=count, fill=fill)
    values = _over_rows(images, matrix=matrix, tiles=tiles[0])
    values = _over_columns(values, matrix=matrix, tiles=tiles[1])
    return values.reshape(_PRODUCTS, -1, images.shape[3])


def _bring_back(values: jax.Array, tiles: Shape, results: Shape) -> jax.Array:
    """Results, (images, rows, columns, filters), from (points, tiles, filters)."""
    return _rows_back(_columns_back(values), tiles=tiles, results=results)


@functools.partial(compiled.apart, static=("count", "fill"))
def _filled(images: jax.Array, number: Number, *, count: int, fill: Pads) -> jax.Array:
    block = lax.dynamic_slice_in_dim(images, number * count, count)
    return lax.pad(block, np.float32(0), ((0, 0, 0), *((a, b, 0) for a, b in fill), (0, 0, 0)))


@functools.partial(compiled.apart, static=("matrix", "tiles"))
def _over_rows(images: jax.Array, *, matrix: Matrix, tiles: int) -> jax.Array:
    lines = images.reshape(*images.shape[:2], -1)
    values = _mix(matrix, _of_each_tile(lines, tiles, len(matrix[0])), 0)
    return values.reshape(-1, *images.shape[2:])


@functools.partial(compiled.apart, static=("matrix", "tiles"))
def _over_columns(values: jax.Array, *, matrix: Matrix, tiles: int) -> jax.Array:
    return _mix(matrix, _of_each_tile(values, tiles, len(matrix[0])), 0)


@compiled.apart
def _columns_back(values: jax.Array) -> jax.Array:
    side = len(_RESULTS[0])
    return _mix(_RESULTS, values.reshape(side, -1, values.shape[-1]), 1)


@functools.partial(compiled.apart, static=("tiles", "results"))
def _rows_back(values: jax.Array, *, tiles: Shape, results: Shape) -> jax.Array:
    rows, columns = tiles
    filters, side = values.shape[-1], len(_RESULTS[0])
    values = _mix(_RESULTS, values.reshape(side, -1, _TILE * columns * filters), 1)
    whole = values.reshape(-1, _TILE * rows, _TILE * columns, filters)
    return whole[:, : results[0], : results[1]]


def _of_each_tile(values: jax.Array, tiles: int, length: int) -> list[jax.Array]:
    """The first, second, ... value of every tile along the second axis."""
    last = _TILE * (tiles - 1) + 1
    return [lax.slice_in_dim(values, i, i + last, _TILE, 1) for i in range(length)]


def _mix(matrix: Matrix, parts: Iterable[jax.Array], axis: int) -> jax.Array:
    """Sums of the parts weighted by each row of `matrix`, along a new axis.

    One expression for all rows: to join one expression a row takes three times as long to compile.
    """
    terms = []
    for weights, part in zip(np.array(matrix, np.float32).T, parts, strict=True):
        shape = (*part.shape[:axis], len(weights), *part.shape[axis:])
        others = [i for i in range(len(shape)) if i != axis]
        spread = lax.broadcast_in_dim(part, shape, others)
        terms.append(lax.mul(lax.broadcast_in_dim(weights, shape, (axis,)), spread))
    return functools.reduce(lax.add, terms)
