"""Random initializers: distributions, seeds, the fans behind variance scaling."""

import jax
import numpy as np
import pytest

from cornu import initializers
from cornu.core.random import SeedGenerator, set_random_seed
from cornu.initializers.draws import fans

SHAPE = (64, 48)
GLOROT, LECUN, HE = 2 / (64 + 48), 1 / 64, 2 / 64

# (initializer, mean, standard deviation, largest magnitude)
DISTRIBUTIONS = [
    (initializers.RandomUniform(0.0, 2.0, seed=1), 1.0, 2 / np.sqrt(12), 2.0),
    (initializers.RandomNormal(1.0, 0.5, seed=1), 1.0, 0.5, np.inf),
    (initializers.TruncatedNormal(0.0, 0.5, seed=1), 0.0, 0.5 * 0.87962566, 1.0),
    (initializers.GlorotUniform(seed=1), 0.0, np.sqrt(GLOROT), np.sqrt(3 * GLOROT)),
    (initializers.GlorotNormal(seed=1), 0.0, np.sqrt(GLOROT), np.sqrt(GLOROT) * 2.28),
    (initializers.LecunUniform(seed=1), 0.0, np.sqrt(LECUN), np.sqrt(3 * LECUN)),
    (initializers.LecunNormal(seed=1), 0.0, np.sqrt(LECUN), np.sqrt(LECUN) * 2.28),
    (initializers.HeUniform(seed=1), 0.0, np.sqrt(HE), np.sqrt(3 * HE)),
    (initializers.HeNormal(seed=1), 0.0, np.sqrt(HE), np.sqrt(HE) * 2.28),
    (
        initializers.VarianceScaling(3.0, "fan_out", "untruncated_normal", seed=1),
        0.0,
        np.sqrt(3 / 48),
        np.inf,
    ),
]


@pytest.mark.parametrize(
    ("initializer", "mean", "deviation", "largest"),
    DISTRIBUTIONS,
    ids=[type(row[0]).__name__ for row in DISTRIBUTIONS],
)
def test_distribution(initializer, mean, deviation, largest) -> None:
    found = np.asarray(initializer(SHAPE))
    count = found.size
    assert abs(found.mean() - mean) < 5 * deviation / np.sqrt(count)
    assert abs(found.std() / deviation - 1) < 5 / np.sqrt(count)
    assert np.abs(found).max() <= largest


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("kind", ["RandomUniform", "RandomNormal", "TruncatedNormal", "Orthogonal"])
def test_draws_in_sixteen_bits(kind, dtype) -> None:
    found = getattr(initializers, kind)(seed=1)((8, 4), dtype=dtype)
    assert found.dtype == dtype
    assert np.isfinite(np.asarray(found, "float32")).all()
    assert len(np.unique(np.asarray(found, "float32"))) > 8


