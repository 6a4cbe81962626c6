"""Initializers whose numbers form a pattern: identity, orthogonal matrices, Fourier kernels."""

from __future__ import annotations

import math
from typing import Any

import jax
import numpy as np

from cornu.errors import short
from cornu.initializers.draws import RandomInitializer, Seed, normal
from cornu.initializers.initializer import Initializer, wanted, wanted_float
from cornu.types import Array, DType, Shape


class Identity(Initializer):
    """The identity matrix, times a factor; rows or columns beyond the square are zero.

    Args:
        gain: the factor.

    Example:
        >>> Identity()((2, 3)).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """A matrix.

        Raises:
            ValueError: if `shape` has not two dimensions.
        """
        sizes, held = wanted(shape, dtype)
        if len(sizes) != 2:
            raise ValueError(f"Identity makes matrices; shape must have 2 sizes. Received: {sizes}")
        return jax.device_put((self.gain * np.eye(*sizes)).astype(held))

    def get_config(self) -> dict[str, Any]:
        """The gain, where it is not 1 (Keras never writes it)."""
        return {} if self.gain == 1.0 else super().get_config()


class Orthogonal(RandomInitializer):
    """A random matrix whose rows, or whose columns, are orthonormal, whichever are fewer.

    A weight with more than two dimensions is that matrix reshaped, with the last dimension as its
    columns. Saxe et al., 2014.

    Args:
        gain: factor on the matrix.
        seed: see `RandomInitializer`.
    """

    def __init__(self, gain: float = 1.0, seed: Seed = None) -> None:
        self.gain = gain
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Numbers of a float dtype.

        Raises:
            ValueError: if `shape` has fewer than two dimensions.
        """
        sizes, held = wanted_float(self, shape, dtype)
        if len(sizes) < 2:
            raise ValueError(
                f"Orthogonal needs a shape of at least 2 dimensions. Received: shape={sizes}"
            )
        rows, columns = math.prod(sizes[:-1]), sizes[-1]
        tall = normal(self.seed, (max(rows, columns), min(rows, columns)), np.dtype(np.float32))
        # On the host: LAPACK does it either way, and this way nothing is compiled.
        q, r = np.linalg.qr(np.asarray(tall))
        q = q * np.sign(np.diagonal(r))  # makes the factorization unique, and the draw uniform
        matrix = q.T if rows < columns else q
        return jax.device_put((self.gain * matrix.reshape(sizes)).astype(held))


class STFT(Initializer):
    """Kernel of a convolution that computes a short-time Fourier transform: one half of it.

    The weight has shape (frame length, 1, number of frequencies); with F frequencies the transform
    has 2 (F - 1) points. At time t and frequency k it is `w[t] cos(2 pi k t / (2 (F - 1)))`, or
    with `-sin` for the imaginary half, where w is the scaled window.

    Args:
        side: "real" or "imag".
        window: name of a window in `scipy.signal.windows`, its values (one a sample of the frame),
            or None for no window.
        scaling: "density" divides the window by its 2-norm, "spectrum" by its sum; None leaves it.
        periodic: whether a window given by name is periodic rather than symmetric.

    Raises:
        ValueError: for an unknown side, scaling or window.
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(f"side must be 'real' or 'imag'. Received: side={short(side)}")
        if scaling not in ("density", "spectrum", None):
            raise ValueError(
                f"scaling must be 'density', 'spectrum' or None. Received: scaling={short(scaling)}"
            )
        if isinstance(window, str):
            _named_window(window, 4, periodic)
        self.side = side
        self.window = window
        self.scaling = scaling
        self.periodic = periodic

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """A kernel.

        Raises:
            ValueError: if `shape` has not three dimensions, or window values do not fit the frame.
        """
        sizes, held = wanted_float(self, shape, dtype)
        if len(sizes) != 3:
            raise ValueError(
                "STFT makes kernels of shape (frame length, 1, frequencies). "
                f"Received: shape={sizes}"
            )
        length, _, frequencies = sizes
        time = np.arange(length).reshape(-1, 1, 1)
        angle = 2 * np.pi / ((frequencies - 1) * 2) * time * np.arange(frequencies)
        wave = np.cos(angle) if self.side == "real" else -np.sin(angle)
        return jax.device_put((wave * self._scaled_window(length).reshape(-1, 1, 1)).astype(held))

    def _scaled_window(self, length: int) -> np.ndarray:
        if self.window is None:
            return np.ones(length)
        if isinstance(self.window, str):
            window = _named_window(self.window, length, self.periodic)
        else:
            window = np.asarray(self.window, np.float64)
        if window.shape != (length,):
            raise ValueError(f"window has shape {window.shape}, but the frame has {length} samples")
        norms = {"density": np.sqrt(np.sum(window**2)), "spectrum": np.sum(np.abs(window))}
        return window / norms[self.scaling] if self.scaling else window


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray:
    # A third of a second to import, for this class alone.
    from scipy.signal import get_window  # noqa: PLC0415

    try:
        return np.asarray(get_window(name, length, fftbins=periodic))
    except ValueError as error:
        raise ValueError(
            f"window must be a name in `scipy.signal.windows`, its values, or None. "
            f"Received: window={short(name)} ({error})"
        ) from None
