"""Colour spaces."""

from __future__ import annotations

import jax.numpy as jnp

from cornu.ops.declare import op
from cornu.ops.image.layout import Restore, batch
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor

_LUMA = (0.2989, 0.5870, 0.1140)  # ITU-R BT.601, as Keras rounds it


@op("image")
def rgb_to_grayscale(images: Tensor, data_format: str | None = None) -> Array:
    """Brightness `0.2989 R + 0.5870 G + 0.1140 B` (ITU-R BT.601), as one channel.

    Args:
        images: one image or a batch, three channels.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Returns:
        The same shape with one channel, in the dtype of `images`.

    Raises:
        ValueError: for another rank or number of channels.
    """
    rgb, restore = _three_channels(images, data_format)
    weights = jnp.asarray(_LUMA, jnp.result_type(rgb.dtype, jnp.float32))
    gray = jnp.sum(rgb * weights, axis=-1, keepdims=True)
    return restore(gray.astype(rgb.dtype))


@op("image")
def rgb_to_hsv(images: Tensor, data_format: str | None = None) -> Array:
    """Hue, saturation and value of RGB images (A. R. Smith, Color gamut transform pairs, 1978).

    Args:
        images: one image or a batch, floats in [0, 1], three channels.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Returns:
        The same shape, in [0, 1]; hue 0 is red, 1/3 green, 2/3 blue.

    Raises:
        ValueError: for integers, another rank or number of channels.
    """
    rgb, restore = _three_channels(images, data_format, floats=True)
    red, green, blue = jnp.moveaxis(rgb, -1, 0)
    value = jnp.max(rgb, axis=-1)
    chroma = value - jnp.min(rgb, axis=-1)
    scale = jnp.where(chroma > 0, chroma, 1)
    hue = jnp.where(
        value == red,
        (green - blue) / scale,
        jnp.where(value == green, 2 + (blue - red) / scale, 4 + (red - green) / scale),
    )
    hue = jnp.where(chroma > 0, (hue / 6) % 1, 0)
    saturation = jnp.where(value > 0, chroma / jnp.where(value > 0, value, 1), 0)
    return restore(jnp.stack([hue, saturation, value], axis=-1).astype(rgb.dtype))


@op("image")
def hsv_to_rgb(images: Tensor, data_format: str | None = None) -> Array:
    """Inverse of `rgb_to_hsv`; arguments, shape and errors are the same."""
    hsv, restore = _three_channels(images, data_format, floats=True)
    hue, saturation, value = jnp.moveaxis(hsv, -1, 0)

    def channel(offset: int) -> Array:
        sector = (offset + hue * 6) % 6
        ramp = jnp.clip(jnp.minimum(sector, 4 - sector), 0, 1)
        return value * (1 - saturation * ramp)

    return restore(jnp.stack([channel(5), channel(3), channel(1)], axis=-1).astype(hsv.dtype))


def _three_channels(
    images: Tensor, data_format: str | None, floats: bool = False
) -> tuple[Array, Restore]:
    images = as_array(images)
    if floats and not jnp.issubdtype(images.dtype, jnp.floating):
        raise ValueError(f"images must be of a float dtype. Received: {images.dtype}")
    found, restore = batch(images, data_format)
    if found.shape[-1] != 3:
        raise ValueError(f"images must have three channels. Received: shape {images.shape}")
    return found, restore
