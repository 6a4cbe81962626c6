"""Images read at other places: maps of coordinates, affine, perspective and elastic transforms."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.ndimage
from jax import lax

from cornu.core.random import draw_seed
from cornu.ops.declare import op
from cornu.ops.image.filters import blurred
from cornu.ops.image.layout import batch
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor

_ORDERS = {"nearest": 0, "bilinear": 1}
_AS_GOOD_AS_WHOLE = 1e-4  # pixels; far above the rounding of float32 in images of 1000 pixels
_FILLS = ("constant", "nearest", "wrap", "mirror", "reflect")


@op("image")
def map_coordinates(
    inputs: Tensor,
    coordinates: Tensor,
    order: int,
    fill_mode: str = "constant",
    fill_value: float = 0,
) -> Array:
    """`inputs` read at `coordinates`, between items by interpolation.

    Args:
        inputs: an array of rank R.
        coordinates: (R, ...), in items; for each axis of `inputs` one array.
        order: 0 takes the nearest item, 1 interpolates linearly.
        fill_mode: what is outside: "constant" (`fill_value`), "nearest" (the edge), "wrap" (the
            other side), "mirror" (reflected at the centre of the last item), "reflect"
            (reflected at its edge).
        fill_value: value outside for "constant".

    Returns:
        An array of the shape of one coordinate, in the dtype of `inputs`.

    Raises:
        ValueError: if `coordinates` does not fit, or for an unknown order or fill mode.
    """
    inputs, coordinates = as_array(inputs), as_array(coordinates)
    if coordinates.ndim == 0 or coordinates.shape[0] != inputs.ndim:
        raise ValueError(
            f"coordinates must have one row for each of the {inputs.ndim} axes of inputs. "
            f"Received: coordinates of shape {coordinates.shape}"
        )
    if order not in (0, 1):
        raise ValueError(f"order must be 0 or 1. Received: order={order}")
    return _read(inputs, list(coordinates), order, _fill(fill_mode), fill_value)


def _fill(fill_mode: str) -> str:
    if fill_mode not in _FILLS:
        raise ValueError(f"fill_mode must be one of {_FILLS}. Received: fill_mode={fill_mode!r}")
    return fill_mode


def _read(x: Array, places: list[Array], order: int, fill_mode: str, fill_value: float) -> Array:
    return jax.scipy.ndimage.map_coordinates(x, places, order, fill_mode, fill_value)


@op("image")
def affine_transform(
    images: Tensor,
    transform: Tensor,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Images moved, turned, scaled and sheared.

    With a row (a0, a1, a2, b0, b1, b2, c0, c1) of `transform` the output at (x, y) is the input at
    (a0 x + a1 y + a2, b0 x + b1 y + b2). c0 and c1 are taken as 0, as Keras says; in fact it
    moves channels by them on JAX.

    Args:
        images: one image or a batch.
        transform: (N, 8), or (8,) for all images the same.
        interpolation: "nearest" or "bilinear".
        fill_mode: what is outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: value outside for "constant".
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: for an unknown interpolation or fill mode, or a transform that does not fit.
    """
    found, restore = batch(images, data_format)
    rows = as_array(transform)
    if rows.shape[-1:] != (8,) or rows.ndim > 2:
        raise ValueError(f"transform must have the shape (8,) or (N, 8). Received: {rows.shape}")
    matrices = jnp.broadcast_to(rows, (found.shape[0], 8))[:, :6].reshape(-1, 2, 3)
    places = _mapped(matrices, found)
    return restore(_warped(found, places, interpolation, fill_mode, fill_value))


