"""Preprocessing layers against the real Keras: values, configs, shapes, files both ways.

The real `adapt` takes nothing but one array for Normalization, and needs TensorFlow for
Discretization; that layer's `update_state` and `finalize_state` do the same without it.
"""

from __future__ import annotations

import pathlib
from typing import Any

import keras
import numpy as np
import pytest

import cornu
from cornu import layers
from oracle.test_layers import assert_close, assert_same_weights, pair, plain

NUMBERS = np.random.default_rng(3)
VECTOR, STEPS, IMAGES = (4, 6), (4, 5, 3), (2, 4, 5, 3)


def floats(shape: Any) -> np.ndarray:
    return NUMBERS.normal(size=shape).astype("float32") * 3


def ids(shape: Any) -> np.ndarray:
    return NUMBERS.integers(0, 4, shape)


GIVEN: list[tuple[str, dict[str, Any], np.ndarray]] = [
    ("Rescaling", {"scale": 0.5, "offset": 1}, floats(VECTOR)),
    ("Rescaling", {"scale": 1 / 255}, NUMBERS.integers(0, 255, IMAGES).astype("uint8")),
    ("Rescaling", {"scale": [1.0, 2, 3], "offset": [0, 1, 2]}, floats(IMAGES)),
    ("Rescaling", {"scale": np.array([1.0, 2, 3])}, floats((2, 3))),
    ("Rescaling", {"scale": np.float32(0.5), "dtype": "mixed_bfloat16"}, ids(VECTOR)),
    ("Rescaling", {"scale": 2, "dtype": "int32"}, ids(VECTOR)),
    ("Normalization", {"mean": 1.0, "variance": 4.0}, floats(VECTOR)),
    ("Normalization", {"mean": [1.0, 2, 3], "variance": np.array([1, 4, 9])}, floats(STEPS)),
    ("Normalization", {"mean": [1.0, 2, 3], "variance": [1, 4, 0], "invert": True}, floats(STEPS)),
    ("Normalization", {"axis": None, "mean": 1, "variance": 4}, floats((5,))),
    ("Normalization", {"axis": 1, "mean": [1, 2, 3, 4, 5], "variance": [4.0] * 5}, floats(STEPS)),
    ("Normalization", {"axis": (1, -1), "mean": 1.0, "variance": 4.0}, floats(STEPS)),
    *(
        ("CategoryEncoding", {"num_tokens": 5, "output_mode": mode}, ids(shape))
        for mode in ("one_hot", "multi_hot", "count")
        for shape in ((4,), (4, 1), (4, 3), (2, 3, 1), (2, 3, 2))
    ),
    ("CategoryEncoding", {"num_tokens": 4, "dtype": "int32"}, ids(VECTOR)),
    *(
        ("Discretization", {"bin_boundaries": [-1.0, 0.0, 0.5], "output_mode": mode}, floats(shape))
        for mode in ("int", "one_hot", "multi_hot", "count")
        for shape in ((4,), (4, 1), (4, 3), (2, 3, 2))
    ),
    ("Discretization", {"bin_boundaries": [0, 1]}, ids(VECTOR)),
    ("Discretization", {"bin_boundaries": (0.0, 1.0)}, np.array([-1, 0, 1, np.inf, np.nan])),
    ("Discretization", {"bin_boundaries": []}, floats(VECTOR)),
    ("Discretization", {"bin_boundaries": [0.0], "dtype": "float16"}, floats(VECTOR)),
]  # fmt: skip


def name_of(row: Any) -> str:
    return f"{row[0]}-{'-'.join(map(str, row[1]))}-{row[2].ndim}"


@pytest.mark.parametrize("row", GIVEN, ids=name_of)
def test_outputs_and_configs(row: Any) -> None:
    name, arguments, x = row
    ours, theirs = pair(lambda module: getattr(module, name)(**arguments))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert ours.supports_masking == theirs.supports_masking
    assert_close(ours(x), theirs(x))
    assert_same_weights(ours, theirs)
    assert plain(ours.compute_output_shape(x.shape)) == list(theirs(x).shape)
    if x.ndim == 2:  # for others Keras tells shapes that differ from its own results
        unknown = (None, *x.shape[1:])
        expected = plain(theirs.compute_output_shape(unknown))
        assert plain(ours.compute_output_shape(unknown)) == expected
    again = layers.deserialize(plain(layers.serialize(ours)))
    assert plain(again.get_config()) == plain(ours.get_config())
    assert_close(again(x), theirs(x))


def test_counts_are_weighted() -> None:
    weights = np.abs(floats((4, 3)))
    x = ids((4, 3))
    ours, theirs = pair(lambda module: module.CategoryEncoding(5, "count"))
    assert_close(ours(x, count_weights=weights), theirs(x, count_weights=weights))
    assert_close(ours([0, 1], count_weights=[0.5, 2]), theirs([0, 1], count_weights=[0.5, 2]))


