"""Maximum and average over all places."""

from __future__ import annotations

from typing import Any, ClassVar

from jax import Array

from cornu import ops
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format


class BaseGlobalPooling(Layer):
    """Base of pooling over all places; subclasses say over how many axes.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the pooled axes stay, with size 1.
    """

    rank: ClassVar[int]

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def places(self) -> tuple[int, ...]:
        """The axes that are pooled."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))


class _Maximum(BaseGlobalPooling):
    def call(self, inputs: Array) -> Array:
        """The maximum over all places."""
        return ops.max(inputs, axis=self.places, keepdims=self.keepdims)


class _Average(BaseGlobalPooling):
    def call(self, inputs: Array) -> Array:
        """The mean over all places."""
        return ops.mean(inputs, axis=self.places, keepdims=self.keepdims)


class GlobalMaxPooling1D(_Maximum):
    """Largest element of each channel of sequences.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input: (batch, time, channels), or channels first. Output: (batch, channels).
    """

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)


class GlobalMaxPooling2D(_Maximum):
    """Largest element of each channel of images.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input: (batch, height, width, channels), or channels first. Output: (batch, channels).
    """

    rank = 2

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)


class GlobalMaxPooling3D(_Maximum):
    """Largest element of each channel of volumes.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input: (batch, depth, height, width, channels), or channels first. Output: (batch, channels).
    """

    rank = 3

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)


class GlobalAveragePooling1D(BaseGlobalPooling):
    """Mean of each channel of sequences; time steps outside the mask do not count.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the time axis stays, with size 1.

    Input: (batch, time, channels), or channels first. Output: (batch, channels).
    """

    rank = 1

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Array, mask: Any = None) -> Array:
        """The mean over time, of the steps that count."""
        axis = self.places[0]
        if mask is None:
            return ops.mean(inputs, axis=axis, keepdims=self.keepdims)
        weights = ops.expand_dims(ops.cast(mask, inputs.dtype), 3 - axis)
        total = ops.sum(inputs * weights, axis=axis, keepdims=self.keepdims)
        return total / ops.sum(weights, axis=axis, keepdims=self.keepdims)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """No mask: there is no time axis any more."""
        del inputs, mask


class GlobalAveragePooling2D(_Average):
    """Mean of each channel of images.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input: (batch, height, width, channels), or channels first. Output: (batch, channels).
    """

    rank = 2

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)


class GlobalAveragePooling3D(_Average):
    """Mean of each channel of volumes.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's.
        keepdims: whether the pooled axes stay, with size 1.

    Input: (batch, depth, height, width, channels), or channels first. Output: (batch, channels).
    """

    rank = 3

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)
