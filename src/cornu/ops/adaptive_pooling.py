"""Pooling to a given output size: bin i of n takes items floor(i L / n) to ceil((i + 1) L / n)."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np

from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.settings import settings
from cornu.types import Array, Tensor

Sizes = int | tuple[int, ...] | list[int]


@op("nn")
def adaptive_average_pool(
    inputs: Tensor, output_size: Sizes, data_format: str | None = None
) -> Array:
    """Mean over as many bins as the output is to have.

    Args:
        inputs: (N, spatial sizes..., C), or (N, C, spatial sizes...) for "channels_first".
        output_size: one size for each spatial axis, or one for all.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: if sizes are not positive or not as many as spatial axes.
    """
    return _pooled(as_float(inputs), output_size, data_format, _bin_means)


@op("nn")
def adaptive_max_pool(inputs: Tensor, output_size: Sizes, data_format: str | None = None) -> Array:
    """Maximum over as many bins as the output is to have; arguments as `adaptive_average_pool`."""
    return _pooled(as_array(inputs), output_size, data_format, _bin_maxima)


def _pooled(
    inputs: Array,
    output_size: Sizes,
    data_format: str | None,
    pool: Callable[[Array, np.ndarray, np.ndarray], Array],
) -> Array:
    first = 2 if (data_format or settings.image_data_format) == "channels_first" else 1
    rank = inputs.ndim - 2
    sizes = (output_size,) * rank if isinstance(output_size, int) else tuple(output_size)
    if rank < 1 or len(sizes) != rank or min(sizes) < 1:
        raise ValueError(
            "output_size must have one positive integer for each spatial axis of the inputs. "
            f"Received: output_size={output_size}, inputs of shape {inputs.shape}"
        )
    for axis, size in enumerate(sizes, first):
        starts, ends = _bins(inputs.shape[axis], size)
        inputs = jnp.moveaxis(pool(jnp.moveaxis(inputs, axis, -1), starts, ends), -1, axis)
    return inputs


def _bins(length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    number = np.arange(count)
    return number * length // count, -(-(number + 1) * length // count)


def _bin_means(x: Array, starts: np.ndarray, ends: np.ndarray) -> Array:
    place = np.arange(x.shape[-1])[:, None]
    inside = (place >= starts) & (place < ends)
    return x @ jnp.asarray(inside / (ends - starts), x.dtype)


def _bin_maxima(x: Array, starts: np.ndarray, ends: np.ndarray) -> Array:
    # Bins differ in length by one at most; the shorter ones take their last item twice.
    places = np.minimum(starts[:, None] + np.arange(int((ends - starts).max())), ends[:, None] - 1)
    return x[..., places].max(axis=-1)
