"""Pictures of Pillow and arrays: one into the other, from files and into them."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from cornu.errors import unknown, warn
from cornu.settings import settings

# Name in `load_img` -> name of Pillow's method.
_INTERPOLATIONS = {
    "nearest": "NEAREST",
    "bilinear": "BILINEAR",
    "bicubic": "BICUBIC",
    "hamming": "HAMMING",
    "box": "BOX",
    "lanczos": "LANCZOS",
}
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAY = ("L", "I;16", "I")  # already one channel, perhaps of more than 8 bits


def _pillow() -> Any:
    try:
        from PIL import Image  # noqa: PLC0415
    except ImportError:
        raise ImportError("images need Pillow: `pip install pillow`") from None
    return Image


def _layout(data_format: str | None) -> str:
    found = (data_format or settings.image_data_format).lower()
    if found not in ("channels_first", "channels_last"):
        raise unknown("data format", str(data_format), ("channels_first", "channels_last"))
    return found


def array_to_img(
    x: Any, data_format: str | None = None, scale: bool = True, dtype: Any = None
) -> Any:
    """An array as a Pillow image.

    Args:
        x: (height, width, channels), or (channels, height, width); 1 (gray), 3 or 4 channels.
        data_format: "channels_last" or "channels_first"; default `image_data_format()`.
        scale: whether values are shifted and stretched to 0..255; else they must be there.
        dtype: in which to compute; default `floatx()`.

    Raises:
        ValueError: for other shapes.
        ImportError: without Pillow.
    """
    image = _pillow()
    array = np.asarray(x, dtype or settings.floatx)
    if array.ndim != 3:
        raise ValueError(
            f"an image must have 3 axes (one of them channels). Received shape {array.shape}"
        )
    if _layout(data_format) == "channels_first":
        array = array.transpose(1, 2, 0)
    channels = array.shape[-1]
    if channels not in (1, 3, 4):
        raise ValueError(f"an image must have 1, 3 or 4 channels. Received shape {array.shape}")
    if scale:
        array = array - array.min(initial=np.inf)
        largest = array.max(initial=0)
        array = array / (largest or 1) * 255
    if channels > 1:
        return image.fromarray(array.astype("uint8"))
    array = array[..., 0]
    return image.fromarray(array.astype("int32" if array.max(initial=0) > 255 else "uint8"))


def img_to_array(img: Any, data_format: str | None = None, dtype: Any = None) -> np.ndarray:
    """A Pillow image (or any array of pixels) as an array with an axis of channels.

    Args:
        img: the image.
        data_format: "channels_last" or "channels_first"; default `image_data_format()`.
        dtype: of the array; default `floatx()`.

    Returns:
        (height, width, channels), or (channels, height, width).

    Raises:
        ValueError: for pixels of another number of axes.
    """
    array = np.asarray(img, dtype or settings.floatx)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3:
        raise ValueError(f"an image must have 2 or 3 axes. Received shape {array.shape}")
    return array.transpose(2, 0, 1) if _layout(data_format) == "channels_first" else array


def save_img(
    path: Any,
    x: Any,
    data_format: str | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Write an array as an image file.

    Args:
        path: path or file object.
        x: (height, width, channels), or (channels, height, width).
        data_format: "channels_last" or "channels_first"; default `image_data_format()`.
        file_format: "png", "jpg" ...; default: what the path ends with.
        scale: whether values are shifted and stretched to 0..255.
        **kwargs: for Pillow's `Image.save`.
    """
    image = array_to_img(x, data_format, scale)
    name = file_format or os.path.splitext(str(path))[1].removeprefix(".")
    is_jpeg = name.lower() in ("jpg", "jpeg")
    if is_jpeg and image.mode == "RGBA":
        warn("a JPEG file has no transparency: the image is saved as RGB")
        image = image.convert("RGB")
    image.save(path, format="jpeg" if is_jpeg else file_format, **kwargs)


def load_img(
    path: Any,
    color_mode: str = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: str = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Read an image file as a Pillow image.

    Args:
        path: path, or an open binary file.
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize to; None: as it is.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: whether to cut off the sides that do not fit instead of distorting.

    Raises:
        ValueError: for an unknown mode or method.
        ImportError: without Pillow.
    """
    if color_mode not in _MODES:
        raise unknown("color mode", color_mode, _MODES)
    if interpolation not in _INTERPOLATIONS:
        raise unknown("interpolation", interpolation, _INTERPOLATIONS)
    image_module = _pillow()
    if isinstance(path, io.IOBase):
        image = image_module.open(path)
    else:
        with open(path, "rb") as file:
            image = image_module.open(io.BytesIO(file.read()))
    if color_mode != "grayscale" or image.mode not in _GRAY:
        image = image.convert(_MODES[color_mode])
    if target_size is None:
        return image
    height, width = target_size
    method = getattr(image_module.Resampling, _INTERPOLATIONS[interpolation])
    box = _middle(image.size, (width, height)) if keep_aspect_ratio else None
    if image.size == (width, height):
        return image
    return image.resize((width, height), method, box=box)


def _middle(size: tuple[int, int], target: tuple[int, int]) -> tuple[int, int, int, int]:
    """The largest part of `size` around its middle with the proportions of `target`."""
    (width, height), (wide, high) = size, target
    inner_width = min(width, int(height * wide / high))
    inner_height = min(height, int(width * high / wide))
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    return left, top, left + inner_width, top + inner_height
