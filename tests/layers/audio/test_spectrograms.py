"""Spectrograms against formulas, and where the real Keras has no answer."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cornu
from cornu import layers

RATE = 8000
TIME = np.arange(2000) / RATE


def tone(hertz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * TIME).astype("float32")


@pytest.mark.parametrize("hertz", [500, 1000, 3000])
def test_a_tone_is_loudest_at_its_own_frequency(hertz: int) -> None:
    layer = layers.STFTSpectrogram(frame_length=256, mode="psd")
    found = np.asarray(layer(tone(hertz)[None, :, None]))
    assert (np.argmax(found, axis=-1) == hertz * 256 // RATE).all()


def test_the_whole_of_a_density_is_the_power_of_the_signal() -> None:
    """Parseval: without a window, frequencies add up to the sum of squares."""
    x = np.random.default_rng(1).normal(size=(2, 64, 1)).astype("float32")
    layer = layers.STFTSpectrogram(
        mode="psd", frame_length=16, frame_step=16, window=None, scaling=None
    )
    total = np.sum(layer(x), axis=(1, 2)) / 16
    np.testing.assert_allclose(total, np.sum(x**2, axis=(1, 2)), rtol=1e-5)


def test_mel_bands_meet_at_their_peaks() -> None:
    layer = layers.MelSpectrogram()
    bands = np.asarray(layer.linear_to_mel_weight_matrix(20, 2049, RATE, 100.0, 3000.0))
    hertz = np.linspace(0, RATE / 2, 2049)
    assert not bands[(hertz <= 100) | (hertz >= 3000)].any()
    peaks = hertz[np.argmax(bands, axis=0)]
    between = (hertz > peaks[0] + 2) & (hertz < peaks[-1] - 2)
    np.testing.assert_allclose(bands[between].sum(axis=1), 1, atol=1e-5)
    steps = np.diff(1127 * np.log(1 + peaks / 700))
    np.testing.assert_allclose(steps, steps.mean(), rtol=0.1)


def test_mel_without_a_least_loudness() -> None:
    arguments: dict[str, Any] = {"fft_length": 32, "sequence_stride": 16, "num_mel_bins": 4}
    x = np.zeros((1, 64), "float32")
    x[0, :16] = 1000.0
    found = np.asarray(layers.MelSpectrogram(**arguments, top_db=None)(x))
    assert found.min() == pytest.approx(-100.0)
    cut = np.asarray(layers.MelSpectrogram(**arguments)(x))
    np.testing.assert_allclose(cut, np.maximum(found, found.max() - 80), rtol=1e-6)


@pytest.mark.parametrize("mode", ["log", "magnitude", "psd", "angle", "stft"])
def test_gradients_of_silence_are_finite(mode: str) -> None:
    layer = layers.STFTSpectrogram(mode=mode, frame_length=8)
    gradient = jax.grad(lambda x: jnp.sum(layer(x)))(jnp.zeros((1, 16, 1)))
    assert np.isfinite(gradient).all()


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_mel_gradients_of_silence_are_finite(exponent: float) -> None:
    layer = layers.MelSpectrogram(
        fft_length=16, sequence_stride=8, num_mel_bins=3, mag_exp=exponent, power_to_db=False
    )
    gradient = jax.grad(lambda x: jnp.sum(layer(x)))(jnp.zeros((1, 32)))
    assert np.isfinite(gradient).all()


def test_kernels_learn_unless_told_otherwise() -> None:
    x = np.random.default_rng(2).normal(size=(8, 64, 1)).astype("float32")
    for trainable in (True, False):
        spectrogram = layers.STFTSpectrogram(
            frame_length=16, mode="psd", trainable=trainable, dtype="float32"
        )
        head = [layers.GlobalAveragePooling1D(), layers.Dense(1)]
        model = cornu.Sequential([cornu.Input((64, 1)), spectrogram, *head])
        model.compile("sgd", "mse")
        before = spectrogram.get_weights()
        model.fit(x, np.ones((8, 1)), verbose=0)
        after = spectrogram.get_weights()
        moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
        assert moved == [trainable, trainable]


@pytest.mark.parametrize("length", [None, 5000])
def test_frames_longer_than_a_probe_have_a_shape(length: int | None) -> None:
    inputs = cornu.Input((length, None))
    output = layers.STFTSpectrogram(frame_length=2048, expand_dims=True)(inputs)
    frames = None if length is None else 1 + (length - 2048) // 1024
    assert output.shape == (None, frames, 1025, None)
    assert layers.MelSpectrogram(sequence_stride=2000)(cornu.Input((None,))).shape[2] is None
