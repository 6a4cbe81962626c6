"""Maximum and average over windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from jax import Array

from cornu import ops
from cornu.errors import did_you_mean
from cornu.layers.base.arguments import axis_sizes
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format

PADDINGS = ("valid", "same")


class BasePooling(Layer):
    """Base of pooling over windows; subclasses say which, and over how many axes.

    Args:
        pool_size: size of the window, one integer or one an axis.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.

    Raises:
        ValueError: for a size that is not positive, or an unknown padding or data format.
    """

    rank: ClassVar[int]
    mode: ClassVar[str]

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None,
        padding: str,
        data_format: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.pool_size = axis_sizes(pool_size, self.rank, "pool_size", self.name)
        strides = self.pool_size if strides is None else strides
        self.strides = axis_sizes(strides, self.rank, "strides", self.name)
        self.padding = str(padding).lower()
        if self.padding not in PADDINGS:
            raise ValueError(
                f"`padding` must be one of {PADDINGS}{did_you_mean(self.padding, PADDINGS)} "
                f"Received: padding={padding!r} (layer '{self.name}')"
            )
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def call(self, inputs: Array) -> Array:
        """The pooled inputs."""
        first = 1 if self.data_format == "channels_last" else 2
        spatial = inputs.shape[first : first + self.rank]
        too_large = any(n < window for n, window in zip(spatial, self.pool_size, strict=True))
        if self.padding == "valid" and too_large:
            raise ValueError(
                f"the window of layer '{self.name}' does not fit into its input: "
                f"pool_size={self.pool_size}, input of shape {inputs.shape}. "
                "Use padding='same' or fewer pooling layers"
            )
        pool = ops.max_pool if self.mode == "max" else ops.average_pool
        return pool(
            inputs,
            self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )


class MaxPooling1D(BasePooling):
    """Largest element of each window of sequences.

    Args:
        pool_size: size of the window.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        name: name of the layer.

    Input: (batch, time, channels), or channels first.
    Output: the same axes, smaller.

    Raises:
        ValueError: if the window is larger than the input and padding is "valid".
    """

    rank = 1
    mode = "max"

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class MaxPooling2D(BasePooling):
    """Largest element of each window of images.

    Args:
        pool_size: size of the window, one integer or one an axis.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        name: name of the layer.

    Input: (batch, height, width, channels), or channels first.
    Output: the same axes, smaller.

    Raises:
        ValueError: if the window is larger than the input and padding is "valid".
    """

    rank = 2
    mode = "max"

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class MaxPooling3D(BasePooling):
    """Largest element of each window of volumes.

    Args:
        pool_size: size of the window, one integer or one an axis.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        name: name of the layer.

    Input: (batch, depth, height, width, channels), or channels first.
    Output: the same axes, smaller.

    Raises:
        ValueError: if the window is larger than the input and padding is "valid".
    """

    rank = 3
    mode = "max"

    def __init__(
        self,
        pool_size: int | Sequence[int] = (2, 2, 2),
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling1D(BasePooling):
    """Mean of each window of sequences.

    Args:
        pool_size: size of the window.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        name: name of the layer.

    Input: (batch, time, channels), or channels first.
    Output: the same axes, smaller.

    Raises:
        ValueError: if the window is larger than the input and padding is "valid".
    """

    rank = 1
    mode = "average"

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling2D(BasePooling):
    """Mean of each window of images.

    Args:
        pool_size: size of the window, one integer or one an axis.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        name: name of the layer.

    Input: (batch, height, width, channels), or channels first.
    Output: the same axes, smaller.

    Raises:
        ValueError: if the window is larger than the input and padding is "valid".
    """

    rank = 2
    mode = "average"

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


class AveragePooling3D(BasePooling):
    """Mean of each window of volumes.

    Args:
        pool_size: size of the window, one integer or one an axis.
        strides: steps of the window; default: its size.
        padding: "valid" (windows stay inside) or "same" (size / stride comes out).
        data_format: "channels_last" or "channels_first"; default: the process's.
        name: name of the layer.

    Input: (batch, depth, height, width, channels), or channels first.
    Output: the same axes, smaller.

    Raises:
        ValueError: if the window is larger than the input and padding is "valid".
    """

    rank = 3
    mode = "average"

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)
