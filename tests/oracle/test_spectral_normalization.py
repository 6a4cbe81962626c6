"""SpectralNormalization against the real Keras: calls, `fit`, configs and files."""

from __future__ import annotations

import pathlib
import zipfile
from typing import Any

import h5py
import keras
import numpy as np
import pytest

import cornu
from oracle.test_layers import IMAGE, STEPS, VECTOR, assert_close, pair, plain
from oracle.test_layers import data as floats

IDS = np.array([[1, 0, 6], [2, 2, 0]])

# What stands inside, how many power iterations a call takes, and inputs.
INSIDE: dict[str, tuple[Any, dict[str, Any], Any]] = {
    "dense": (lambda m: m.Dense(4), {}, floats(VECTOR)),
    "dense, one unit": (lambda m: m.Dense(1, use_bias=False), {}, floats(VECTOR)),
    "dense, more iterations": (lambda m: m.Dense(4), {"power_iterations": 4}, floats(STEPS)),
    "convolution": (lambda m: m.Conv2D(3, 2, padding="same"), {}, floats(IMAGE)),
    "transpose": (lambda m: m.Conv1DTranspose(2, 3), {}, floats(STEPS)),
    "depthwise": (lambda m: m.DepthwiseConv2D(2, depth_multiplier=2), {}, floats(IMAGE)),
    "einsum": (lambda m: m.EinsumDense("abc,cde->abde", (5, 2, 3)), {}, floats(STEPS)),
    # Of ids as floats: Keras makes the embeddings of integers integers.
    "embedding": (
        lambda m: m.Embedding(7, 3, embeddings_initializer=normal(m)), {}, IDS.astype("float32"),
    ),
    "nested": (
        lambda m: m.SpectralNormalization(m.Dense(3)), {"power_iterations": 2}, floats(VECTOR),
    ),
    "zeros": (lambda m: m.Dense(3, kernel_initializer="zeros"), {}, floats(VECTOR)),
    "in halves": (lambda m: m.Dense(4, dtype="mixed_bfloat16"), {}, floats(VECTOR)),
    "outside in halves": (lambda m: m.Dense(4), {"dtype": "mixed_bfloat16"}, floats(VECTOR)),
}  # fmt: skip


def normal(module: Any) -> Any:
    library = keras if module is keras.layers else cornu
    return library.initializers.RandomNormal(seed=5)


@pytest.mark.parametrize("case", INSIDE)
def test_calls(case: str) -> None:
    make, arguments, x = INSIDE[case]

    def built(module: Any) -> Any:
        layer = module.SpectralNormalization(make(module), **arguments)
        layer.build(x.shape)  # here, where the vector draws from the seed of this library
        return layer

    ours, theirs = pair(built)
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert ours.supports_masking == theirs.supports_masking
    tolerance = 2e-2 if "halves" in case else 2e-5
    assert_close(ours(x), theirs(x), tolerance)
    assert [(v.path, v.dtype) for v in ours.weights] == [(v.path, v.dtype) for v in theirs.weights]
    unknown = (None, *x.shape[1:])
    assert plain(ours.compute_output_shape(unknown)) == plain(theirs.compute_output_shape(unknown))
    for _ in range(3):
        assert_close(ours(x, training=True), theirs(x, training=True), tolerance)
        assert_close(ours.get_weights(), theirs.get_weights(), tolerance)
    assert_close(ours(x), theirs(x), tolerance)
    if case == "zeros":
        return  # Keras's vector becomes 0 here, though not in calls
    for a, b in zip(ours.normalized_weights(), theirs.normalized_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_embeddings_of_integers_stay_floats() -> None:
    inside = cornu.layers.Embedding(7, 3, mask_zero=True)
    outputs = cornu.layers.SpectralNormalization(inside)(IDS, training=True)
    np.testing.assert_array_equal(outputs, inside.embeddings.numpy()[IDS])
    np.testing.assert_array_equal(outputs._keras_mask, IDS != 0)


def model(library: Any, **inside: Any) -> Any:
    layers = library.layers
    return library.Sequential([
        library.Input((6, 5, 2)),
        layers.SpectralNormalization(layers.Conv2D(3, 2, **inside), name="first"),
        layers.AdaptiveAveragePooling2D(2, name="pool"),
        layers.Flatten(name="flat"),
        layers.SpectralNormalization(layers.Dense(4, **inside), power_iterations=2, name="last"),
    ], name="critic")  # fmt: skip


def models(**inside: Any) -> tuple[Any, Any]:
    ours, theirs = pair(lambda m: model(keras if m is keras.layers else cornu, **inside))
    return ours, theirs


IMAGES, TARGETS = floats((12, 6, 5, 2)), floats((12, 4))


@pytest.mark.parametrize(
    ("inside", "frozen"),
    [
        ({}, False),
        ({"kernel_regularizer": "l2"}, False),
        ({"kernel_constraint": "max_norm"}, False),
        ({}, True),
    ],
    ids=["plain", "regularized", "constrained", "frozen"],
)
def test_fit(inside: dict[str, Any], frozen: bool) -> None:
    ours, theirs = models(**inside)
    histories = []
    for one, library in ((ours, cornu), (theirs, keras)):
        one.layers[0].trainable = not frozen
        optimizer = library.optimizers.SGD(0.2, momentum=0.5)
        one.compile(optimizer, "mse")
        history = one.fit(IMAGES, TARGETS, batch_size=5, epochs=3, shuffle=False, verbose=0)
        histories.append(history.history["loss"])
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-4)
    assert_same_weights_closely(ours, theirs)
    assert_close(ours.predict(IMAGES, verbose=0), theirs.predict(IMAGES, verbose=0), 1e-4)
    np.testing.assert_allclose(
        ours.evaluate(IMAGES, TARGETS, verbose=0),
        theirs.evaluate(IMAGES, TARGETS, verbose=0),
        rtol=1e-4,
    )


def assert_same_weights_closely(ours: Any, theirs: Any) -> None:
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    assert_close(ours.get_weights(), theirs.get_weights(), 1e-4)


def datasets(path: pathlib.Path) -> dict[str, tuple[int, ...]]:
    """Shapes of all arrays in the weights of a `.keras` file."""
    found: dict[str, tuple[int, ...]] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item.shape

    with (
        zipfile.ZipFile(path) as archive,
        archive.open("model.weights.h5") as file,
        h5py.File(file) as weights,
    ):
        weights.visititems(note)
    return found


def test_files_go_both_ways(tmp_path: pathlib.Path) -> None:
    ours, theirs = models()
    for one, seed in ((ours, 1), (theirs, 2)):
        numbers = np.random.default_rng(seed)
        one.set_weights([numbers.normal(size=w.shape) for w in one.get_weights()])
    ours.save(tmp_path / "ours.keras")
    theirs.save(tmp_path / "theirs.keras")
    assert datasets(tmp_path / "ours.keras") == datasets(tmp_path / "theirs.keras")
    for source, library, name in ((ours, keras, "ours"), (theirs, cornu, "theirs")):
        loaded = library.models.load_model(tmp_path / f"{name}.keras")
        for a, b in zip(source.get_weights(), loaded.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
        assert_close(loaded.predict(IMAGES, verbose=0), source.predict(IMAGES, verbose=0))
        layer, other = source.layers[0], loaded.layers[0]
        x = IMAGES[:2]
        assert_close(other(x, training=True), layer(x, training=True))
        assert_close(other.get_weights(), layer.get_weights())
