"""Layers that disturb their inputs while training: dropout and noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from cornu import random
from cornu.core.random import SeedGenerator, keep_mask
from cornu.layers.base.layer import InputSpec, Layer
from cornu.ops.convolution import standardize_data_format


def keep_and_scale(
    inputs: Array, rate: float, shape: tuple[int, ...], seed: SeedGenerator
) -> Array:
    """`inputs` with a share `rate` set to 0 and the rest scaled so that sums stay the same.

    One draw for each element of `shape`, which broadcasts with the inputs.
    """
    kept = keep_mask(seed.next(), rate, shape)
    scale = 0.0 if rate >= 1 else 1.0 / (1.0 - rate)
    if kept.shape != inputs.shape:
        kept = jnp.broadcast_to(kept, inputs.shape)
    scaled = lax.mul(inputs, lax.full_like(inputs, scale))
    return lax.select(kept, scaled, lax.full_like(inputs, 0))


def check_rate(rate: Any, layer: Layer, name: str = "rate") -> None:
    """Raise a ValueError unless `rate` is a share."""
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
        raise ValueError(
            f"`{name}` must be a number between 0 and 1. "
            f"Received: {name}={rate!r} (layer '{layer.name}')"
        )


class _Dropout(Layer):
    """Dropout with draws for a shape that the subclass chooses."""

    rate: float
    seed: int | None

    def _prepare(self, rate: float, seed: int | None) -> None:
        check_rate(rate, self)
        self.rate = rate
        self.seed = seed
        self.supports_masking = True
        # No generator without a rate: it would take a seed from the layers that come after.
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)

    def _noise_shape(self, inputs: Array) -> tuple[int, ...]:
        return inputs.shape

    def _short_config(self) -> dict[str, Any]:
        """The config of the spatial layers, which in Keras's files says less than others do."""
        names = ("rate", "seed", "name", "data_format")
        config = {name: getattr(self, name) for name in names if hasattr(self, name)}
        return {**config, "dtype": self.dtype_policy.name}

    def call(self, inputs: Array, training: bool = False) -> Array:
        """The inputs, in training with a share of them set to 0."""
        if not training or not self.rate > 0:
            return inputs
        return keep_and_scale(inputs, self.rate, self._noise_shape(inputs), self.seed_generator)


class Dropout(_Dropout):
    """In training sets a share of the inputs to 0 and scales the rest by `1 / (1 - rate)`.

    Args:
        rate: the share, between 0 and 1.
        noise_shape: shape of the draws, which broadcasts with the inputs; None in it stands for the
            size of the inputs. E.g. `(None, 1, None)` drops whole columns of sequences.
        seed: integer; default: drawn once when the layer is made.

    Input and output: any shape.

    Raises:
        ValueError: if `rate` is no share, or `noise_shape` holds a size below 1.

    Source: Srivastava et al., JMLR 2014.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._prepare(rate, seed)
        if noise_shape is not None:
            sizes = tuple(noise_shape)
            if any(size is not None and (not isinstance(size, int) or size < 1) for size in sizes):
                raise ValueError(
                    "`noise_shape` must hold positive integers or None. "
                    f"Received: noise_shape={noise_shape} (layer '{self.name}')"
                )
            noise_shape = sizes
        self.noise_shape = noise_shape

    def _noise_shape(self, inputs: Array) -> tuple[int, ...]:
        if self.noise_shape is None:
            return inputs.shape
        if len(self.noise_shape) != inputs.ndim:
            raise ValueError(
                f"`noise_shape` {self.noise_shape} of layer '{self.name}' must have as many sizes "
                f"as its input has axes. Received an input of shape {inputs.shape}"
            )
        return tuple(
            size if wanted is None else wanted
            for wanted, size in zip(self.noise_shape, inputs.shape, strict=True)
        )


class SpatialDropout1D(_Dropout):
    """In training drops whole channels of sequences.

    Args:
        rate: share of the channels, between 0 and 1.
        seed: integer; default: drawn once when the layer is made.
        name: name of the layer.
        dtype: name or `DTypePolicy`.

    Input and output: (batch, time, channels).

    Source: Tompson et al., 2015.
    """

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._prepare(rate, seed)
        self.input_spec = InputSpec(ndim=3)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer."""
        return self._short_config()

    def _noise_shape(self, inputs: Array) -> tuple[int, ...]:
        return (inputs.shape[0], 1, inputs.shape[2])


