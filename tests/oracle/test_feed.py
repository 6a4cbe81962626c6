"""Labels, sequences and batches against the real Keras."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import keras
import numpy as np
import pytest

from cornu import utils


def same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    if found.dtype == object:
        assert found.tolist() == expected.tolist()
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize(
    "args",
    [
        ([0, 1, 2],),
        ([0, 1], 4),
        ([[0], [1]],),
        ([[0, 1], [1, 2]], 4),
        (np.ones((2, 1, 1), "uint8"),),
        (3,),
        (np.int64(2),),
        ([3],),
        (["1", "0"],),
        (jnp.array([0, 1]), 3),
    ],
)
def test_to_categorical(args: Any) -> None:
    same(utils.to_categorical(*args), keras.utils.to_categorical(*args))


# Not axis 0 of NumPy arrays: there Keras divides rows by the norms of columns.
@pytest.mark.parametrize(
    ("kind", "axis"), [(np.array, 1), (np.array, -1), (jnp.array, 0), (jnp.array, 1), (list, -1)]
)
@pytest.mark.parametrize("order", [1, 2, 3])
def test_normalize(axis: int, order: int, kind: Any, rng: np.random.Generator) -> None:
    x = kind(rng.normal(size=(3, 4)).astype("float32").tolist())
    same(utils.normalize(x, axis, order), keras.utils.normalize(x, axis, order))


@pytest.mark.parametrize("x", [np.array([3, 4]), np.array([[0.0, 0]]), 5.0])
def test_normalize_at_the_edges(x: Any) -> None:
    same(utils.normalize(x), keras.utils.normalize(x))


@pytest.mark.parametrize("padding", ["pre", "post"])
@pytest.mark.parametrize("truncating", ["pre", "post"])
@pytest.mark.parametrize("maxlen", [None, 1, 2, 5])
@pytest.mark.parametrize(
    ("sequences", "options"),
    [
        ([[1], [2, 3], [4, 5, 6]], {}),
        ([[1.5], [], [4, 5.25, 6]], {"dtype": "float32", "value": -1.5}),
        ([[[1, 2]], [[3, 4], [5, 6]]], {"value": 7}),
        ([["a"], ["b", "c", "d"]], {"dtype": object, "value": "z"}),
        (np.arange(6).reshape(2, 3), {}),
    ],
)
def test_pad_sequences(
    padding: str, truncating: str, maxlen: int | None, sequences: Any, options: dict[str, Any]
) -> None:
    options = {"padding": padding, "truncating": truncating, "maxlen": maxlen, **options}
    same(utils.pad_sequences(sequences, **options), keras.utils.pad_sequences(sequences, **options))


@pytest.mark.parametrize(
    "data", [1, (1,), (1, 2), (1, 2, 3), [1], [1, 2], (1, None, 3), {"a": 1}, None]
)
def test_unpack(data: Any) -> None:
    assert utils.unpack_x_y_sample_weight(data) == keras.utils.unpack_x_y_sample_weight(data)


@pytest.mark.parametrize("data", [(), (1, 2, 3, 4)])
def test_unpack_refuses(data: Any) -> None:
    for module in (utils, keras.utils):
        with pytest.raises(ValueError):
            module.unpack_x_y_sample_weight(data)


# Not (x, None, weights), of which Keras drops the weights.
@pytest.mark.parametrize(
    "args", [(1,), (1, 2), (1, 2, 3), ([1],), ((1, 2),), ({"a": 1},), ([1], 2)]
)
def test_pack(args: Any) -> None:
    assert utils.pack_x_y_sample_weight(*args) == keras.utils.pack_x_y_sample_weight(*args)


def test_py_dataset_has_the_same_members() -> None:
    public = {name for name in dir(keras.utils.PyDataset) if not name.startswith("_")}
    assert public <= set(dir(utils.PyDataset))