@op("image")
def perspective_transform(
    images: Tensor,
    start_points: Tensor,
    end_points: Tensor,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Array:
    """Images seen in perspective: four points go to four others.

    Args:
        images: one image or a batch.
        start_points: (N, 4, 2) as (x, y), or (4, 2) for all images the same.
        end_points: where they go, in the same form.
        interpolation: "nearest" or "bilinear".
        fill_value: value of what comes from outside.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: for points of another shape, or an unknown interpolation.
    """
    found, restore = batch(images, data_format)
    start, end = _points(start_points, "start_points"), _points(end_points, "end_points")
    if start.shape != end.shape:
        raise ValueError(
            "start_points and end_points must have the same shape. "
            f"Received: {start.shape} and {end.shape}"
        )
    dtype = jnp.result_type(found.dtype, jnp.float32)
    many = (found.shape[0], 4, 2)
    start, end = (jnp.broadcast_to(p, many).astype(dtype) for p in (start, end))
    rows = jax.vmap(_perspective)(end, start)
    matrices = jnp.pad(rows, ((0, 0), (0, 1)), constant_values=1).reshape(-1, 3, 3)
    places = _mapped(matrices, found)
    return restore(
        _warped(found, places[:, :2] / places[:, 2:], interpolation, "constant", fill_value)
    )


def _points(points: Tensor, argument: str) -> Array:
    found = as_array(points)
    if found.shape[-2:] != (4, 2) or found.ndim not in (2, 3):
        raise ValueError(
            f"{argument} must have the shape (4, 2) or (N, 4, 2). Received: shape {found.shape}"
        )
    return found


def _perspective(from_: Array, to: Array) -> Array:
    """The eight numbers of the projective map that takes four points to four others."""
    (x, y), (u, v) = from_.T, to.T
    one, zero = jnp.ones_like(x), jnp.zeros_like(x)
    for_u = jnp.stack([x, y, one, zero, zero, zero, -u * x, -u * y], axis=1)
    for_v = jnp.stack([zero, zero, zero, x, y, one, -v * x, -v * y], axis=1)
    return jnp.linalg.solve(jnp.concatenate([for_u, for_v]), jnp.concatenate([u, v]))


@op("image")
def elastic_transform(
    images: Tensor,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Array:
    """Images distorted by smooth random displacements.

    Normal noise, blurred by a Gaussian and multiplied by `alpha`, says how far from its place each
    pixel is read (P. Simard, D. Steinkraus and J. Platt, Best practices for convolutional neural
    networks applied to visual document analysis, 2003).

    Args:
        images: one image or a batch.
        alpha: how strong the displacements are.
        sigma: standard deviation of the blur, in pixels: how smooth they are.
        interpolation: "nearest" or "bilinear".
        fill_mode: what is outside: "constant", "nearest", "wrap", "mirror" or "reflect".
        fill_value: value outside for "constant".
        seed: an integer or a `SeedGenerator`; default: the global one.
        data_format: "channels_last" or "channels_first"; default: the configured one.

    Raises:
        ValueError: for an unknown interpolation or fill mode.
    """
    found, restore = batch(images, data_format)
    dtype = jnp.result_type(found.dtype, jnp.float32)
    reach = max(1, int(6 * sigma) | 1)
    noise = jax.random.normal(draw_seed(seed), (*found.shape[:3], 2), dtype)
    displacement = blurred(alpha * noise, (reach, reach), (sigma, sigma))
    places = _grid(found, dtype)[:2] + jnp.moveaxis(displacement, -1, 1)
    return restore(_warped(found, places, interpolation, fill_mode, fill_value))


def _grid(images: Array, dtype: Any) -> Array:
    """(x, y, 1) of each pixel, of the shape (3, H, W)."""
    height, width = images.shape[1:3]
    y, x = jnp.meshgrid(
        jnp.arange(height, dtype=dtype), jnp.arange(width, dtype=dtype), indexing="ij"
    )
    return jnp.stack([x, y, jnp.ones_like(x)])


def _mapped(matrices: Array, images: Array) -> Array:
    """`matrices` (N, 2 or 3, 3) times (x, y, 1) of each pixel."""
    dtype = jnp.result_type(matrices.dtype, jnp.float32)
    grid = _grid(images, dtype)
    return jnp.einsum("nij,jhw->nihw", matrices, grid, precision=lax.Precision.HIGHEST)


def _warped(
    images: Array, places: Array, interpolation: str, fill_mode: str, fill_value: float
) -> Array:
    """Images (N, H, W, C) read at `places` (N, 2, H, W), which are (x, y)."""
    if interpolation not in _ORDERS:
        raise ValueError(
            f"interpolation must be one of {list(_ORDERS)}. "
            f"Received: interpolation={interpolation!r}"
        )
    order, fill = _ORDERS[interpolation], _fill(fill_mode)
    places = _settled(places)

    def one(image: Array, place: Array) -> Array:
        return jax.vmap(
            lambda channel: _read(channel, [place[1], place[0]], order, fill, fill_value),
            in_axes=-1,
            out_axes=-1,
        )(image)

    return jax.vmap(one)(images, places)


def _settled(places: Array) -> Array:
    """Places as good as whole made whole, their gradients kept.

    A compiler computes a place where it is used, rounding one way for the positions of pixels and
    another for their weights. About whole numbers what is read would come out one pixel off.
    """
    off = jnp.round(places) - places
    return places + lax.stop_gradient(jnp.where(jnp.abs(off) < _AS_GOOD_AS_WHOLE, off, 0))
