"""Initializers that draw at random, among them those that keep variance from layer to layer.

Numbers are those of `jax.random` for the same key. An initializer has one seed, so calling it twice
gives the same numbers twice: give each weight its own initializer.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import random
from cornu.errors import did_you_mean, short
from cornu.initializers.initializer import Initializer, wanted_float
from cornu.serialization import codec
from cornu.types import Array, DType, Shape

Seed = int | random.SeedGenerator | None
Axes = int | tuple[int, ...] | list[int] | None


class RandomInitializer(Initializer):
    """Base of initializers that draw: holds the seed.

    Args:
        seed: an integer, or a `SeedGenerator`, which gives other numbers at each call. Default: an
            integer drawn now, so that `set_random_seed` decides it.

    Raises:
        ValueError: if `seed` is something else.
    """

    config_omit = ("seed",)  # written below, as it was given

    def __init__(self, seed: Seed = None) -> None:
        self._given_seed = seed
        self.seed = random.make_default_seed() if seed is None else _check_seed(seed)

    def get_config(self) -> dict[str, Any]:
        """Arguments, with the seed as it was given: None stays None."""
        return {**super().get_config(), "seed": codec.encode(self._given_seed)}


def _check_seed(seed: Any) -> Any:
    if isinstance(seed, dict):
        seed = codec.decode(seed)
    if isinstance(seed, np.integer):
        return int(seed)
    if not isinstance(seed, int | random.SeedGenerator):
        raise ValueError(
            f"seed must be an integer or a SeedGenerator. Received: seed={short(seed)}"
        )
    return seed


class RandomUniform(RandomInitializer):
    """Uniform in [minval, maxval).

    Args:
        minval: lower bound, included.
        maxval: upper bound, excluded.
        seed: see `RandomInitializer`.

    Example:
        >>> RandomUniform(0.0, 1.0, seed=1)((2, 3)).shape
        (2, 3)
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: Seed = None) -> None:
        self.minval = minval
        self.maxval = maxval
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Numbers of a float dtype."""
        sizes, held = wanted_float(self, shape, dtype)
        return uniform(self.seed, sizes, held, self.minval, self.maxval)


class RandomNormal(RandomInitializer):
    """Normally distributed.

    Args:
        mean: mean of the distribution.
        stddev: its standard deviation.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Numbers of a float dtype."""
        return normal(self.seed, *wanted_float(self, shape, dtype), self.mean, self.stddev)


class TruncatedNormal(RandomInitializer):
    """Normally distributed, without anything beyond two standard deviations.

    Args:
        mean: mean of the distribution.
        stddev: its standard deviation before truncation.
        seed: see `RandomInitializer`.
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: Seed = None) -> None:
        self.mean = mean
        self.stddev = stddev
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Numbers of a float dtype."""
        return truncated_normal(
            self.seed, *wanted_float(self, shape, dtype), self.mean, self.stddev
        )


class VarianceScaling(RandomInitializer):
    """Variance `scale / n`, where n counts the weight's inputs, its outputs, or their average.

    Dense kernels have shape (inputs, outputs), convolution kernels (..., inputs, outputs), where
    each place of the window counts. For other shapes, say which axes are which.

    Args:
        scale: positive factor.
        mode: what n is: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal", "untruncated_normal" or "uniform".
        seed: see `RandomInitializer`.
        input_axes: axes whose sizes multiply to the number of inputs; used with `output_axes`.
        output_axes: axes whose sizes multiply to the number of outputs.

    Raises:
        ValueError: for a scale that is not positive, or an unknown mode or distribution.
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Seed = None,
        input_axes: Axes = None,
        output_axes: Axes = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"scale must be positive. Received: scale={scale}")
        distribution = str(distribution).lower()
        self.scale = scale
        self.mode = _one_of("mode", mode, _FANS)
        self.distribution = _one_of(
            "distribution", {"normal": "truncated_normal"}.get(distribution, distribution), _DRAWS
        )
        self.input_axes = input_axes
        self.output_axes = output_axes
        super().__init__(seed)

    def __call__(self, shape: Shape, dtype: DType = None) -> Array:
        """Numbers of a float dtype."""
        sizes, held = wanted_float(self, shape, dtype)
        fan = _FANS[self.mode](*fans(sizes, self.input_axes, self.output_axes))
        return _DRAWS[self.distribution](self.seed, sizes, held, self.scale / max(1.0, fan))


