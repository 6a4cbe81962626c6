"""Blur, edges, and how alike two images are."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from cornu.ops.declare import op
from cornu.ops.image.layout import batch, format_of, pair
from cornu.ops.promotion import as_array, as_float
from cornu.types import Array, Tensor


@op("image")
def gaussian_blur(
    images: Tensor,
    kernel_size: Any = (3, 3),
    sigma: Any = (1.0, 1.0),
    data_format: str | None = None,
) -> Array:
    """Images convolved with a Gaussian, zeros around them.

    Args:
        images: one image or a batch.
        kernel_size: height and width of the kernel, in pixels.
        sigma: standard deviations along height and width, in pixels.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: for another rank, or sizes that are not one number or two.
    """
    found, restore = batch(images, data_format)
    sizes, sigmas = pair(kernel_size, "kernel_size"), pair(sigma, "sigma")
    floats = as_float(found)
    return restore(blurred(floats, sizes, sigmas).astype(found.dtype))


def blurred(images: Array, sizes: tuple[int, int], sigmas: tuple[Any, Any]) -> Array:
    """(N, H, W, C) convolved with a Gaussian, one axis after the other."""
    for axis, (size, sigma) in enumerate(zip(sizes, sigmas, strict=True), 1):
        images = _along(images, axis, _gaussian(size, sigma, images.dtype), "SAME")
    return images


def _gaussian(size: int, sigma: Any, dtype: Any) -> Array:
    place = jnp.arange(size, dtype=dtype) - (size - 1) / 2
    weights = jnp.exp(-0.5 * (place / jnp.asarray(sigma, dtype)) ** 2)
    return weights / jnp.sum(weights)


def _along(images: Array, axis: int, kernel: Array, padding: str) -> Array:
    """Each channel of (N, H, W, C) correlated with a kernel along one axis."""
    channels = images.shape[-1]
    shape = [1, 1, 1, channels]
    shape[axis - 1] = len(kernel)
    across = [1, 1, 1, 1]
    across[axis - 1] = len(kernel)
    return lax.conv_general_dilated(
        images,
        jnp.broadcast_to(kernel.reshape(across), shape).astype(images.dtype),
        (1, 1),
        padding,
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=channels,
    )


@op("image")
def sobel_edges(images: Tensor, data_format: str | None = None) -> Array:
    """Sobel's estimates of how fast brightness changes, downwards and to the right.

    Args:
        images: a batch of images.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Returns:
        The shape of `images` and a last axis of two, (dy, dx); around the images are zeros.

    Raises:
        ValueError: for another rank.
    """
    x = as_float(images)
    if x.ndim != 4:
        raise ValueError(f"images must be a batch, of rank 4. Received: shape {x.shape}")
    first = format_of(data_format) == "channels_first"
    x = jnp.moveaxis(x, 1, -1) if first else x
    smooth, slope = jnp.asarray([1, 2, 1], x.dtype), jnp.asarray([-1, 0, 1], x.dtype)
    down = _along(_along(x, 1, slope, "SAME"), 2, smooth, "SAME")
    right = _along(_along(x, 1, smooth, "SAME"), 2, slope, "SAME")
    edges = jnp.stack([down, right], axis=-1)
    return jnp.moveaxis(edges, -2, 1) if first else edges


@op("image")
def ssim(
    image1: Tensor,
    image2: Tensor,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> Array:
    """Structural similarity, 1 for equal images (Z. Wang et al., Image quality assessment, 2004).

    Args:
        image1: one image or a batch, height and width at least `filter_size`.
        image2: the same shape.
        max_val: the largest value a pixel may have.
        filter_size: side of the Gaussian window, odd.
        filter_sigma: its standard deviation, in pixels.
        k1: stabilises the term of means.
        k2: stabilises the term of variances.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Returns:
        One number an image.

    Raises:
        ValueError: for shapes that differ, an even filter size, images smaller than the filter.
    """
    x, y = as_float(image1), as_float(image2)
    if x.shape != y.shape:
        raise ValueError(
            f"image1 and image2 must have the same shape. Received: {x.shape} and {y.shape}"
        )
    if filter_size < 1 or filter_size % 2 == 0:
        raise ValueError(f"filter_size must be odd and positive. Received: {filter_size}")
    single = x.ndim == 3
    (x, _), (y, _) = batch(x, data_format, "image1"), batch(y, data_format, "image2")
    if min(x.shape[1:3]) < filter_size:
        raise ValueError(
            f"images must be at least as large as filter_size={filter_size}. "
            f"Received: height and width {x.shape[1:3]}"
        )
    window = _gaussian(filter_size, filter_sigma, x.dtype)

    def local_mean(values: Array) -> Array:
        return _along(_along(values, 1, window, "VALID"), 2, window, "VALID")

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    mean_x, mean_y = local_mean(x), local_mean(y)
    variances = local_mean(x * x) - mean_x**2 + local_mean(y * y) - mean_y**2
    covariance = local_mean(x * y) - mean_x * mean_y
    means = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    found = jnp.mean(means * (2 * covariance + c2) / (variances + c2), axis=(1, 2, 3))
    return found[0] if single else found


@op("nn")
def psnr(x1: Tensor, x2: Tensor, max_val: float) -> Array:
    """Peak signal-to-noise ratio in dB: `20 log10(max_val) - 10 log10(mean((x1 - x2)^2))`.

    Args:
        x1: any shape.
        x2: the same shape.
        max_val: the largest value that can be.

    Raises:
        ValueError: if the shapes differ.
    """
    a, b = as_float(x1), as_float(x2)
    if a.shape != b.shape:
        raise ValueError(f"x1 and x2 must have the same shape. Received: {a.shape} and {b.shape}")
    error = jnp.mean((a - b) ** 2)
    return 20 * jnp.log10(as_array(float(max_val)).astype(a.dtype)) - 10 * jnp.log10(error)
