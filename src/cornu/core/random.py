"""Seeds, keys and random bits.

Two rules. Order and randomness are functions, not history: inside a training step a key is derived
from (seed, step, generator, draw), so a few integers say all. And outside a step a `SeedGenerator`
counts as Keras's does, so equal seeds give equal numbers.

Draws here are bit-equal to `jax.random` with its default (partitionable) threefry. Small ones are
computed on the host with NumPy, which compiles nothing: a model's weights are ready before XLA has
started. Large ones use one compiled program a chunk, whatever the shape.
"""

from __future__ import annotations

import functools
import math
import random as python_random
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from cornu.core import naming
from cornu.core.scope import current
from cornu.core.variable import Variable
from cornu.settings import settings

_global_seed: int | None = None
_global_generator: SeedGenerator | None = None


def set_random_seed(seed: int) -> None:
    """Seed Python's, NumPy's and Cornu's randomness with one integer in [0, 2**32).

    Raises:
        ValueError: if `seed` is not an integer.
    """
    global _global_seed, _global_generator
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise ValueError(f"seed must be an integer. Received: seed={seed!r}")
    seed = int(seed)
    python_random.seed(seed)
    np.random.seed(seed % 2**32)
    _global_seed = seed
    _global_generator = None


def process_seed() -> int:
    """The seed of `set_random_seed`, else one drawn once from the system for this process."""
    global _global_seed
    if _global_seed is None:
        _global_seed = python_random.SystemRandom().randrange(2**31)
    return _global_seed


def make_default_seed() -> int:
    """The next seed for a generator that was given none, from Python's own generator."""
    return python_random.randint(1, 10**9)


class SeedGenerator:
    """A stream of keys from one seed.

    Args:
        seed: an integer; None draws one.
        name: name of its state variable's scope.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments: {kwargs}")
        self.name = name or naming.auto_name("seed_generator")
        self._initial_seed = seed
        if seed is None:
            seed = make_default_seed()
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
            raise ValueError(f"seed must be an integer or None. Received: seed={seed!r}")
        start = int(seed)
        with naming.name_scope(self.name):
            self.state = Variable(
                lambda shape, dtype: np.array([start % 2**32, 0], "uint32"),
                shape=(2,),
                dtype="uint32",
                trainable=False,
                aggregation="none",
                name="seed_generator_state",
            )

    def next(self, ordered: bool = True) -> Array:
        """The next key: uint32 of shape (2,)."""
        del ordered
        scope = current()
        if scope is not None and scope.step is not None:
            order, draw = scope.next_draw(self)
            return derive_key(self.state.value, scope.step, order, draw)
        key = self.state.value
        self.state.assign(jnp.asarray(key) + jnp.array([0, 1], "uint32"))
        return key

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal generator."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """The generator of a config."""
        return cls(**config)


def global_seed_generator() -> SeedGenerator:
    """The generator behind random functions that are called without a seed."""
    global _global_generator
    if _global_generator is None:
        _global_generator = SeedGenerator()
    return _global_generator


def reset_global_generator() -> None:
    """Let the global generator start again from the process seed when it is next asked."""
    global _global_generator
    _global_generator = None


def draw_seed(seed: Any) -> Any:
    """A key (uint32, shape (2,)) from a generator, an integer, a key, or None: the global one."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, int | np.integer):
        return np.array([int(seed) % 2**32, 0], "uint32")
    array = jnp.asarray(seed)
    if array.shape != (2,):
        raise ValueError(
            "seed must be an integer, a SeedGenerator or a key of shape (2,). Received shape "
            f"{array.shape}"
        )
    return array.astype("uint32")


_FIRST, _SECOND = 0x7FEB352D, 0x846CA68B  # odd constants of C. Wellons' search for low bias (2018)


def mix(x: Any) -> Any:
    """A bijection of 32-bit words; each input bit flips each output bit about half the time.

    Two multiply-xorshift rounds. Takes an array of uint32, or a Python int.
    """
    if isinstance(x, int):
        x = ((x ^ (x >> 16)) * _FIRST) % 2**32
        x = ((x ^ (x >> 15)) * _SECOND) % 2**32
        return x ^ (x >> 16)
    return _folded(_times(_folded(_times(_folded(x, 16), _FIRST), 15), _SECOND), 16)


# In `lax` alone: operators of arrays cost a traced call each, dozens in a model with dropouts.
def _folded(x: Array, bits: int) -> Array:
    return lax.bitwise_xor(x, lax.shift_right_logical(x, lax.full_like(x, bits)))


def _times(x: Array, factor: int) -> Array:
    return lax.mul(x, lax.full_like(x, factor))


def derive_key(base: Array, step: Any, *numbers: int) -> Array:
    """A key that is a function of `base`, a step and some integers, cheap to compile and to run."""
    salt = 0
    for number in numbers:
        salt = mix((salt + number + 1) % 2**32)
    word = lax.convert_element_type(step, jnp.uint32)
    first, second = (lax.index_in_dim(base, i, keepdims=False) for i in range(2))
    first = mix(lax.add(mix(lax.add(first, word)), lax.full_like(first, salt)))
    second = mix(lax.bitwise_xor(second, first))
    return lax.concatenate([lax.reshape(first, (1,)), lax.reshape(second, (1,))], 0)


def keep_mask(key: Array, rate: float, shape: tuple[int, ...]) -> Array:
    """True with probability `1 - rate`, independently: the bits behind dropout.

    By default from a counter hash of (key, position), which fuses into the loop around it;
    `config.set_dropout_bits("threefry")` gives the bits that Keras draws.
    """
    if settings.dropout_bits == "threefry":
        return jax.random.bernoulli(key, 1 - rate, shape)
    words = random_words(key, shape)
    return lax.ge(words, lax.full_like(words, min(round(rate * 2**32), 2**32 - 1)))


