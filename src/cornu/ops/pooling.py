"""Maximum and average over windows."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from cornu.ops.convolution import per_axis, standardize_data_format
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.types import Array, Tensor


@op("nn")
def max_pool(
    inputs: Tensor,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Largest element of each window.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        pool_size: sizes of the window.
        strides: its steps; default: `pool_size`, so that windows do not overlap.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
    """
    inputs = as_array(inputs)
    window, steps = _window(inputs, pool_size, strides, data_format)
    pads = _pads(inputs.shape, window, steps, padding)
    apart = window == steps and math.prod(window) <= _MOST_PLACES
    if apart and jnp.issubdtype(inputs.dtype, jnp.floating):
        return _max_pool_apart(inputs, window, pads)
    return _reduce_max(inputs, window, steps, pads)


@op("nn")
def average_pool(
    inputs: Tensor,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Array:
    """Mean of each window; what "same" adds at the edges does not count.

    Args:
        inputs: (batch, *spatial, channels), or channels first.
        pool_size: sizes of the window.
        strides: its steps; default: `pool_size`.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
    """
    inputs = as_float(inputs)
    window, steps = _window(inputs, pool_size, strides, data_format)
    pads = _pads(inputs.shape, window, steps, padding)
    total = lax.reduce_window(inputs, np.zeros((), inputs.dtype), lax.add, window, steps, pads)
    if not any(before or after for before, after in pads):
        return total / math.prod(window)
    return total / _counts(inputs.shape, window, steps, pads).astype(inputs.dtype)


def _counts(shape: Sequence[int], window: Any, steps: Any, pads: Any) -> np.ndarray:
    """How many real elements each window holds; broadcasts with the result."""
    counts = np.ones((1,) * len(shape))
    for axis, (size, width, step, pad) in enumerate(zip(shape, window, steps, pads, strict=True)):
        starts = np.arange(0, size + sum(pad) - width + 1, step) - pad[0]
        inside = np.minimum(starts + width, size) - np.maximum(starts, 0)
        if width > 1:
            counts = counts * np.expand_dims(inside, [i for i in range(len(shape)) if i != axis])
    return counts


def _window(inputs: Array, pool_size: Any, strides: Any, data_format: Any) -> tuple[Any, Any]:
    rank = inputs.ndim - 2
    sizes = per_axis(pool_size, rank, "pool_size")
    steps = sizes if strides is None else per_axis(strides, rank, "strides")
    if standardize_data_format(data_format) == "channels_last":
        return (1, *sizes, 1), (1, *steps, 1)
    return (1, 1, *sizes), (1, 1, *steps)


def _pads(
    shape: Sequence[int], window: Any, steps: Any, padding: str
) -> tuple[tuple[int, int], ...]:
    name = str(padding).upper()
    if name not in ("SAME", "VALID"):
        raise ValueError(f"padding must be 'valid' or 'same'. Received: padding={padding!r}")
    return tuple((int(a), int(b)) for a, b in lax.padtype_to_pads(shape, window, steps, name))


def _lowest(dtype: Any) -> Any:
    if jnp.issubdtype(dtype, jnp.floating):
        return np.array(-np.inf, dtype)
    return np.array(False) if dtype == jnp.bool_ else np.array(jnp.iinfo(dtype).min, dtype)


def _reduce_max(inputs: Array, window: Any, steps: Any, pads: Any) -> Array:
    return lax.reduce_window(inputs, _lowest(inputs.dtype), lax.max, window, steps, pads)


# -- windows that do not overlap -------------------------------------------------------------------
# XLA's own gradient of a maximum over windows walks through every window by itself, which took 100
# of 480 ms of a VGG step. Where windows do not overlap, each input belongs to one window at most:
# the gradient goes to the first place in it that holds the maximum.


_MOST_PLACES = 16  # beyond, one comparison a place makes a larger program than it is worth


@functools.partial(jax.custom_jvp, nondiff_argnums=(1,))
def _max_apart(inputs: Array, window: tuple[int, ...]) -> Array:
    return _reduce_max(inputs, window, window, ((0, 0),) * inputs.ndim)


@_max_apart.defjvp
def _max_apart_jvp(window: tuple[int, ...], primals: Any, tangents: Any) -> tuple[Array, Array]:
    (inputs,), (change,) = primals, tangents
    places = list(itertools.product(*(range(size) for size in window)))
    pooled = _at(inputs, places[0], window)
    winner = jnp.zeros(pooled.shape, jnp.uint8)
    # The winner is kept as a number. To look again for what equals the maximum would be unsafe: XLA
    # may compute `inputs` a second time, rounded otherwise, and then nothing equals it.
    for number, place in enumerate(places[1:], start=1):
        candidate = _at(inputs, place, window)
        winner = jnp.where(candidate > pooled, jnp.uint8(number), winner)
        pooled = jnp.maximum(pooled, candidate)
    # Kept in memory as one byte a window, so that the gradient does not compare everything again.
    winner = lax.optimization_barrier(winner)
    cells, within = _cells(inputs.shape, window)
    at_winner = jnp.expand_dims(winner, within) == _numbers(window)
    return pooled, jnp.sum(jnp.where(at_winner, change.reshape(cells), 0), within)


def _cells(shape: tuple[int, ...], window: tuple[int, ...]) -> tuple[list[int], tuple[int, ...]]:
    """`shape` with an axis for the places within the windows after each axis; and those axes."""
    pairs = [(size // width, width) for size, width in zip(shape, window, strict=True)]
    return [n for pair in pairs for n in pair], tuple(range(1, 2 * len(shape), 2))


def _numbers(window: tuple[int, ...]) -> np.ndarray:
    """The number of each place in its window; broadcasts with cells."""
    places = np.arange(math.prod(window), dtype=np.uint8)
    return places.reshape([n for width in window for n in (1, width)])


def _at(x: Array, place: tuple[int, ...], window: tuple[int, ...]) -> Array:
    """The element at `place` of each window."""
    return lax.slice(x, place, x.shape, window)


def _max_pool_apart(inputs: Array, window: tuple[int, ...], pads: Any) -> Array:
    """Max-pooling with strides equal to the window."""
    whole = [
        (before, (size + before + after) // width * width - size - before, 0)
        for size, width, (before, after) in zip(inputs.shape, window, pads, strict=True)
    ]
    return _max_apart(lax.pad(inputs, _lowest(inputs.dtype), whole), window)