class _SpatialDropout(_Dropout):
    """Spatial dropout where the channels may come first or last."""

    data_format: str

    def _prepare_images(
        self, rate: float, data_format: str | None, seed: int | None, rank: int
    ) -> None:
        self._prepare(rate, seed)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer."""
        return self._short_config()

    def _noise_shape(self, inputs: Array) -> tuple[int, ...]:
        ones = (1,) * (inputs.ndim - 2)
        if self.data_format == "channels_first":
            return (*inputs.shape[:2], *ones)
        return (inputs.shape[0], *ones, inputs.shape[-1])


class SpatialDropout2D(_SpatialDropout):
    """In training drops whole channels of images.

    Args:
        rate: share of the channels, between 0 and 1.
        data_format: "channels_last" or "channels_first"; default: the process's.
        seed: integer; default: drawn once when the layer is made.
        name: name of the layer.
        dtype: name or `DTypePolicy`.

    Input and output: (batch, height, width, channels), or channels first.

    Source: Tompson et al., 2015.
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._prepare_images(rate, data_format, seed, 2)


class SpatialDropout3D(_SpatialDropout):
    """In training drops whole channels of volumes.

    Args:
        rate: share of the channels, between 0 and 1.
        data_format: "channels_last" or "channels_first"; default: the process's.
        seed: integer; default: drawn once when the layer is made.
        name: name of the layer.
        dtype: name or `DTypePolicy`.

    Input and output: (batch, depth, height, width, channels), or channels first.

    Source: Tompson et al., 2015.
    """

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._prepare_images(rate, data_format, seed, 3)


class GaussianNoise(Layer):
    """In training adds normal noise.

    Args:
        stddev: standard deviation of the noise.
        seed: integer; default: drawn once when the layer is made.

    Input and output: any shape.

    Raises:
        ValueError: if `stddev` is not between 0 and 1.
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_rate(stddev, self, "stddev")
        self.stddev = stddev
        self.seed = seed
        if stddev > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Array, training: bool = False) -> Array:
        """The inputs, in training with noise added."""
        if not training or not self.stddev > 0:
            return inputs
        noise = random.normal(
            inputs.shape, 0.0, self.stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )
        return inputs + noise


class GaussianDropout(Layer):
    """In training multiplies by normal noise of mean 1 and variance `rate / (1 - rate)`.

    Args:
        rate: dropout rate with the same variance.
        seed: integer; default: drawn once when the layer is made.

    Input and output: any shape.

    Raises:
        ValueError: if `rate` is no share.

    Source: Srivastava et al., JMLR 2014.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_rate(rate, self)
        self.rate = rate
        self.seed = seed
        if rate > 0:
            self.seed_generator = SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Array, training: bool = False) -> Array:
        """The inputs, in training with noise multiplied."""
        if not training or not self.rate > 0:
            return inputs
        stddev = math.sqrt(self.rate / (1.0 - self.rate))
        noise = random.normal(
            inputs.shape, 1.0, stddev, dtype=self.compute_dtype, seed=self.seed_generator
        )
        return inputs * noise


_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


class AlphaDropout(_Dropout):
    """Dropout that keeps mean and variance of inputs that a SELU made.

    Args:
        rate: the share that is set to SELU's negative limit.
        noise_shape: shape of the draws, which broadcasts with the inputs.
        seed: integer; default: drawn once when the layer is made.

    Input and output: any shape.

    Raises:
        ValueError: if `rate` is no share.

    Source: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._prepare(rate, seed)
        self.noise_shape = noise_shape

    def _noise_shape(self, inputs: Array) -> tuple[int, ...]:
        if self.noise_shape is None:
            return inputs.shape
        return tuple(
            size if wanted is None else wanted
            for wanted, size in zip(self.noise_shape, inputs.shape, strict=True)
        )

    def call(self, inputs: Array, training: bool = False) -> Array:
        """The inputs, in training with a share of them at SELU's limit, then rescaled."""
        if not training or not self.rate > 0:
            return inputs
        limit = -_SELU_ALPHA * _SELU_SCALE
        kept = keep_mask(self.seed_generator.next(), self.rate, self._noise_shape(inputs))
        factor = ((1 - self.rate) * (1 + self.rate * limit**2)) ** -0.5
        shift = -factor * limit * self.rate
        dropped = jnp.where(kept, inputs, jnp.asarray(limit, inputs.dtype))
        return dropped * jnp.asarray(factor, inputs.dtype) + jnp.asarray(shift, inputs.dtype)
