"""Images as the functions of this folder compute on them: a batch, channels last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp

from cornu.ops.promotion import as_array
from cornu.settings import settings
from cornu.types import Array

FORMATS = ("channels_last", "channels_first")
Restore = Callable[[Array], Array]


def format_of(data_format: str | None) -> str:
    """`data_format`, or the configured one for None.

    Raises:
        ValueError: for an unknown one.
    """
    found = settings.image_data_format if data_format is None else data_format
    if found not in FORMATS:
        raise ValueError(f"data_format must be one of {FORMATS}. Received: {data_format!r}")
    return found


def batch(images: Any, data_format: str | None, argument: str = "images") -> tuple[Array, Restore]:
    """`images` as (N, H, W, C), and what gives a result the rank and the format they came in.

    Args:
        images: one image (rank 3) or a batch (rank 4).
        data_format: where its channels are.
        argument: name for the error.

    Raises:
        ValueError: for another rank or format.
    """
    images = as_array(images)
    if images.ndim not in (3, 4):
        raise ValueError(
            f"{argument} must be one image (rank 3) or a batch of them (rank 4). "
            f"Received: shape {images.shape}"
        )
    single, first = images.ndim == 3, format_of(data_format) == "channels_first"
    images = images[None] if single else images

    def restore(result: Array) -> Array:
        result = jnp.moveaxis(result, -1, 1) if first else result
        return result[0] if single else result

    return (jnp.moveaxis(images, 1, -1) if first else images), restore


def pair(value: Any, argument: str) -> tuple[Any, Any]:
    """Two numbers, for height and width, from two or from one for both.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(value, int | float):
        return value, value
    if len(value) != 2:
        raise ValueError(
            f"{argument} must be one number or two, (height, width). Received: {value}"
        )
    return value[0], value[1]
