"""STFTSpectrogram: the short-time Fourier transform as a layer that can be trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from cornu import initializers, ops
from cornu.core.variable import Variable
from cornu.errors import did_you_mean, short, warn
from cornu.layers.audio.signal import assumed_long, plain_window
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format
from cornu.settings import settings


class STFTSpectrogram(Layer):
    """Spectrogram of each channel of a signal, by the short-time Fourier transform.

    Frames of the signal are multiplied with two kernels, which hold the windowed cosines and sines
    of the transform (`initializers.STFT`) and are trained unless `trainable=False`.

    Args:
        mode: what comes out of the transform X. "psd" is `|X|^2`, twice that for the frequencies
            between the first and the last, which stand for two; "magnitude" is `|X|`, at least
            `sqrt(epsilon())`; "log" its natural logarithm; "angle" the phase; "real" and "imag" the
            parts; "stft" the real part, then the imaginary one.
        frame_length: samples a frame.
        frame_step: samples from one frame to the next, at most a frame; default half of one.
        fft_length: points of the transform, at least a frame, and even (of an odd number one point
            is left out); default the next power of 2. There are `fft_length // 2 + 1` frequencies.
        window: name of a window in `scipy.signal.windows`, its values (one a sample of the frame),
            or None for no window.
        periodic: whether a window given by name is periodic rather than symmetric.
        scaling: "density" divides the window by its 2-norm, "spectrum" by its sum; None leaves it.
        padding: "valid" (frames stay inside the signal) or "same" (time / step of them).
        expand_dims: whether channels keep an axis of their own, so that the output is an image.
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, time, channels) of floats, or channels first. Output: (batch, frames, channels *
    frequencies), or with `expand_dims` (batch, frames, frequencies, channels); channels first
    (batch, channels * frequencies, frames), or (batch, channels, frames, frequencies). "stft" has
    twice as many frequencies.

    Raises:
        ValueError: for arguments that are not as above, and signals shorter than a frame.
        TypeError: for signals of integers.
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: Any = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: str = "valid",
        expand_dims: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.mode = self._one_of(mode, MODES, "mode")
        self.frame_length = positive_integer(frame_length, "frame_length", self.name)
        self.frame_step, self.fft_length = frame_step, fft_length
        self._step, self._points = self._lengths()
        self.window = plain_window(window, self.frame_length, "frame_length", self.name)
        self.periodic = bool(periodic)
        self.scaling = scaling
        self._initializers = {
            side: initializers.STFT(side, self.window, scaling, self.periodic)
            for side in ("real", "imag")
        }
        self.padding = self._one_of(padding, ("valid", "same"), "padding")
        self.expand_dims = bool(expand_dims)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=3)

    def _one_of(self, value: Any, known: Iterable[str], name: str) -> str:
        known = tuple(known)
        if value not in known:
            raise ValueError(
                f"`{name}` must be one of {known}{did_you_mean(value, known)} "
                f"Received: {name}={short(value)} (layer '{self.name}')"
            )
        return value

    def _lengths(self) -> tuple[int, int]:
        """Samples from frame to frame, and points of the transform, where not given by default."""
        frame, place = self.frame_length, f"(layer '{self.name}')"
        step = frame // 2 if self.frame_step is None else self.frame_step
        step = positive_integer(step, "frame_step", self.name)
        if step > frame:
            raise ValueError(
                "`frame_step` must be at most `frame_length`, or samples would be left out. "
                f"Received: frame_step={step}, frame_length={frame} {place}"
            )
        points = 1 << (frame - 1).bit_length() if self.fft_length is None else self.fft_length
        points = positive_integer(points, "fft_length", self.name)
        if points < max(frame, 2):
            raise ValueError(
                "`fft_length` must be at least 2 and at least `frame_length`. "
                f"Received: fft_length={points}, frame_length={frame} {place}"
            )
        if points % 2:
            warn(
                f"`fft_length` should be even: the kernels of fft_length={points} compute a "
                f"transform of {points - 1} points {place}"
            )
        return step, points

    def build(self, input_shape: Any) -> None:
        """Make a kernel (frame_length, 1, frequencies) for each part of the transform needed."""
        shape = (self.frame_length, 1, self._points // 2 + 1)
        for side in self._sides:
            kernel = self.add_weight(
                name=f"{side}_kernel", shape=shape, initializer=self._initializers[side]
            )
            setattr(self, f"{side}_kernel", kernel)

    @property
    def _sides(self) -> tuple[str, ...]:
        return (self.mode,) if self.mode in ("real", "imag") else ("real", "imag")

    def call(self, inputs: Array) -> Array:
        """The spectrogram."""
        if not jnp.issubdtype(inputs.dtype, jnp.floating):
            raise TypeError(
                f"layer '{self.name}' (STFTSpectrogram) takes signals of a float dtype; divide "
                "integers by what counts as 1, for example `x / 32768` for 16 bits. "
                f"Received: {inputs.dtype}"
            )
        last = self.data_format == "channels_last"
        frames = self._frames(jnp.swapaxes(inputs, 1, 2) if last else inputs)
        kernels: list[Variable] = [getattr(self, f"{side}_kernel") for side in self._sides]
        kernel = ops.squeeze(ops.concatenate(kernels, axis=-1), axis=1)
        parts = jnp.split(jnp.matmul(frames, kernel), len(kernels), axis=-1)
        return self._arranged(MODES[self.mode](*parts))

    def _frames(self, signal: Array) -> Array:
        """Frames (batch, channels, frames, samples) of (batch, channels, time)."""
        frame, step = self.frame_length, self._step
        signal = assumed_long(signal, frame, step)
        if self.padding == "same":
            pads = lax.padtype_to_pads(signal.shape[-1:], (frame,), (step,), "SAME")
            signal = jnp.pad(signal, ((0, 0), (0, 0), *pads))
        if signal.shape[-1] < frame:
            raise ValueError(
                f"the signal is shorter than a frame of layer '{self.name}': frame_length={frame}, "
                f"{self.data_format}, time={signal.shape[-1]}. Use padding='same', shorter frames "
                "or longer signals"
            )
        return ops.extract_sequences(signal, frame, step)

    def _arranged(self, found: Array) -> Array:
        """(batch, channels, frames, frequencies) as the arguments say."""
        batch, channels, frames, frequencies = found.shape
        last = self.data_format == "channels_last"
        if self.expand_dims:
            return jnp.transpose(found, (0, 2, 3, 1)) if last else found
        if last:
            joined = jnp.transpose(found, (0, 2, 1, 3))
            return jnp.reshape(joined, (batch, frames, channels * frequencies))
        joined = jnp.swapaxes(found, 2, 3)
        return jnp.reshape(joined, (batch, channels * frequencies, frames))


# -- what comes out of the transform ---------------------------------------------------------------


def _magnitude(real: Array, imaginary: Array) -> Array:
    return jnp.sqrt(jnp.maximum(real**2 + imaginary**2, settings.epsilon))


def _density(real: Array, imaginary: Array) -> Array:
    twice = np.full(real.shape[-1], 2)
    twice[[0, -1]] = 1
    return (real**2 + imaginary**2) * jnp.asarray(twice, real.dtype)


def _angle(real: Array, imaginary: Array) -> Array:
    """The phase; 0 where there is none, with gradients of 0."""
    silent = (real == 0) & (imaginary == 0)
    return jnp.where(silent, 0, jnp.arctan2(imaginary, jnp.where(silent, 1, real)))


def _only(part: Array) -> Array:
    return part


MODES: dict[str, Callable[..., Array]] = {
    "log": lambda real, imaginary: jnp.log(_magnitude(real, imaginary)),
    "magnitude": _magnitude,
    "psd": _density,
    "real": _only,
    "imag": _only,
    "angle": _angle,
    "stft": lambda real, imaginary: jnp.concatenate([real, imaginary], axis=-1),
}
