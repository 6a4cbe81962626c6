"""Layers that cut off or add elements at the borders."""

from __future__ import annotations

from typing import Any

from jax import Array

from cornu import ops
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format

Pairs = tuple[tuple[int, int], ...]


def border_pairs(value: Any, rank: int, name: str, layer: Layer) -> Pairs:
    """(before, after) for each axis, of one integer, an integer an axis, or a pair an axis.

    Raises:
        ValueError: if it is none of these.
    """
    entries = [value] * rank if isinstance(value, int) else list(value)
    if rank == 1 and len(entries) == 2 and all(isinstance(entry, int) for entry in entries):
        entries = [entries]
    pairs = tuple(
        (entry, entry) if isinstance(entry, int) else tuple(int(n) for n in entry)
        for entry in entries
    )
    if len(pairs) != rank or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        form = (
            "an integer or a pair of them"
            if rank == 1
            else (f"an integer, {rank} integers, or {rank} pairs of integers")
        )
        raise ValueError(
            f"`{name}` must be {form}, none negative. "
            f"Received: {name}={value} (layer '{layer.name}')"
        )
    return pairs  # type: ignore[return-value]


class _Crop(Layer):
    """Cropping of any number of axes."""

    data_format = "channels_last"
    _pairs: Pairs

    def call(self, inputs: Array) -> Array:
        """The inputs without their borders."""
        first = 1 if self.data_format == "channels_last" else 2
        for axis, (before, after) in enumerate(self._pairs, first):
            if before + after >= inputs.shape[axis]:
                raise ValueError(
                    f"`cropping` {self._pairs} of layer '{self.name}' leaves nothing of axis "
                    f"{axis}. "
                    f"Received an input of shape {inputs.shape}"
                )
        keep = [slice(None)] * inputs.ndim
        for axis, (before, after) in enumerate(self._pairs, first):
            keep[axis] = slice(before, inputs.shape[axis] - after)
        return inputs[tuple(keep)]


class Cropping1D(_Crop):
    """Cuts off time steps at both ends.

    Args:
        cropping: how many at both ends, or (at the start, at the end).

    Input: (batch, time, features). Output: (batch, shorter time, features).

    Raises:
        ValueError: if nothing would be left.
    """

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._pairs = border_pairs(cropping, 1, "cropping", self)
        self.cropping = self._pairs[0]
        self.input_spec = InputSpec(ndim=3)


class Cropping2D(_Crop):
    """Cuts off the borders of images.

    Args:
        cropping: one integer, (vertical, horizontal), or ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, height, width, channels), or channels first. Output: the same, smaller.

    Raises:
        ValueError: if nothing would be left.
    """

    def __init__(
        self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.cropping = self._pairs = border_pairs(cropping, 2, "cropping", self)
        self.input_spec = InputSpec(ndim=4)


class Cropping3D(_Crop):
    """Cuts off the borders of volumes.

    Args:
        cropping: one integer, three, or three pairs (before, after).
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, depth, height, width, channels), or channels first. Output: the same, smaller.

    Raises:
        ValueError: if nothing would be left.
    """

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.cropping = self._pairs = border_pairs(cropping, 3, "cropping", self)
        self.input_spec = InputSpec(ndim=5)


class _Pad(Layer):
    """Zero padding of any number of axes."""

    data_format: str
    _pairs: Pairs

    def call(self, inputs: Array) -> Array:
        """The inputs with zeros around them."""
        last = self.data_format == "channels_last"
        widths = ((0, 0), *self._pairs, (0, 0)) if last else ((0, 0), (0, 0), *self._pairs)
        return ops.pad(inputs, widths)


class ZeroPadding1D(_Pad):
    """Adds time steps of zeros at both ends.

    Args:
        padding: how many at both ends, or (at the start, at the end).
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, time, features), or channels first. Output: the same, longer.
    """

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self._pairs = border_pairs(padding, 1, "padding", self)
        self.padding = self._pairs[0]
        self.input_spec = InputSpec(ndim=3)


class ZeroPadding2D(_Pad):
    """Adds zeros around images.

    Args:
        padding: one integer, (vertical, horizontal), or ((top, bottom), (left, right)).
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, height, width, channels), or channels first. Output: the same, larger.
    """

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.padding = self._pairs = border_pairs(padding, 2, "padding", self)
        self.input_spec = InputSpec(ndim=4)


class ZeroPadding3D(_Pad):
    """Adds zeros around volumes.

    Args:
        padding: one integer, three, or three pairs (before, after).
        data_format: "channels_last" or "channels_first"; default: the process's.

    Input: (batch, depth, height, width, channels), or channels first. Output: the same, larger.
    """

    def __init__(
        self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.padding = self._pairs = border_pairs(padding, 3, "padding", self)
        self.input_spec = InputSpec(ndim=5)
