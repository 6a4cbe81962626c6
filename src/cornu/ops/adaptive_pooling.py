"""Pooling to a given output size: bin i of n takes items floor(i L / n) to ceil((i + 1) L / n)."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from cornu.ops.convolution import standardize_data_format
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.types import Array, Tensor

Sizes = int | tuple[int, ...] | list[int]


@op("nn")
def adaptive_average_pool(
    inputs: Tensor, output_size: Sizes, data_format: str | None = None
) -> Array:
    """Mean over as many bins as the output is to have; of 16-bit floats it is taken in 32 bits.

    Args:
        inputs: (N, spatial sizes..., C), or (N, C, spatial sizes...) for "channels_first".
        output_size: one size for each spatial axis, or one for all.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: if sizes are not positive or not as many as spatial axes, or such an axis is
            empty.
    """
    inputs = as_float(inputs)
    wide = inputs.astype(jnp.promote_types(inputs.dtype, "float32"))
    return _pooled(wide, output_size, data_format, _means).astype(inputs.dtype)


@op("nn")
def adaptive_max_pool(inputs: Tensor, output_size: Sizes, data_format: str | None = None) -> Array:
    """Maximum over as many bins as the output is to have; arguments as `adaptive_average_pool`."""
    return _pooled(as_array(inputs), output_size, data_format, _maxima)


def _pooled(
    inputs: Array,
    output_size: Sizes,
    data_format: str | None,
    reduce: Callable[[Array, int, np.ndarray], Array],
) -> Array:
    first = 2 if standardize_data_format(data_format) == "channels_first" else 1
    rank = inputs.ndim - 2
    sizes = (output_size,) * rank if isinstance(output_size, int) else tuple(output_size)
    if rank < 1 or len(sizes) != rank or min(sizes) < 1:
        raise ValueError(
            "output_size must have one positive integer for each spatial axis of the inputs. "
            f"Received: output_size={output_size}, inputs of shape {inputs.shape}"
        )
    if 0 in inputs.shape[first : first + rank]:
        raise ValueError(
            f"there is nothing to pool over in inputs of shape {inputs.shape} "
            f"({standardize_data_format(data_format)}): a spatial axis is empty"
        )
    for axis, size in enumerate(sizes, first):
        binned, inside = _in_bins(inputs, axis, size)
        inputs = reduce(binned, axis + 1, inside)
    return inputs


def _in_bins(x: Array, axis: int, count: int) -> tuple[Array, np.ndarray]:
    """`x` with its axis as two, bins and places in them, and whether a place belongs to its bin."""
    length, bins = x.shape[axis], np.arange(count)[:, None]
    starts, ends = bins * length // count, -(-(bins + 1) * length // count)
    places = starts + np.arange(int((ends - starts).max()))
    if places.size != length:  # bins overlap, and the shorter ones are filled up with their last
        x = jnp.take(x, np.minimum(places, ends - 1).ravel(), axis, mode="clip")
    return x.reshape(*x.shape[:axis], *places.shape, *x.shape[axis + 1 :]), places < ends


def _means(binned: Array, axis: int, inside: np.ndarray) -> Array:
    inside = inside.reshape(*inside.shape, *(1,) * (binned.ndim - axis - 1))
    kept = binned if inside.all() else jnp.where(inside, binned, 0)
    return kept.sum(axis) / inside.sum(1).astype(binned.dtype)


def _maxima(binned: Array, axis: int, inside: np.ndarray) -> Array:
    del inside  # what fills a bin up is in it already
    return binned.max(axis)
