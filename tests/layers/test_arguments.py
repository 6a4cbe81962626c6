"""Wrong arguments and inputs of layers: what the messages say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cornu import layers
from cornu.layers.base.input_spec import InputSpec


def ones(*shape: int) -> np.ndarray:
    return np.ones(shape, "float32")


WRONG: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: layers.Activation("sigmod"), ValueError, "did you mean 'sigmoid'"),
    (lambda: layers.ReLU(-1), ValueError, "max_value"),
    (lambda: layers.LeakyReLU(-0.1), ValueError, "negative_slope"),
    (lambda: layers.Dropout(2), ValueError, "rate=2"),
    (lambda: layers.Dropout("0.5"), ValueError, "between 0 and 1"),
    (lambda: layers.Dropout(0.5, noise_shape=(0, 1)), ValueError, "noise_shape"),
    (lambda: layers.Reshape((4, 2))(ones(2, 3)), ValueError, r"\(3,\).*target_shape=\(4, 2\)"),
    (lambda: layers.Reshape((-1, -1)), ValueError, "at most one"),
    (lambda: layers.Permute((0, 1)), ValueError, "dims"),
    (lambda: layers.RepeatVector("a"), TypeError, "n='a'"),
    (lambda: layers.Cropping1D(3)(ones(1, 4, 2)), ValueError, "leaves nothing of axis 1"),
    (lambda: layers.ZeroPadding2D((1, 2, 3)), ValueError, "padding"),
    (lambda: layers.UpSampling2D(interpolation="bilinar"), ValueError, "did you mean 'bilinear'"),
    (lambda: layers.Conv2D(0, 3), ValueError, "filters=0"),
    (lambda: layers.Conv2D(2, (3, 3, 3)), ValueError, "kernel_size"),
    (lambda: layers.Conv2D(2, 3, padding="sme"), ValueError, "did you mean 'same'"),
    (lambda: layers.Conv2D(2, 3, padding="causal"), ValueError, "causal"),
    (lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2), ValueError, "strides"),
    (lambda: layers.Conv2D(3, 3, groups=2), ValueError, "multiple of `groups`"),
    (lambda: layers.Conv2D(2, 9)(ones(1, 4, 4, 1)), ValueError, "does not fit"),
    (lambda: layers.Conv2D(2, 3)(ones(4, 4, 1)), ValueError, "dimensions"),
    (lambda: layers.Conv2DTranspose(2, 3, output_padding=1), ValueError, "output_padding"),
    (lambda: layers.STFTSpectrogram("logg"), ValueError, "did you mean 'log'"),
    (lambda: layers.STFTSpectrogram(frame_length=0), ValueError, "frame_length=0"),
    (lambda: layers.STFTSpectrogram(frame_step=300), ValueError, "at most `frame_length`"),
    (lambda: layers.STFTSpectrogram(fft_length=128), ValueError, "at least `frame_length`"),
    (lambda: layers.STFTSpectrogram(window="nope"), ValueError, "window='nope'"),
    (lambda: layers.STFTSpectrogram(window=[1, 2]), ValueError, "256 numbers"),
    (lambda: layers.STFTSpectrogram(scaling="x"), ValueError, "scaling='x'"),
    (lambda: layers.STFTSpectrogram(padding="sam"), ValueError, "did you mean 'same'"),
    (lambda: layers.STFTSpectrogram()(ones(1, 99, 1)), ValueError, "shorter than a frame.*time=99"),
    (lambda: layers.STFTSpectrogram()(ones(1, 99)), ValueError, "dimensions"),
    (lambda: layers.STFTSpectrogram(8)(np.ones((1, 9, 1), "int16")), ValueError, "mode"),
    (
        lambda: layers.STFTSpectrogram(frame_length=8)(np.ones((1, 9, 1), "int16")),
        TypeError,
        "x / 32768.*int16",
    ),
    (lambda: layers.MelSpectrogram(fft_length=8, sequence_length=9), ValueError, "fft_length=8"),
    (lambda: layers.MelSpectrogram(sequence_stride=0), ValueError, "sequence_stride=0"),
    (lambda: layers.MelSpectrogram(window="han")(ones(1, 99)), ValueError, "window.*'han'"),
    (lambda: layers.MelSpectrogram(window=[1, 2]), ValueError, "2048 numbers"),
    (lambda: layers.MelSpectrogram(min_freq=9000), ValueError, "max_freq=8000"),
    (lambda: layers.MelSpectrogram(min_freq=-1), ValueError, "min_freq=-1"),
    (lambda: layers.MelSpectrogram(ref_power=max), ValueError, "ref_power"),
    (lambda: layers.MelSpectrogram(mag_exp=0), ValueError, "mag_exp=0"),
    (lambda: layers.MelSpectrogram(max_freq=9000), UserWarning, "up to 8000.0 Hz"),
    (lambda: layers.STFTSpectrogram(fft_length=257), UserWarning, "256 points"),
    (lambda: layers.MaxPooling2D(9)(ones(1, 4, 4, 1)), ValueError, "pool_size"),
    (lambda: layers.MaxPooling1D(padding="vald"), ValueError, "did you mean 'valid'"),
    (lambda: layers.AdaptiveMaxPooling2D(0), ValueError, "output_size=0"),
    (lambda: layers.AdaptiveMaxPooling2D((2, 2, 2)), ValueError, "integer or 2 of them"),
    (lambda: layers.AdaptiveAveragePooling1D(2.5), ValueError, "output_size=2.5"),
    (lambda: layers.AdaptiveAveragePooling1D(), TypeError, "output_size"),
    (lambda: layers.AdaptiveAveragePooling3D(2, "first"), ValueError, "data_format='first'"),
    (lambda: layers.AdaptiveMaxPooling2D(2)(ones(4, 4, 1)), ValueError, "dimensions"),
    (lambda: layers.AdaptiveMaxPooling1D(2)(ones(2, 0, 1)), ValueError, "spatial axis is empty"),
    (lambda: layers.BatchNormalization(axis=5)(ones(2, 3)), ValueError, "axis 5"),
    (lambda: layers.BatchNormalization(momentun=0.9), TypeError, "did you mean 'momentum'"),
    (lambda: layers.GroupNormalization(2)(ones(2, 3)), ValueError, "groups=2"),
    (lambda: layers.Embedding(0, 3), ValueError, "input_dim=0"),
    (lambda: layers.Add()(ones(2, 3)), ValueError, "list of inputs"),
    (lambda: layers.Add()([ones(2, 3), ones(2, 4)]), ValueError, "do not fit"),
    (lambda: layers.Subtract()([ones(2, 3)] * 3), ValueError, "exactly 2"),
    (lambda: layers.Concatenate()([ones(2, 3), ones(3, 3)]), ValueError, "other sizes"),
    (lambda: layers.Dot(axes=1)([ones(2, 3), ones(2, 4)]), ValueError, "must be equal"),
    (lambda: layers.Lambda("no"), TypeError, "callable"),
    (lambda: layers.LSTM(0), ValueError, "units=0"),
    (lambda: layers.LSTM(2, dropout=3), ValueError, "dropout=3"),
    (lambda: layers.RNN(3), ValueError, "must have `call`"),
    (
        lambda: layers.LSTM(2)(ones(2, 8, 3), mask=np.ones((2, 7), bool)),
        ValueError,
        r"mask of shape \(2, 7\).*\(2, 8\)",
    ),
    (
        lambda: layers.LSTM(2)(ones(2, 8, 3), initial_state=[ones(2, 2)]),
        ValueError,
        "2 states",
    ),
    (lambda: layers.GRU(2)(ones(2, 8, 3), initial_state=ones(2, 5)), ValueError, r"\(2, 2\)"),
    (lambda: layers.LSTM(2, stateful=True).build((None, 3, 2)), ValueError, "batch size"),
    (lambda: layers.ConvLSTM2D(0, 3), ValueError, "filters=0"),
    (lambda: layers.ConvLSTM2D(2, (3, 3, 3)), ValueError, "kernel_size"),
    (lambda: layers.ConvLSTM1D(2, 3, padding="causal"), ValueError, "causal"),
    (lambda: layers.ConvLSTM2D(2, 3, strides=2, dilation_rate=2), ValueError, "strides"),
    (lambda: layers.ConvLSTM2D(2, 3, data_format="last"), ValueError, "channels_first"),
    (lambda: layers.ConvLSTM2D(2, 3, recurrent_dropout=-1), ValueError, "recurrent_dropout=-1"),
    (lambda: layers.ConvLSTM2D(2, 9)(ones(1, 2, 4, 4, 1)), ValueError, "does not fit"),
    (lambda: layers.ConvLSTM2D(2, 3)(ones(1, 4, 4, 1)), ValueError, "5 dimensions"),
    (lambda: layers.ConvLSTM1D(2, 3).build((2, 3, 4, None)), ValueError, "number of channels"),
    (lambda: layers.ConvLSTM1D(2, 3).get_initial_state(2), ValueError, "are not known"),
    (
        lambda: layers.ConvLSTM1D(2, 3, stateful=True).build((2, 3, None, 1)),
        ValueError,
        "fixed spatial sizes",
    ),
    (
        lambda: layers.ConvLSTM1D(2, 3)(ones(2, 3, 4, 1), initial_state=[ones(2, 4, 2)] * 2),
        ValueError,
        r"\(2, 4, 2\).*\(2, 2, 2\)",
    ),
    (lambda: layers.Bidirectional(layers.Dense(2)), ValueError, "recurrent layer"),
    (lambda: layers.Bidirectional(layers.LSTM(2), "cat"), ValueError, "merge_mode"),
    (lambda: layers.TimeDistributed(layers.Dense(2))(ones(2, 3)), ValueError, "time"),
    (lambda: layers.SpectralNormalization(3), TypeError, "Layer object"),
    (
        lambda: layers.SpectralNormalization(layers.Dense(2), 0),
        ValueError,
        "power_iterations=0",
    ),
    (
        lambda: layers.SpectralNormalization(layers.LSTM(2, name="memory"))(ones(2, 8, 3)),
        ValueError,
        r"layer 'memory' \(LSTM\) has neither",
    ),
    (lambda: layers.Wrapper(3), TypeError, "Layer object"),
    (lambda: layers.deserialize({"class_name": "Dens", "config": {}}), ValueError, "'Dense'"),
]


@pytest.mark.parametrize(("build", "error", "says"), WRONG, ids=range(len(WRONG)))
def test_messages(build: Callable[[], Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        build()


def test_add_warns_when_it_repeats_an_input() -> None:
    with pytest.warns(UserWarning, match="size 1 along axis -1"):
        layers.Add()([ones(2, 4), ones(2, 1)])


def test_flatten_warns_when_a_mask_is_lost() -> None:
    embedded = layers.Embedding(5, 3, mask_zero=True)(np.array([[1, 0]]))
    with pytest.warns(UserWarning, match="mask"):
        layers.Flatten()(embedded)


def test_misspelt_layers_get_a_hint() -> None:
    with pytest.raises(AttributeError, match=r"MaxPooling1D.*MaxPooling2D.*MaxPooling3D"):
        _ = layers.MaxPooling  # type: ignore[attr-defined]


def test_input_specs_name_the_rank() -> None:
    assert layers.LSTM(2).input_spec.ndim == InputSpec(ndim=3).ndim