@pytest.mark.parametrize(
    ("axis", "shape"),
    [(-1, (30, 4)), (None, (30, 4)), (None, (30,)), (1, STEPS), (-2, STEPS), ((1, 2), IMAGES)],
)
def test_moments_of_arrays(axis: Any, shape: Any) -> None:
    x = floats(shape) + 5
    ours, theirs = pair(lambda module: module.Normalization(axis=axis))
    for layer in (ours, theirs):
        layer.adapt(floats(shape))  # forgotten with the next
        layer.adapt(x)
    assert_same_weights(ours, theirs)
    assert_close(ours.mean, theirs.mean)
    assert_close(ours.variance, theirs.variance)
    assert_close(ours(x), theirs(x))
    assert plain(ours.get_config()) == plain(theirs.get_config())
    assert plain(ours.get_build_config()) == plain(theirs.get_build_config())


def test_moments_fit_inputs_of_another_rank() -> None:
    ours, theirs = pair(lambda module: module.Normalization())
    for layer in (ours, theirs):
        layer.adapt(np.arange(12.0).reshape(4, 3))
    x = floats((2, 2, 3))
    assert_close(ours(x), theirs(x))


SIZES = [(7,), (19,), (101,), (150,), (1000,), (7, 19), (33, 50, 12), (300, 500)]


@pytest.mark.parametrize("epsilon", [0.01, 0.03, 0.1, 0.3, 0.9])
def test_boundaries(epsilon: float) -> None:
    for sizes in SIZES:
        ours, theirs = pair(lambda module: module.Discretization(num_bins=5, epsilon=epsilon))
        parts = [floats(size) ** 3 for size in sizes]
        for part in parts:
            ours.update_state(part)
            theirs.update_state(part)
        ours.finalize_state()
        theirs.finalize_state()
        np.testing.assert_allclose(
            ours.bin_boundaries, theirs.bin_boundaries, rtol=1e-4, atol=1e-5, err_msg=str(sizes)
        )
        assert plain(ours.compute_output_shape((None, 3))) == [None, 3]


@pytest.mark.parametrize("mode", ["int", "one_hot"])
def test_shapes_are_known_before_boundaries_are(mode: str) -> None:
    ours, theirs = pair(lambda module: module.Discretization(num_bins=5, output_mode=mode))
    assert ours.compute_output_shape((None, 3)) == theirs.compute_output_shape((None, 3))
    assert ours(cornu.Input((3,))).dtype == theirs(keras.Input((3,))).dtype
    assert plain(ours.get_config()) == plain(theirs.get_config())


# -- files -----------------------------------------------------------------------------------------

X = np.random.default_rng(5).normal(size=(6, 4)).astype("float32") * 2 + 1


def numbers(library: Any) -> Any:
    """A model whose layers have measured their data."""
    own = library.layers
    scaled, bins = own.Normalization(), own.Discretization(num_bins=3, output_mode="one_hot")
    scaled.adapt(X)
    bins.update_state(X)
    bins.finalize_state()
    inputs = library.Input((4,))
    merged = own.Concatenate()([
        own.Rescaling([1.0, 2, 3, 4], offset=1.0)(scaled(inputs)),
        own.Flatten()(bins(inputs)),
        own.Normalization(axis=None, mean=0.5, variance=2.0)(inputs),
    ])  # fmt: skip
    return library.Model(inputs, own.Dense(2)(merged))


@pytest.mark.parametrize(("writer", "reader"), [(keras, cornu), (cornu, keras)])
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_measured_state_in_files(
    writer: Any, reader: Any, suffix: str, tmp_path: pathlib.Path
) -> None:
    model = numbers(writer)
    path = str(tmp_path / f"model{suffix}")
    model.save(path)
    read = reader.models.load_model(path)
    for a, b in zip(model.get_weights(), read.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    expected = model.predict(X, verbose=0)
    np.testing.assert_allclose(read.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)
    if suffix == ".h5" and reader is keras:
        return  # Keras reads `axis=[]`, as it writes it for None, as the default axis from `.h5`
    records = [plain(m.get_config())["layers"] for m in (model, read)]
    configs = [{r["name"]: r["config"] for r in one} for one in records]
    assert configs[0].keys() == configs[1].keys()
    for name in configs[0]:
        if name.startswith(("normalization", "discretization", "rescaling")):
            assert configs[0][name] == configs[1][name]


@pytest.mark.parametrize(("writer", "reader"), [(keras, cornu), (cornu, keras)])
def test_weights_files_hold_moments(writer: Any, reader: Any, tmp_path: pathlib.Path) -> None:
    def model(library: Any) -> Any:
        return library.Sequential([library.Input((4,)), library.layers.Normalization()])

    adapted, fresh = model(writer), model(reader)
    adapted.layers[0].adapt(X)
    path = str(tmp_path / "moments.weights.h5")
    adapted.save_weights(path)
    fresh.load_weights(path)
    expected = (X - X.mean(0)) / X.std(0)
    np.testing.assert_allclose(fresh.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-5)
