"""What both spectrograms ask of signals and windows."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu.core.scope import current


def assumed_long(signal: Array, window: int, step: int) -> Array:
    """`signal`, or while shapes are inferred and its length is unknown, one of many windows.

    The size that stands for an unknown one may be less than a window, and then no shape could be
    told from it.

    Args:
        signal: (..., time).
        window: samples a window.
        step: samples from one window to the next.
    """
    scope = current()
    probe = scope.probe if scope is not None and scope.abstract else None
    if probe is None or probe != signal.shape[-1]:
        return signal
    return jnp.zeros((*signal.shape[:-1], window + step * probe), signal.dtype)


def plain_window(window: Any, length: int, length_name: str, layer_name: str) -> Any:
    """A window's values as a list, so that they can stand in a config; a name or None as it is.

    Raises:
        ValueError: if there is not one number a sample.
    """
    if window is None or isinstance(window, str):
        return window
    values = np.asarray(window)
    if values.shape != (length,) or values.dtype.kind not in "biuf":
        raise ValueError(
            f"`window` must be a name, None, or {length} numbers, one for each of `{length_name}`. "
            f"Received: an array of shape {values.shape}, {values.dtype} (layer '{layer_name}')"
        )
    return values.astype(np.float64).tolist()