class GlorotUniform(VarianceScaling):
    """Uniform within ±sqrt(6 / (inputs + outputs)): Glorot & Bengio, 2010. Keras's default.

    Args:
        seed: see `RandomInitializer`.
        input_axes: axes of inputs; see `VarianceScaling`.
        output_axes: axes of outputs.
    """

    def __init__(
        self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(1.0, "fan_avg", "uniform", seed, input_axes, output_axes)


class GlorotNormal(VarianceScaling):
    """Truncated normal with variance 2 / (inputs + outputs): Glorot & Bengio, 2010.

    Args:
        seed: see `RandomInitializer`.
        input_axes: axes of inputs; see `VarianceScaling`.
        output_axes: axes of outputs.
    """

    def __init__(
        self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(1.0, "fan_avg", "truncated_normal", seed, input_axes, output_axes)


class LecunUniform(VarianceScaling):
    """Uniform within ±sqrt(3 / inputs): LeCun et al., "Efficient BackProp", 1998.

    Args:
        seed: see `RandomInitializer`.
        input_axes: axes of inputs; see `VarianceScaling`.
        output_axes: axes of outputs.
    """

    def __init__(
        self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(1.0, "fan_in", "uniform", seed, input_axes, output_axes)


class LecunNormal(VarianceScaling):
    """Truncated normal with variance 1 / inputs: LeCun et al., 1998. For SELU networks.

    Args:
        seed: see `RandomInitializer`.
        input_axes: axes of inputs; see `VarianceScaling`.
        output_axes: axes of outputs.
    """

    def __init__(
        self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(1.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


class HeUniform(VarianceScaling):
    """Uniform within ±sqrt(6 / inputs): He et al., 2015. For ReLU networks.

    Args:
        seed: see `RandomInitializer`.
        input_axes: axes of inputs; see `VarianceScaling`.
        output_axes: axes of outputs.
    """

    def __init__(
        self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(2.0, "fan_in", "uniform", seed, input_axes, output_axes)


class HeNormal(VarianceScaling):
    """Truncated normal with variance 2 / inputs: He et al., 2015. For ReLU networks.

    Args:
        seed: see `RandomInitializer`.
        input_axes: axes of inputs; see `VarianceScaling`.
        output_axes: axes of outputs.
    """

    def __init__(
        self, seed: Seed = None, input_axes: Axes = None, output_axes: Axes = None
    ) -> None:
        super().__init__(2.0, "fan_in", "truncated_normal", seed, input_axes, output_axes)


def fans(
    shape: tuple[int, ...], input_axes: Axes = None, output_axes: Axes = None
) -> tuple[float, float]:
    """How many inputs reach an output of a weight, and how many outputs an input reaches."""
    if input_axes is not None and output_axes is not None:
        return _size("input_axes", shape, input_axes), _size("output_axes", shape, output_axes)
    if len(shape) < 2:
        size = shape[0] if shape else 1
        return size, size
    window = math.prod(shape[:-2])
    return window * shape[-2], window * shape[-1]


def _size(argument: str, shape: tuple[int, ...], axes: int | tuple[int, ...] | list[int]) -> int:
    chosen = (axes,) if isinstance(axes, int) else tuple(axes)
    if any(not -len(shape) <= axis < len(shape) for axis in chosen):
        raise ValueError(f"{argument}={axes} is out of range for a weight of shape {shape}")
    return math.prod(shape[axis] for axis in chosen)


_FANS: dict[str, Callable[[float, float], float]] = {
    "fan_in": lambda inputs, outputs: inputs,
    "fan_out": lambda inputs, outputs: outputs,
    "fan_avg": lambda inputs, outputs: (inputs + outputs) / 2,
}


def _one_of(argument: str, value: Any, table: dict[str, Any]) -> str:
    if not isinstance(value, str) or value not in table:
        raise ValueError(
            f"{argument} must be one of {tuple(table)}. Received: {argument}={short(value)}"
            f"{did_you_mean(str(value), table)}"
        )
    return value


# -- the three draws, in the dtype wanted ----------------------------------------------------------


def uniform(seed: Any, shape: tuple[int, ...], dtype: np.dtype, low: float, high: float) -> Array:
    """Uniform in [low, high)."""
    key = random.draw_seed(seed)
    if dtype == np.float32:
        return jax.device_put(random.uniform(key, shape, low, high))
    return jax.random.uniform(jnp.asarray(key), shape, dtype, low, high)


def normal(
    seed: Any, shape: tuple[int, ...], dtype: np.dtype, mean: float = 0.0, stddev: float = 1.0
) -> Array:
    """Normally distributed."""
    return _scaled(random.normal, jax.random.normal, seed, shape, dtype, mean, stddev)


def truncated_normal(
    seed: Any, shape: tuple[int, ...], dtype: np.dtype, mean: float = 0.0, stddev: float = 1.0
) -> Array:
    """Normally distributed within two standard deviations."""

    def draw(key: Any, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype)

    return _scaled(random.truncated_normal, draw, seed, shape, dtype, mean, stddev)


def _scaled(
    draw32: Callable[..., Any],
    draw: Callable[..., Any],
    seed: Any,
    shape: tuple[int, ...],
    dtype: np.dtype,
    mean: float,
    stddev: float,
) -> Array:
    key = random.draw_seed(seed)
    # Other dtypes have other random bits in JAX; they are rare as dtypes of weights.
    drawn = draw32(key, shape) if dtype == np.float32 else draw(jnp.asarray(key), shape, dtype)
    return jax.device_put(drawn * stddev + mean)


# Standard deviation of a standard normal cut off at ±2, by which truncated draws are widened.
_TRUNCATED_STDDEV = 0.87962566103423978

_DRAWS: dict[str, Callable[[Any, tuple[int, ...], np.dtype, float], Array]] = {
    "truncated_normal": lambda seed, shape, dtype, variance: truncated_normal(
        seed, shape, dtype, stddev=math.sqrt(variance) / _TRUNCATED_STDDEV
    ),
    "untruncated_normal": lambda seed, shape, dtype, variance: normal(
        seed, shape, dtype, stddev=math.sqrt(variance)
    ),
    "uniform": lambda seed, shape, dtype, variance: uniform(
        seed, shape, dtype, -math.sqrt(3 * variance), math.sqrt(3 * variance)
    ),
}
