"""MelSpectrogram: how loud a signal is over time, at pitches as the ear tells them apart."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu import ops
from cornu.core import dtypes
from cornu.errors import short, warn
from cornu.layers.audio.signal import assumed_long, plain_window
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer
from cornu.types import DType


class MelSpectrogram(Layer):
    """Spectrogram of a signal with frequencies on the mel scale, by default in decibels.

    The magnitudes of the short-time Fourier transform (`ops.stft`, centred) to the power `mag_exp`
    are added up in overlapping triangular bands, which are equally wide on the mel scale
    `1127 ln(1 + f / 700)` (S. Stevens, J. Volkmann and E. Newman, 1937; the formula is that of
    the Hidden Markov Model Toolkit).

    Args:
        fft_length: points of each transform.
        sequence_stride: samples from one window to the next.
        sequence_length: samples a window; default `fft_length`.
        window: "hann" or "hamming" (periodic), an array of `sequence_length`, or None.
        sampling_rate: samples a second.
        num_mel_bins: number of bands.
        min_freq: where the first band begins, in Hz.
        max_freq: where the last band ends, in Hz; default half the sampling rate.
        power_to_db: whether the result is in decibels, `10 log10(power / ref_power)`.
        top_db: decibels below the loudest value of all inputs are cut off there; None: they are
            not.
        mag_exp: 1 for magnitudes, 2 for powers.
        min_power: smaller powers count as this, before the logarithm.
        ref_power: power of 0 decibels.

    Where the signal is silent, values depend on the loudest of all inputs of the call (`top_db`).

    Input: (time,) or (batch, time). Output: (num_mel_bins, windows) or (batch, num_mel_bins,
    windows), with `1 + time // sequence_stride` windows.

    Raises:
        ValueError: for arguments that are not positive or do not fit together.
    """

    rows_independent = False  # `top_db` counts from the loudest value of the whole batch

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float | None = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fft_length = positive_integer(fft_length, "fft_length", self.name)
        self.sequence_stride = positive_integer(sequence_stride, "sequence_stride", self.name)
        length = self.fft_length if sequence_length is None else sequence_length
        self.sequence_length = positive_integer(length, "sequence_length", self.name)
        if self.fft_length < self.sequence_length:
            raise ValueError(
                "`fft_length` must be at least `sequence_length`. Received: "
                f"fft_length={fft_length}, sequence_length={sequence_length} (layer '{self.name}')"
            )
        self.window = plain_window(window, self.sequence_length, "sequence_length", self.name)
        self.sampling_rate = self._positive(sampling_rate, "sampling_rate")
        self.num_mel_bins = positive_integer(num_mel_bins, "num_mel_bins", self.name)
        self.min_freq = min_freq
        self.max_freq = int(sampling_rate / 2) if max_freq is None else max_freq
        self._check_range()
        self.power_to_db = bool(power_to_db)
        self.top_db = None if top_db is None else self._positive(top_db, "top_db")
        self.mag_exp = self._positive(mag_exp, "mag_exp")
        self.min_power = self._positive(min_power, "min_power")
        self.ref_power = self._positive(ref_power, "ref_power")

    def _positive(self, value: Any, name: str) -> Any:
        is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
        if not is_number or not value > 0:
            raise ValueError(
                f"`{name}` must be a positive number. "
                f"Received: {name}={short(value)} (layer '{self.name}')"
            )
        return value

    def _check_range(self) -> None:
        if not 0 <= self.min_freq < self.max_freq:
            raise ValueError(
                "`min_freq` must be at least 0 and less than `max_freq` (by default half the "
                f"sampling rate). Received: min_freq={short(self.min_freq)}, "
                f"max_freq={short(self.max_freq)} (layer '{self.name}')"
            )
        if self.max_freq > self.sampling_rate / 2:
            warn(
                f"layer '{self.name}': a signal of sampling_rate={self.sampling_rate} holds "
                f"frequencies up to {self.sampling_rate / 2} Hz; bands above, up to "
                f"max_freq={self.max_freq}, stay empty"
            )

    def call(self, inputs: Array) -> Array:
        """The spectrogram, computed in float32 whatever the policy."""
        signal = inputs.astype(jnp.promote_types(inputs.dtype, jnp.float32))
        real, imaginary = ops.stft(
            assumed_long(signal, self.fft_length, self.sequence_stride),
            sequence_length=self.sequence_length,
            sequence_stride=self.sequence_stride,
            fft_length=self.fft_length,
            window=self.window,
        )
        bands = mel_bands(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            self.sampling_rate,
            self.min_freq,
            self.max_freq,
        )
        power = _power(real, imaginary, self.mag_exp)
        found = jnp.swapaxes(jnp.matmul(power, jnp.asarray(bands, power.dtype)), -1, -2)
        return (self._decibels(found) if self.power_to_db else found).astype(self.compute_dtype)

    def _decibels(self, power: Array) -> Array:
        zero = 10.0 * math.log10(max(self.ref_power, self.min_power))
        found = 10.0 * jnp.log10(jnp.maximum(power, self.min_power)) - zero
        if self.top_db is None:
            return found
        loudest = jnp.max(found, initial=-jnp.inf)
        return jnp.maximum(found, loudest - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: DType = "float32",
    ) -> Array:
        """The matrix that adds up frequencies in bands.

        Args:
            num_mel_bins: number of bands.
            num_spectrogram_bins: number of frequencies, from 0 to half the sampling rate.
            sampling_rate: samples a second.
            lower_edge_hertz: where the first band begins.
            upper_edge_hertz: where the last band ends.
            dtype: of the matrix.

        Returns:
            (num_spectrogram_bins, num_mel_bins); frequency 0 is in no band.
        """
        bands = mel_bands(
            num_mel_bins, num_spectrogram_bins, sampling_rate, lower_edge_hertz, upper_edge_hertz
        )
        return jnp.asarray(bands, dtypes.held(dtype))


def _mel(hertz: Any) -> np.ndarray:
    return 1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0)


@functools.lru_cache(maxsize=64)
def mel_bands(
    count: int, frequencies: int, sampling_rate: float, lowest: float, highest: float
) -> np.ndarray:
    """Triangles on the mel scale, as a matrix (frequencies, count).

    Args:
        count: number of triangles; each begins and ends where its neighbours peak.
        frequencies: number of frequencies, from 0 to half of `sampling_rate`. Frequency 0, the
            signal's mean, is in no triangle.
        sampling_rate: samples a second.
        lowest: Hz where the first triangle begins.
        highest: Hz where the last one ends.
    """
    places = _mel(np.linspace(0.0, sampling_rate / 2, frequencies))[1:, None]
    corners = np.linspace(_mel(lowest), _mel(highest), count + 2)
    begin, peak, end = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (places - begin) / (peak - begin), (end - places) / (end - peak)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.concatenate([np.zeros((1, count)), triangles])


def _power(real: Array, imaginary: Array, exponent: float) -> Array:
    """`|X| ** exponent`, with finite gradients where X is 0."""
    square = real**2 + imaginary**2
    if exponent == 2:
        return square
    positive = square > 0
    return jnp.where(positive, jnp.where(positive, square, 1) ** (exponent / 2), 0)
