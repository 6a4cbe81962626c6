"""Fourier transforms of whole signals and of short windows of them.

A complex array is a pair `(real, imaginary)`, as Keras has it on every backend.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor

Complex = tuple[Array, Array]
_WINDOWS = {"hann": (0.5, 0.5), "hamming": (0.54, 0.46)}  # a - b cos(2 pi n / N), periodic


@op("math")
def fft(x: tuple[Tensor, Tensor]) -> Complex:
    """Discrete Fourier transform along the last axis, `X[k] = sum_n x[n] exp(-2 pi i k n / N)`.

    Args:
        x: pair of real and imaginary part, of equal shapes and float dtype.

    Raises:
        ValueError: if `x` is no such pair.
    """
    return _parts(jnp.fft.fft(_joined(x)))


@op("math")
def fft2(x: tuple[Tensor, Tensor]) -> Complex:
    """Discrete Fourier transform along the last two axes of a pair (real, imaginary)."""
    return _parts(jnp.fft.fft2(_joined(x)))


@op("math")
def ifft2(x: tuple[Tensor, Tensor]) -> Complex:
    """Inverse of `fft2`."""
    return _parts(jnp.fft.ifft2(_joined(x)))


@op("math")
def rfft(x: Tensor, fft_length: int | None = None) -> Complex:
    """Transform of a real signal along the last axis: the `fft_length // 2 + 1` frequencies >= 0.

    Args:
        x: real, (..., N).
        fft_length: N is cut or padded with zeros to this; default N.
    """
    return _parts(jnp.fft.rfft(as_array(x), n=fft_length))


@op("math")
def irfft(x: tuple[Tensor, Tensor], fft_length: int | None = None) -> Array:
    """Inverse of `rfft`.

    Args:
        x: pair (real, imaginary), each (..., K).
        fft_length: length of the signal; default `2 * (K - 1)`, so name an odd length.
    """
    return jnp.fft.irfft(_joined(x), n=fft_length)


@op("math")
def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int) -> Array:
    """Windows of `sequence_length` along the last axis, one every `sequence_stride`.

    Args:
        x: (..., N).
        sequence_length: items a window.
        sequence_stride: items from one start to the next.

    Returns:
        (..., 1 + (N - sequence_length) // sequence_stride, sequence_length).

    Raises:
        ValueError: if a length is not positive.
    """
    x = as_array(x)
    if sequence_length < 1 or sequence_stride < 1:
        raise ValueError(
            "sequence_length and sequence_stride must be positive. Received: "
            f"sequence_length={sequence_length}, sequence_stride={sequence_stride}"
        )
    count = max(0, 1 + (x.shape[-1] - sequence_length) // sequence_stride)
    starts = np.arange(count)[:, None] * sequence_stride
    return x[..., starts + np.arange(sequence_length)]


@op("math")
def stft(
    x: Tensor,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Complex:
    """Short-time Fourier transform: `rfft` of windows of a signal.

    Args:
        x: real, (..., N), float.
        sequence_length: items a window.
        sequence_stride: items from one window to the next.
        fft_length: length of each transform, at least `sequence_length`.
        window: "hann" or "hamming" (periodic), an array of `sequence_length`, or None, which takes
            all `fft_length` items as they are.
        center: pads both ends by reflection, so that window t is centred at t * sequence_stride.

    Returns:
        Pair (real, imaginary), each (..., windows, fft_length // 2 + 1).

    Raises:
        ValueError: for an integer `x`, an `fft_length` too small or an unknown window.
    """
    x = as_array(x)
    if not jnp.issubdtype(x.dtype, jnp.floating):
        raise ValueError(f"x must be of a float dtype, to be transformed. Received: {x.dtype}")
    weights = _window(window, sequence_length, fft_length, x.dtype)
    if center:
        edges = [(0, 0)] * (x.ndim - 1) + [(fft_length // 2, fft_length // 2)]
        x = jnp.pad(x, edges, mode="reflect")
    windows = extract_sequences(x, fft_length, sequence_stride)
    return _parts(jnp.fft.rfft(windows * weights))


@op("math")
def istft(
    x: tuple[Tensor, Tensor],
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Array:
    """The signal whose `stft` with the same arguments is nearest to `x` in the least-squares sense.

    Windows are transformed back, weighted again, added where they overlap and divided by the sum of
    the squared weights (D. Griffin and J. Lim, Signal estimation from modified short-time Fourier
    transform, 1984). So it gives the signal back whatever the window, None included, for which
    Keras 3.15 gives the sum undivided.

    Args:
        x: pair (real, imaginary), each (..., windows, fft_length // 2 + 1).
        sequence_length: as given to `stft`.
        sequence_stride: as given to `stft`.
        fft_length: as given to `stft`.
        length: cut the signal to this; default: as long as the windows reach.
        window: as given to `stft`.
        center: as given to `stft`.

    Raises:
        ValueError: for an `fft_length` too small or an unknown window.
    """
    spectrum = _joined(x)
    weights = _window(window, sequence_length, fft_length, as_array(x[0]).dtype)
    windows = jnp.fft.irfft(spectrum, n=fft_length) * weights
    added = _overlap_add(windows, sequence_stride)
    squares = jnp.broadcast_to(weights**2, windows.shape[-2:])
    norm = _overlap_add(squares, sequence_stride)
    signal = jnp.where(norm > 1e-10, added / jnp.where(norm > 1e-10, norm, 1), added)
    start = fft_length // 2 if center else 0
    if length is not None:
        return signal[..., start : start + length]
    return signal[..., start : signal.shape[-1] - start]


def _overlap_add(windows: Array, stride: int) -> Array:
    """Sum of windows (..., T, L) at their places in a signal of (T - 1) * stride + L."""
    count, length = windows.shape[-2:]
    places = np.arange(count)[:, None] * stride + np.arange(length)
    signal = jnp.zeros((*windows.shape[:-2], (count - 1) * stride + length), windows.dtype)
    return signal.at[..., places].add(windows)


def _window(window: Any, length: int, fft_length: int, dtype: Any) -> Array:
    """The weights of a window, with zeros around them up to `fft_length`."""
    if fft_length < length:
        raise ValueError(
            "fft_length must be at least sequence_length. Received: "
            f"sequence_length={length}, fft_length={fft_length}"
        )
    if window is None:
        return jnp.ones(fft_length, dtype)
    left = (fft_length - length) // 2
    return jnp.pad(_weights(window, length, dtype), (left, fft_length - length - left))


def _weights(window: Any, length: int, dtype: Any) -> Array:
    if isinstance(window, str):
        if window not in _WINDOWS:
            raise ValueError(f"window must be one of {sorted(_WINDOWS)}. Received: {window!r}")
        constant, swing = _WINDOWS[window]
        wave = np.cos(2 * np.pi * np.arange(length) / length)
        return jnp.asarray(constant - swing * wave, dtype)
    weights = as_array(window, dtype)
    if weights.shape != (length,):
        raise ValueError(
            f"window must have the shape ({length},), one weight for each of sequence_length. "
            f"Received: shape {weights.shape}"
        )
    return weights


def _joined(x: Any) -> Array:
    """A pair (real, imaginary) as one complex array."""
    if not isinstance(x, tuple | list) or len(x) != 2:
        raise ValueError(
            "x must be a pair (real, imaginary) of arrays. "
            f"Received: {type(x).__name__}" + (f" of {len(x)}" if hasattr(x, "__len__") else "")
        )
    real, imaginary = as_array(x[0]), as_array(x[1])
    if real.shape != imaginary.shape:
        raise ValueError(
            "the real and the imaginary part must have equal shapes. "
            f"Received: {real.shape} and {imaginary.shape}"
        )
    for part in (real, imaginary):
        if not jnp.issubdtype(part.dtype, jnp.floating):
            raise ValueError(f"x must be of a float dtype, to be transformed. Got: {part.dtype}")
    return jnp.asarray(real) + 1j * jnp.asarray(imaginary)


def _parts(x: Array) -> Complex:
    return jnp.real(x), jnp.imag(x)
