"""Images in other sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp

from cornu.ops.casting import saturate_cast
from cornu.ops.declare import op
from cornu.ops.image.layout import batch
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor

_RESIZE = {
    "nearest": "nearest",
    "bilinear": "linear",
    "bicubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}
_TRANSLATE = {
    **dict.fromkeys(("linear", "bilinear", "trilinear", "triangle"), "linear"),
    **dict.fromkeys(("cubic", "bicubic", "tricubic"), "cubic"),
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


@op("image")
def resize(
    images: Tensor,
    size: tuple[int, int],
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> Array:
    """Images in a new size.

    Args:
        images: one image or a batch.
        size: (height, width) wanted.
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".
        antialias: whether to average over what a smaller image leaves out.
        crop_to_aspect_ratio: cut the middle out in the new proportions first.
        pad_to_aspect_ratio: put `fill_value` around first, to get the new proportions.
        fill_mode: "constant" is the only one.
        fill_value: value put around.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Returns:
        Images of `size` in the dtype of `images`, rounded where that is an integer.

    Raises:
        ValueError: for an unknown interpolation or fill mode, both ratios at once, a wrong size.
    """
    method = _method(interpolation, _RESIZE, "interpolation")
    if len(size) != 2:
        raise ValueError(f"size must be (height, width). Received: size={size}")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("give crop_to_aspect_ratio or pad_to_aspect_ratio, not both")
    if fill_mode != "constant":
        raise ValueError(f"fill_mode must be 'constant'. Received: fill_mode={fill_mode!r}")
    found, restore = batch(images, data_format)
    if crop_to_aspect_ratio:
        found = _cropped(found, size)
    elif pad_to_aspect_ratio:
        found = _padded(found, size, fill_value)
    shape = (found.shape[0], *size, found.shape[3])
    return restore(_in_floats(found, lambda x: jax.image.resize(x, shape, method, antialias)))


def _in_floats(images: Array, compute: Any) -> Array:
    """`compute` on floats; the result in the dtype of `images`, integers rounded and limited."""
    if jnp.issubdtype(images.dtype, jnp.floating):
        return compute(images)
    result = compute(images.astype("float32"))
    if images.dtype == jnp.bool_:
        return result >= 0.5
    return saturate_cast(jnp.round(result), images.dtype)


def _cropped(images: Array, size: tuple[int, int]) -> Array:
    """The middle of images, in the proportions of `size`."""
    height, width = images.shape[1:3]
    new_height = min(height, int(width * size[0] / size[1]))
    new_width = min(width, int(height * size[1] / size[0]))
    top, left = int((height - new_height) / 2), int((width - new_width) / 2)
    return images[:, top : top + new_height, left : left + new_width]


def _padded(images: Array, size: tuple[int, int], fill_value: float) -> Array:
    """Images in the middle of a frame with the proportions of `size`."""
    height, width = images.shape[1:3]
    rows = max(height, int(width * size[0] / size[1])) - height
    columns = max(width, int(height * size[1] / size[0])) - width
    top, left = rows // 2, columns // 2
    return jnp.pad(
        images,
        ((0, 0), (top, top), (left, left), (0, 0)),
        constant_values=jnp.asarray(fill_value, images.dtype),
    )


@op("image")
def scale_and_translate(
    images: Tensor,
    output_shape: Sequence[int],
    scale: Tensor,
    translation: Tensor,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Array:
    """Arrays scaled and shifted: what is at x goes to `x * scale + translation`.

    Pixels have their centres at half numbers. What comes from outside is 0.

    Args:
        images: any shape.
        output_shape: shape wanted, one size for each axis of `images`.
        scale: one number for each of `spatial_dims`.
        translation: one number for each of `spatial_dims`, in pixels of the output.
        spatial_dims: the axes that are scaled; the others keep their size.
        method: "linear" (or "bilinear", "trilinear", "triangle"), "cubic" (or "bicubic",
            "tricubic"; Keys' kernel), "lanczos3", "lanczos5".
        antialias: whether to average over what a smaller image leaves out.

    Raises:
        ValueError: for an unknown method.
    """
    found = _method(method, _TRANSLATE, "method")
    return jax.image.scale_and_translate(
        as_array(images),
        tuple(output_shape),
        tuple(spatial_dims),
        as_array(scale),
        as_array(translation),
        found,
        antialias,
    )


def _method(name: str, known: dict[str, str], argument: str) -> str:
    if name not in known:
        raise ValueError(f"{argument} must be one of {list(known)}. Received: {argument}={name!r}")
    return known[name]
