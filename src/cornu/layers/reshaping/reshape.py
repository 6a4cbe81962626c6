"""Layers that give the same elements another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from jax import Array

from cornu import ops
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format


class Flatten(Layer):
    """Each row as one vector.

    Args:
        data_format: "channels_last" or "channels_first"; default: the process's. Both give vectors
            in the order of channels last.

    Input: (batch, ...). Output: (batch, product of the other sizes).
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Array) -> Array:
        """The rows as vectors."""
        if self.data_format == "channels_first" and inputs.ndim > 1:
            inputs = ops.moveaxis(inputs, 1, -1)
        # Not -1: a batch of no rows has no size to work out.
        return ops.reshape(inputs, (inputs.shape[0], math.prod(inputs.shape[1:])))


class Reshape(Layer):
    """Each row in another shape.

    Args:
        target_shape: sizes without the batch axis; one may be -1 and is worked out.

    Input: (batch, ...). Output: (batch, *target_shape).

    Raises:
        ValueError: if `target_shape` holds more than one -1 or does not fit the input.
    """

    def __init__(self, target_shape: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        sizes = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        self.target_shape = tuple(int(size) for size in sizes)
        if self.target_shape.count(-1) > 1 or any(size < -1 for size in self.target_shape):
            raise ValueError(
                "`target_shape` must hold sizes, at most one of them -1. "
                f"Received: target_shape={target_shape} (layer '{self.name}')"
            )

    def call(self, inputs: Array) -> Array:
        """The rows in the new shape."""
        total = math.prod(inputs.shape[1:])
        known = math.prod(size for size in self.target_shape if size != -1)
        open_ended = -1 in self.target_shape
        if (total % known if known else total) if open_ended else total != known:
            raise ValueError(
                f"layer '{self.name}' cannot reshape rows of shape {tuple(inputs.shape[1:])} "
                f"({total} elements) into target_shape={self.target_shape}"
            )
        missing = total // known if known else 0
        sizes = tuple(missing if size == -1 else size for size in self.target_shape)
        return ops.reshape(inputs, (inputs.shape[0], *sizes))


class Permute(Layer):
    """The axes of each row in another order.

    Args:
        dims: the axes, counted from 1: `(2, 1)` exchanges the two axes of each row.

    Input: (batch, ...). Output: the same with axes permuted.

    Raises:
        ValueError: if `dims` is no permutation of 1, 2, ...
    """

    def __init__(self, dims: Sequence[int], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                "`dims` must hold 1, 2, ... up to the number of axes of a row, each once. "
                f"Received: dims={dims} (layer '{self.name}')"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs: Array) -> Array:
        """The inputs with axes permuted."""
        return ops.transpose(inputs, (0, *self.dims))


class RepeatVector(Layer):
    """Each row `n` times, as a sequence.

    Args:
        n: how many times.

    Input: (batch, features). Output: (batch, n, features).

    Raises:
        TypeError: if `n` is no integer.
    """

    def __init__(self, n: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"`n` must be an integer. Received: n={n!r} (layer '{self.name}')")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs: Array) -> Array:
        """The rows, repeated."""
        return ops.repeat(ops.expand_dims(inputs, 1), self.n, axis=1)
