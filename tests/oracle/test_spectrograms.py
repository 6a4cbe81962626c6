"""Spectrograms against the real Keras: values, kernels, configs, shapes, dtypes, files."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import keras
import numpy as np
import pytest

import cornu
from cornu import layers

FIRST = {"data_format": "channels_first"}
SMALL = {"frame_length": 8, "frame_step": 4, "fft_length": 16}
HALVES = [0.5, 1.0, 1.5, 1.0, 0.5, 0.25, 0.25, 0.1]
STFT: list[dict[str, Any]] = [
    {},
    {"frame_length": 100, "frame_step": 30},
    {**SMALL, "mode": "log"},
    {**SMALL, "mode": "magnitude"},
    {**SMALL, "mode": "psd"},
    {**SMALL, "mode": "real"},
    {**SMALL, "mode": "imag"},
    {**SMALL, "mode": "angle"},
    {**SMALL, "mode": "stft"},
    {**SMALL, "mode": "stft", "window": "hamming"},
    {**SMALL, "mode": "stft", "window": "blackman", "periodic": True},
    {**SMALL, "mode": "stft", "window": HALVES},
    {**SMALL, "mode": "stft", "window": None},
    {**SMALL, "mode": "psd", "window": None, "scaling": None},
    {**SMALL, "mode": "psd", "scaling": "spectrum"},
    {**SMALL, "mode": "psd", "scaling": None, "periodic": True},
    {**SMALL, "mode": "stft", "padding": "same"},
    {**SMALL, "mode": "stft", "padding": "same", "frame_step": 3},
    {**SMALL, "mode": "stft", "expand_dims": True},
    {**SMALL, "mode": "stft", "expand_dims": True, **FIRST},
    {**SMALL, "mode": "stft", "padding": "same", **FIRST},
    {"frame_length": 7, "mode": "magnitude", "padding": "same", "expand_dims": True, **FIRST},
    {"frame_length": 6, "frame_step": 6, "fft_length": 10, "mode": "psd"},
    {"frame_length": 7, "fft_length": 9, "mode": "psd"},
    {"frame_length": 2, "mode": "psd", "window": None},
    {"frame_length": 8, "trainable": False, "activity_regularizer": "l2", "name": "spectrum"},
]
TINY = {"fft_length": 32, "sequence_stride": 8, "num_mel_bins": 6, "sampling_rate": 8000}
MEL: list[tuple[dict[str, Any], tuple[int, ...]]] = [
    ({}, (2, 3000)),
    (TINY, (2, 100)),
    (TINY, (100,)),
    (TINY, (2, 3, 100)),
    ({**TINY, "sequence_length": 16}, (2, 100)),
    ({**TINY, "window": "hamming", "sequence_length": 20}, (2, 100)),
    ({**TINY, "window": None}, (2, 100)),
    ({**TINY, "window": HALVES, "sequence_length": 8}, (2, 100)),
    ({**TINY, "power_to_db": False}, (2, 100)),
    ({**TINY, "power_to_db": False, "mag_exp": 1.0}, (2, 100)),
    ({**TINY, "power_to_db": False, "mag_exp": 0.5}, (2, 100)),
    ({**TINY, "top_db": 3.0}, (2, 100)),
    ({**TINY, "min_power": 0.5, "ref_power": 20.0}, (2, 100)),
    ({**TINY, "min_power": 0.5, "ref_power": 0.1}, (2, 100)),
    ({**TINY, "min_freq": 300.0, "max_freq": 3000.5}, (2, 100)),
    ({**TINY, "min_freq": 0.0, "sampling_rate": 11025}, (2, 100)),
    ({**TINY, "fft_length": 33, "sampling_rate": 8000.5}, (2, 100)),
    (TINY, (2, 5)),
]


def told(arguments: dict[str, Any]) -> str:
    return "-".join(f"{k}={v}" for k, v in arguments.items() if k not in (*SMALL, *TINY)) or "plain"


def signal(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape).astype("float32")


def both(name: str, arguments: dict[str, Any]) -> tuple[Any, Any]:
    cornu.utils.clear_session()
    return getattr(layers, name)(**arguments), getattr(keras.layers, name)(**arguments)


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def assert_equal_phases(ours: Any, theirs: Any, sizes: Any) -> None:
    """Angles compared on the circle, as far as what they belong to differs from 0."""
    sure = np.asarray(sizes) > 1e-3
    turn = np.exp(1j * (np.asarray(ours) - np.asarray(theirs)))
    np.testing.assert_allclose(turn[sure], 1, atol=2e-3)


ODD = pytest.mark.filterwarnings("ignore:.*fft_length")


@ODD
@pytest.mark.parametrize("arguments", STFT, ids=told)
def test_stft_is_equal(arguments: dict[str, Any]) -> None:
    ours, theirs = both("STFTSpectrogram", arguments)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    first = arguments.get("data_format") == "channels_first"
    x = signal((2, 3, 300) if first else (2, 300, 3))
    expected = np.asarray(theirs(x))
    assert np.asarray(ours(x)).dtype == expected.dtype
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    assert len(ours.trainable_weights) == len(theirs.trainable_weights)
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=5e-6)  # Keras rounds the angles to float32
    ours.set_weights(theirs.get_weights())
    found = np.asarray(ours(x))
    if arguments.get("mode") == "angle":
        sizes = keras.layers.STFTSpectrogram(**{**arguments, "mode": "magnitude"})(x)
        assert_equal_phases(found, expected, sizes)
    else:
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-5)
    for shape in ((None, *x.shape[1:]), (None, 3, None) if first else (None, None, 3)):
        shapes = ours.compute_output_shape(shape), theirs.compute_output_shape(shape)
        assert plain(shapes[0]) == plain(shapes[1])


@pytest.mark.parametrize("mode", ["log", "magnitude", "psd", "angle", "stft"])
@pytest.mark.parametrize("loudness", [0.0, 1e-5, 1e-3])
def test_stft_of_quiet_signals(mode: str, loudness: float) -> None:
    ours, theirs = both("STFTSpectrogram", {**SMALL, "mode": mode})
    x = loudness * signal((2, 30, 1))
    if mode == "angle" and loudness:
        assert_equal_phases(ours(x), theirs(x), np.abs(theirs(x)) < 3.1)
    else:
        np.testing.assert_allclose(ours(x), theirs(x), rtol=2e-5, atol=2e-6)


def test_the_least_magnitude_follows_epsilon() -> None:
    x = np.zeros((1, 16, 1), "float32")
    for library in (cornu, keras):
        library.config.set_epsilon(1e-2)
    try:
        ours, theirs = both("STFTSpectrogram", {**SMALL, "mode": "magnitude"})
        np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-6)
        np.testing.assert_allclose(ours(x), 0.1, rtol=1e-6)
    finally:
        for library in (cornu, keras):
            library.config.set_epsilon(1e-7)


@pytest.mark.parametrize(("arguments", "shape"), MEL, ids=map(str, range(len(MEL))))
def test_mel_is_equal(arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    ours, theirs = both("MelSpectrogram", arguments)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    x = signal(shape)
    found, expected = np.asarray(ours(x)), np.asarray(theirs(x))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)
    if len(shape) < 3:  # Keras's shape of signals with two batch axes is not that of its output
        for known in (shape[-1], None):
            asked = (None, known) if len(shape) == 2 else (known,)
            shapes = ours.compute_output_shape(asked), theirs.compute_output_shape(asked)
            assert plain(shapes[0]) == plain(shapes[1])


def test_mel_counts_from_the_loudest_of_the_batch() -> None:
    ours, theirs = both("MelSpectrogram", {**TINY, "top_db": 10.0})
    x = signal((3, 100)) * np.array([[1], [1e-3], [1e-6]], "float32")
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-5, atol=1e-4)
    assert np.ptp(ours(x)[2]) == 0


@pytest.mark.parametrize("dtype", ["int16", "float16", "float64"])
def test_mel_of_other_dtypes(dtype: str) -> None:
    ours, theirs = both("MelSpectrogram", TINY)
    x = (10 * signal((2, 100))).astype(dtype)
    assert np.asarray(ours(x)).dtype == np.asarray(theirs(x)).dtype
    np.testing.assert_allclose(ours(x), theirs(x), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "arguments",
    [(), (6, 17, 8000, 20.0, 4000.0), (40, 257, 16000, 0.0, 8000.0, "float16")],
    ids=str,
)
def test_mel_matrix_is_equal(arguments: tuple[Any, ...]) -> None:
    ours, theirs = both("MelSpectrogram", TINY)
    found = np.asarray(ours.linear_to_mel_weight_matrix(*arguments))
    expected = np.asarray(theirs.linear_to_mel_weight_matrix(*arguments))
    assert found.dtype == expected.dtype
    # Keras computes the places in the dtype of the matrix, we in float64.
    np.testing.assert_allclose(found, expected, atol=0.06 if found.dtype == "float16" else 1e-5)


POLICIES = [
    ("STFTSpectrogram", "float16"),
    ("STFTSpectrogram", "mixed_float16"),
    ("MelSpectrogram", "float16"),
    ("MelSpectrogram", "mixed_float16"),
    ("MelSpectrogram", "mixed_bfloat16"),
]


@pytest.mark.parametrize(("name", "policy"), POLICIES)
def test_policies(name: str, policy: str) -> None:
    arguments = SMALL if name == "STFTSpectrogram" else TINY
    ours, theirs = both(name, {**arguments, "dtype": policy})
    assert plain(ours.get_config()) == plain(theirs.get_config())
    x = signal((2, 100, 1) if name == "STFTSpectrogram" else (2, 100))
    found, expected = np.asarray(ours(x)), np.asarray(theirs(x))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(
        found.astype("float32"), expected.astype("float32"), rtol=0.02, atol=0.1
    )
    assert [v.dtype for v in ours.weights] == [v.dtype for v in theirs.weights]


def model_of(library: Any) -> Any:
    """Both layers in one model, each on a signal of unknown length."""
    sound = library.Input((None,), name="sound")
    channels = library.Input((None, 2), name="channels")
    windowed = {**SMALL, "window": HALVES, "mode": "stft", "expand_dims": True}
    outputs = {
        "mel": library.layers.MelSpectrogram(**TINY, name="mel")(sound),
        "long": library.layers.MelSpectrogram(name="long")(sound),
        "stft": library.layers.STFTSpectrogram(**windowed, name="stft")(channels),
        "log": library.layers.STFTSpectrogram(frame_length=1024, name="log")(channels),
    }
    return library.Model([sound, channels], outputs, name="both")


def test_files_go_both_ways(tmp_path: pathlib.Path) -> None:
    ours, theirs = model_of(cornu), model_of(keras)
    for name, tensor in theirs.output.items():
        assert ours.output[name].shape == tensor.shape, name
    x = [signal((2, 3000)), signal((2, 3000, 2))]
    theirs.set_weights([w + 0.01 for w in theirs.get_weights()])
    expected = theirs.predict(x, verbose=0)
    theirs.save(tmp_path / "theirs.keras")
    read = cornu.models.load_model(tmp_path / "theirs.keras")
    ours.set_weights(theirs.get_weights())
    ours.save(tmp_path / "ours.keras")
    back = keras.models.load_model(tmp_path / "ours.keras")
    for model in (read, back):
        found = model.predict(x, verbose=0)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=1e-3, err_msg=name)
    assert plain(read.get_layer("stft").get_config()) == plain(
        theirs.get_layer("stft").get_config()
    )


def test_a_window_given_as_an_array_is_written_as_keras_reads_it(tmp_path: pathlib.Path) -> None:
    """Keras's own file of such a layer is one that it cannot read again."""
    window = np.asarray(HALVES)
    model = cornu.Sequential([cornu.Input((40, 1)), layers.STFTSpectrogram(**SMALL, window=window)])
    model.save(tmp_path / "ours.keras")
    x = signal((2, 40, 1))
    back = keras.models.load_model(tmp_path / "ours.keras")
    np.testing.assert_allclose(back(x), model(x), rtol=2e-5, atol=2e-5)
    theirs = keras.Sequential(
        [keras.Input((40, 1)), keras.layers.STFTSpectrogram(**SMALL, window=window)]
    )
    theirs.save(tmp_path / "theirs.keras")
    again = cornu.models.load_model(tmp_path / "theirs.keras")
    np.testing.assert_allclose(again(x), theirs(x), rtol=2e-5, atol=2e-5)