def test_a_seed_decides_the_numbers_at_each_call() -> None:
    one, same, other = (initializers.RandomNormal(seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one((4,)), one((4,)))
    np.testing.assert_array_equal(one((4,)), same((4,)))
    assert not np.allclose(one((4,)), other((4,)))


def test_zero_is_a_seed() -> None:
    assert initializers.RandomNormal(seed=0).seed == 0


def test_initializers_without_a_seed_differ_and_follow_the_global_one() -> None:
    set_random_seed(7)
    first, second = initializers.GlorotUniform()((4,)), initializers.GlorotUniform()((4,))
    assert not np.allclose(first, second)
    set_random_seed(7)
    np.testing.assert_array_equal(initializers.GlorotUniform()((4,)), first)


def test_a_generator_gives_other_numbers_each_time() -> None:
    initializer = initializers.RandomNormal(seed=SeedGenerator(5))
    first = initializer((4,))
    assert not np.allclose(initializer((4,)), first)
    again = initializers.deserialize(initializers.serialize(initializer))
    np.testing.assert_array_equal(again((4,)), first)


def test_config_keeps_the_seed_as_given() -> None:
    assert initializers.HeNormal().get_config()["seed"] is None
    assert initializers.HeNormal(seed=np.int64(3)).get_config()["seed"] == 3
    drawn = initializers.HeNormal()
    assert drawn.clone().seed != drawn.seed


def test_small_weights_start_without_compiling_anything() -> None:
    compiled = []
    jax.monitoring.register_event_duration_secs_listener(
        lambda event, seconds, **facts: compiled.append(event) if "compile" in event else None
    )
    names = ["Zeros", "Ones", "RandomUniform", "RandomNormal", "TruncatedNormal", "HeNormal"]
    for size, name in enumerate([*names, "Orthogonal", "Identity", "Constant"], start=23):
        getattr(initializers, name)()((size, 29)).block_until_ready()
    assert compiled == []
    jax.jit(lambda x: x + 31)(1)  # what a listener would hear
    assert compiled


def test_draws_trace_under_jit() -> None:
    initializer = initializers.GlorotUniform(seed=2)
    found = jax.jit(lambda: initializer((3, 2)))()
    np.testing.assert_array_equal(found, initializer((3, 2)))


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((), {}, (1, 1)),
        ((5,), {}, (5, 5)),
        ((2, 3), {}, (2, 3)),
        ((2, 3, 4), {}, (6, 8)),
        ((2, 3, 4, 5), {}, (24, 30)),
        ((2, 3, 4), {"input_axes": (0,), "output_axes": (1, 2)}, (2, 12)),
        ((2, 3, 4), {"input_axes": (-1,), "output_axes": 0}, (4, 2)),
        ((2, 3, 4), {"input_axes": (), "output_axes": (1,)}, (1, 3)),
        ((2, 3, 4), {"input_axes": (0,)}, (6, 8)),
    ],
)
def test_fans(shape, axes, expected) -> None:
    assert fans(shape, **axes) == expected


def test_orthogonal_has_orthonormal_rows_or_columns() -> None:
    wide = np.asarray(initializers.Orthogonal(gain=2.0, seed=1)((3, 5)))
    np.testing.assert_allclose(wide @ wide.T, 4 * np.eye(3), atol=1e-5)
    tall = np.asarray(initializers.Orthogonal(seed=1)((2, 3, 4))).reshape(6, 4)
    np.testing.assert_allclose(tall.T @ tall, np.eye(4), atol=1e-6)


@pytest.mark.parametrize("window", ["hann", None, np.hanning(16)])
def test_stft_kernels_give_the_fourier_transform_of_a_frame(window, rng) -> None:
    frame = rng.normal(size=16)
    halves = [
        np.asarray(initializers.STFT(side, window, None)((16, 1, 9)))[:, 0, :]
        for side in ("real", "imag")
    ]
    windowed = frame * (np.ones(16) if window is None else np.hanning(16))
    expected = np.fft.rfft(windowed)
    np.testing.assert_allclose(frame @ halves[0] + 1j * (frame @ halves[1]), expected, atol=1e-5)


@pytest.mark.parametrize(("scaling", "norm"), [("density", 2), ("spectrum", 1)])
def test_stft_scales_the_window(scaling, norm) -> None:
    kernel = np.asarray(initializers.STFT("real", "hamming", scaling)((8, 1, 5)))
    assert np.linalg.norm(kernel[:, 0, 0], norm) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.VarianceScaling(scale=0), "scale must be positive"),
        (lambda: initializers.VarianceScaling(mode="fan_on"), "did you mean 'fan_"),
        (lambda: initializers.VarianceScaling(distribution="x"), "distribution must be one of"),
        (lambda: initializers.RandomNormal(seed="x"), "seed must be an integer or a SeedGenerator"),
        (lambda: initializers.RandomNormal()((2,), dtype="int32"), "must be a float dtype"),
        (lambda: initializers.Orthogonal()((3,)), "at least 2 dimensions"),
        (
            lambda: initializers.GlorotUniform(input_axes=(0,), output_axes=(5,))((2, 3)),
            r"output_axes=\(5,\) is out of range for a weight of shape \(2, 3\)",
        ),
        (lambda: initializers.STFT(side="x"), "side must be"),
        (lambda: initializers.STFT(scaling="x"), "scaling must be"),
        (lambda: initializers.STFT(window="nope"), "window must be a name"),
        (lambda: initializers.STFT()((3, 4)), "frame length, 1, frequencies"),
        (lambda: initializers.STFT(window=np.ones(3))((4, 1, 3)), "frame has 4 samples"),
    ],
)
def test_bad_arguments_are_clear(call, message) -> None:
    with pytest.raises(ValueError, match=message):
        call()
