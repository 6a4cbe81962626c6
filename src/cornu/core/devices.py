"""Where arrays are put and programs run: `with device("gpu:0"): ...`."""

from __future__ import annotations

import contextlib
from typing import Any

import jax


def device(device_name: Any) -> contextlib.AbstractContextManager[Any]:
    """A context in which arrays are made and programs run on one device.

    Args:
        device_name: kind and number, e.g. "gpu:0", "cpu:1" or "cpu" for the first of them; or a
            `jax.Device`.

    Raises:
        ValueError: if there is no such device.
        TypeError: if it is neither text nor a device.

    Example:
        >>> import cornu
        >>> with cornu.device("cpu:0"):
        ...     x = cornu.ops.ones((2,))
    """
    return jax.default_device(_find(device_name))


def _find(device_name: Any) -> Any:
    if isinstance(device_name, jax.Device):
        return device_name
    if not isinstance(device_name, str):
        raise TypeError(
            "device_name must be text like 'gpu:0' or a jax.Device. "
            f"Received: {type(device_name).__name__}"
        )
    kind, _, number = device_name.lower().partition(":")
    try:
        return jax.devices(kind)[int(number or 0)]
    except (RuntimeError, ValueError, IndexError):
        here = [f"{d.platform}:{d.id}" for d in jax.devices()]
        raise ValueError(f"there is no device {device_name!r}; there are: {here}") from None
