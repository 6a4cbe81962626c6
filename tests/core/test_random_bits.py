"""The bits behind dropout: balanced, and independent over position, lane, step, layer and draw.

Each statistic is a sum of many bits that should be fair coins, so it is near normal; with fixed
seeds the tests are deterministic. Bounds are 5 standard deviations.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import cornu
from cornu.core import random

BASE = np.array([12345, 0], "uint32")
N = 1 << 16


def bits_of(*numbers: int, base=BASE, n: int = N) -> np.ndarray:
    """(n, 16) upper bits of the words drawn for a step, a generator and a draw."""
    words = np.asarray(random.random_words(random.derive_key(base, *numbers), (n,)))
    return (words[:, None] >> np.arange(16, 32, dtype="uint32")) & 1


def assert_fair(bits: np.ndarray, axis: int | None = 0) -> None:
    """Means of `bits` over `axis` are 1/2 within five standard deviations."""
    bits = np.asarray(bits)
    count = bits.size if axis is None else bits.shape[axis]
    assert np.max(np.abs(np.mean(bits, axis=axis) - 0.5)) < 5 * 0.5 / math.sqrt(count)


@pytest.mark.parametrize("numbers", [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (10**6, 57, 3)])
def test_each_bit_is_balanced(numbers):
    assert_fair(bits_of(*numbers))


@pytest.mark.parametrize("distance", [1, 2, 3, 4, 8, 16, 64, 100, 128, 1024])
def test_positions_are_independent(distance):
    bits = bits_of(3, 1, 0)
    assert_fair(bits[distance:] ^ bits[:-distance])


def test_lanes_are_independent():
    bits = bits_of(3, 1, 0)
    for first, second in itertools.combinations(range(16), 2):
        assert_fair(bits[:, first] ^ bits[:, second])


@pytest.mark.parametrize(
    "other",
    [(4, 1, 0), (5, 1, 0), (259, 1, 0), (3, 2, 0), (3, 9, 0), (3, 1, 1), (2, 2, 0), (3, 0, 1)],
)
def test_steps_layers_and_draws_are_independent(other):
    assert_fair(bits_of(3, 1, 0) ^ bits_of(*other))


def test_shifted_streams_are_independent():
    """Neighbouring keys must not give the same words some places on."""
    bits, other = bits_of(3, 1, 0), bits_of(4, 1, 0)
    for shift in (1, 2, 7, 64, 1000):
        assert_fair(bits[shift:] ^ other[:-shift])


def test_one_bit_of_the_seed_changes_half_of_the_bits():
    bits = bits_of(3, 1, 0, n=1 << 12)
    for place in range(32):
        seed = BASE ^ np.array([1 << place, 0], "uint32")
        assert_fair(bits ^ bits_of(3, 1, 0, base=seed, n=1 << 12), axis=None)


def test_words_over_steps_are_balanced_at_each_position():
    """What one unit sees over training."""
    words = np.stack([bits_of(step, 0, 0, n=64) for step in range(2048)])
    assert_fair(words[:, :, 15])
    assert_fair(words[1:, :, 15] ^ words[:-1, :, 15])


def test_words_are_equidistributed():
    words = np.asarray(random.random_words(random.derive_key(BASE, 7, 0, 0), (1 << 18,)))
    counts = np.bincount(words >> 22, minlength=1024)
    expected = (1 << 18) / 1024
    chi_square = np.sum((counts - expected) ** 2) / expected
    assert abs(chi_square - 1023) < 5 * math.sqrt(2 * 1023)


def test_words_do_not_repeat_more_than_by_chance():
    words = np.asarray(random.random_words(random.derive_key(BASE, 7, 0, 0), (1 << 16,)))
    repeats = len(words) - len(np.unique(words))
    assert repeats <= 5  # 2**32 / 2**33 = 0.5 pairs are expected


def test_keys_of_steps_layers_and_draws_differ():
    keys = {
        tuple(np.asarray(random.derive_key(BASE, *numbers)).tolist())
        for numbers in itertools.product(range(20), range(8), range(4))
    }
    assert len(keys) == 20 * 8 * 4


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["hash", "threefry"])
def test_share_kept_is_as_asked(rate, kind):
    cornu.config.set_dropout_bits(kind)
    kept = np.asarray(random.keep_mask(random.derive_key(BASE, 1, 0, 0), rate, (N,)))
    assert abs(np.mean(kept) - (1 - rate)) < 5 * math.sqrt(rate * (1 - rate) / N)


@pytest.mark.parametrize("value", [0, 1, 2, 12345, 2**31, 2**32 - 1])
def test_host_and_device_mix_alike(value):
    assert random.mix(value) == int(random.mix(np.asarray([value], "uint32"))[0])


def test_mixing_is_a_bijection():
    words = np.arange(1 << 16, dtype="uint32") * np.uint32(65537)
    assert len(np.unique(np.asarray(random.mix(words)))) == len(words)


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_extreme_rates(rate):
    kept = np.asarray(random.keep_mask(BASE, rate, (1000,)))
    assert kept.mean() == pytest.approx(1 - rate, abs=1e-6)
