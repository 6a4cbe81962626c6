"""Fourier transforms and windows of signals."""

import numpy as np

from oracle.ops.row import MATRIX, random, row, rows

REAL, IMAGINARY = random(2, 3, 8, 16)
SIGNAL = random(2, 50)
SPECTRUM = tuple(random(2, 2, 7, 9))
WEIGHTS = np.linspace(0.5, 1, 9, dtype="float32")

ROWS = [
    *rows("fft fft2 ifft2", (REAL, IMAGINARY)),
    *rows("fft fft2", (REAL, IMAGINARY[:2])),
    *rows("fft irfft", (REAL, IMAGINARY, REAL)),
    *[row("rfft", REAL, fft_length=n) for n in (None, 5, 16, 21, 0)],
    *[row("irfft", (REAL, IMAGINARY), fft_length=n) for n in (None, 5, 30, 37)],
    row("extract_sequences", SIGNAL, 7, 3),
    row("extract_sequences", SIGNAL, 50, 1),
    row("extract_sequences", SIGNAL, 7, 0),
    *[row("stft", SIGNAL, length, 4, 16, window=window, center=center)
      for length, window, center in (
          (9, "hann", True), (16, "hamming", False), (16, None, True), (9, None, False),
      )],
    row("stft", SIGNAL, 9, 4, 16, window=WEIGHTS).but(unknown=((0,), ())),
    row("stft", SIGNAL, 16, 4, 8),
    row("stft", SIGNAL, 9, 4, 16, window="box"),
    *[row("istft", SPECTRUM, length, 4, 16, window=window, center=center, length=size)
      for length, window, center, size in (
          (9, "hann", True, None), (16, "hamming", False, 20), (16, "hann", True, 20),
      )],
    row("rfft", MATRIX[:, 0]),
]  # fmt: skip
