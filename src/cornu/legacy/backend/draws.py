"""Random tensors. `seed`: an integer repeats its numbers; None: the process's generator."""

from __future__ import annotations

from typing import Any

from cornu import random
from cornu.core.random import make_default_seed
from cornu.core.variable import Variable
from cornu.settings import settings


def random_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draws from a normal distribution."""
    return random.normal(tuple(shape), mean, stddev, dtype or settings.floatx, seed)


def random_uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draws from [minval, maxval), each value as likely."""
    return random.uniform(tuple(shape), minval, maxval, dtype or settings.floatx, seed)


def random_bernoulli(shape: Any, p: float = 0.0, dtype: Any = None, seed: Any = None) -> Any:
    """1 with probability `p`, else 0."""
    return random.binomial(tuple(shape), 1.0, p, dtype or settings.floatx, seed)


random_binomial = random_bernoulli  # Keras 2's name; there, too, it counts one trial


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Draws from a normal distribution, drawn again beyond two standard deviations."""
    return random.truncated_normal(tuple(shape), mean, stddev, dtype or settings.floatx, seed)


def random_normal_variable(
    shape: Any,
    mean: float,
    scale: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
) -> Variable:
    """A variable with draws from a normal distribution."""
    seed = make_default_seed() if seed is None else seed
    return Variable(random_normal(shape, mean, scale, dtype, seed), name=name)


def random_uniform_variable(
    shape: Any,
    low: float,
    high: float,
    dtype: Any = None,
    name: str | None = None,
    seed: Any = None,
) -> Variable:
    """A variable with draws from [low, high)."""
    seed = make_default_seed() if seed is None else seed
    return Variable(random_uniform(shape, low, high, dtype, seed), name=name)


def dropout(x: Any, level: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Zero each element with probability `level` and scale the others by `1 / (1 - level)`.

    Args:
        x: tensor.
        level: in [0, 1).
        noise_shape: sizes of the mask, 1 where elements share their fate; None: as in `x`.
        seed: an integer, or None.
    """
    return random.dropout(x, level, noise_shape, seed)