def random_words(key: Array, shape: tuple[int, ...]) -> Array:
    """uint32 words with 16 random upper bits, and lower ones good enough to settle a tie.

    They hash (key, position): cheap, tested statistically, no cryptography. The first round is of
    the position alone, so loops compute it once. What is left stays below 12 operations with what
    a dense layer and dropout do besides; above, XLA's CPU compiler would wake another thread for
    64 kB of work (8 of 105 us in a step of a small MLP, twice).
    """
    key = jnp.asarray(key)
    first, second = (lax.index_in_dim(key, i, keepdims=False) for i in range(2))
    position = lax.reshape(lax.iota(jnp.uint32, math.prod(shape)), shape)
    mixed = _folded(_times(position, _SECOND), 16)
    mixed = _folded(_times(lax.bitwise_xor(mixed, lax.broadcast(first, shape)), _FIRST), 15)
    return _times(lax.add(mixed, lax.broadcast(second, shape)), _SECOND)


# -- draws for initial weights ---------------------------------------------------------------------

_HOST_LIMIT = 1 << 18  # up to here NumPy beats starting (or compiling) a device program
_CHUNK = 1 << 16


def uniform(key: Any, shape: tuple[int, ...], low: float, high: float) -> Array | np.ndarray:
    """float32 uniform in [low, high), bit-equal to `jax.random.uniform`."""
    return _draw("uniform", key, shape, float(low), float(high))


def normal(key: Any, shape: tuple[int, ...]) -> Array | np.ndarray:
    """float32 standard normal, equal to `jax.random.normal` to rounding."""
    return _draw("normal", key, shape, float(np.nextafter(np.float32(-1), np.float32(0))), 1.0)


def truncated_normal(key: Any, shape: tuple[int, ...]) -> Array | np.ndarray:
    """float32 standard normal redrawn outside two standard deviations, as `jax.random` does it."""
    edge = math.erf(2 / math.sqrt(2))
    return _draw("truncated", key, shape, -edge, edge)


def _draw(kind: str, key: Any, shape: tuple[int, ...], low: float, high: float) -> Any:
    count = math.prod(shape)
    on_host = not isinstance(key, jax.core.Tracer)
    if on_host and count <= _HOST_LIMIT:
        bits = _threefry(np.asarray(key), count)
        return _transform(np, kind, bits, low, high).reshape(shape)
    pieces = [
        _device_chunk(kind, key, jnp.uint32(start // _CHUNK), low, high)
        for start in range(0, count, _CHUNK)
    ]
    return jnp.concatenate(pieces)[:count].reshape(shape)


@functools.partial(jax.jit, static_argnums=(0, 3, 4))
def _device_chunk(kind: str, key: Array, chunk: Array, low: float, high: float) -> Array:
    counter = lax.iota(jnp.uint32, _CHUNK) + chunk * jnp.uint32(_CHUNK)
    first, second = _threefry_words(jnp, key[0], key[1], jnp.zeros_like(counter), counter)
    return _transform(jnp, kind, first ^ second, low, high)


def _threefry(key: np.ndarray, count: int) -> np.ndarray:
    counter = np.arange(count, dtype=np.uint32)
    with np.errstate(over="ignore"):
        first, second = _threefry_words(np, key[0], key[1], np.zeros_like(counter), counter)
    return first ^ second


def _threefry_words(xp: Any, key0: Any, key1: Any, x0: Any, x1: Any) -> tuple[Any, Any]:
    """Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers", SC 2011)."""
    word = xp.uint32
    keys = (key0, key1, key0 ^ key1 ^ word(0x1BD11BDA))
    x0, x1 = x0 + keys[0], x1 + keys[1]
    for group in range(5):
        for rotation in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x0 = x0 + x1
            x1 = ((x1 << word(rotation)) | (x1 >> word(32 - rotation))) ^ x0
        x0 = x0 + keys[(group + 1) % 3]
        x1 = x1 + keys[(group + 2) % 3] + word(group + 1)
    return x0, x1


def _transform(xp: Any, kind: str, bits: Any, low: float, high: float) -> Any:
    low32, high32 = np.float32(low), np.float32(high)
    floats = ((bits >> xp.uint32(9)) | xp.uint32(0x3F800000)).view(xp.float32) - np.float32(1)
    drawn = xp.maximum(low32, floats * (high32 - low32) + low32)
    if kind == "uniform":
        return drawn
    if kind == "normal":
        return np.float32(math.sqrt(2)) * _erfinv(xp, drawn)
    below, above = (
        np.nextafter(np.float32(-2), np.float32(0)),
        np.nextafter(np.float32(2), np.float32(0)),
    )
    return xp.clip(np.float32(math.sqrt(2)) * _erfinv(xp, drawn), below, above)


_ERFINV_CENTRE = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_ERFINV_TAIL = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _erfinv(xp: Any, x: Any) -> Any:
    """Inverse error function in float32 (M. Giles, GPU Computing Gems 2, 2011)."""
    w = -xp.log1p(-x * x)
    centre, tail = w - np.float32(2.5), xp.sqrt(xp.maximum(w, np.float32(0))) - np.float32(3)
    inner = outer = xp.zeros_like(x)
    for c, t in zip(_ERFINV_CENTRE, _ERFINV_TAIL, strict=True):
        inner = inner * centre + np.float32(c)
        outer = outer * tail + np.float32(t)
    return xp.where(w < np.float32(5), inner, outer) * x
