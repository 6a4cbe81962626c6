"""Fourier transforms: there and back, shapes, errors; values are compared in tests/oracle/ops."""

import jax
import numpy as np
import pytest

import cornu
from cornu import ops

random = np.random.default_rng(0)
SIGNAL = random.normal(size=(2, 50)).astype("float32")


@pytest.mark.parametrize("window", ["hann", "hamming", None])
def test_there_and_back(window):
    options = {"sequence_length": 16, "sequence_stride": 4, "fft_length": 16, "window": window}
    back = ops.istft(ops.stft(SIGNAL, **options), **options, length=48)
    np.testing.assert_allclose(back, SIGNAL[:, :48], atol=1e-5)


def test_shapes_with_unknown_sizes():
    x = cornu.Input((50,))
    real, imaginary = ops.stft(x, 16, 4, 16)
    assert real.shape == imaginary.shape == (None, 13, 9)
    assert ops.istft((real, imaginary), 16, 4, 16).shape == (None, 48)
    assert ops.extract_sequences(cornu.Input((None,)), 4, 2).shape == (None, None, 4)


def test_gradient_flows():
    def energy(x):
        real, imaginary = ops.stft(x, 16, 4, 16)
        return (real**2 + imaginary**2).sum()

    assert np.isfinite(jax.grad(energy)(SIGNAL)).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.fft(SIGNAL[0, :3]), "pair"),
        (lambda: ops.fft((SIGNAL, SIGNAL[:, 1:])), "equal shapes"),
        (lambda: ops.fft((np.arange(3), np.arange(3))), "float dtype"),
        (lambda: ops.stft(SIGNAL, 16, 4, 8), "at least sequence_length"),
        (lambda: ops.stft(SIGNAL, 16, 4, 16, window="box"), "'box'"),
        (lambda: ops.stft(SIGNAL, 16, 4, 16, window=np.ones(3)), r"\(16,\)"),
        (lambda: ops.stft(np.arange(50), 16, 4, 16), "float dtype"),
        (lambda: ops.extract_sequences(SIGNAL, 0, 1), "positive"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
