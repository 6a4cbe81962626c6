"""Pictures and arrays, as in Keras."""

from __future__ import annotations

import builtins
import io
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import cornu

pytest.importorskip("PIL")
from PIL import Image

RNG = np.random.default_rng(2)
COLOR = RNG.normal(size=(5, 7, 3)).astype("float32")
PIXELS = RNG.integers(0, 256, (5, 7, 4))
DEEP = RNG.integers(0, 60_000, (5, 7, 1))

Utils = Any
TO_IMAGE: dict[str, Callable[[Utils], Any]] = {
    "scaled": lambda u: u.array_to_img(COLOR),
    "as it is": lambda u: u.array_to_img(PIXELS[..., :3], scale=False),
    "transparent": lambda u: u.array_to_img(PIXELS, scale=False),
    "gray": lambda u: u.array_to_img(COLOR[..., :1]),
    "gray of many bits": lambda u: u.array_to_img(DEEP, scale=False),
    "channels first": lambda u: u.array_to_img(COLOR.transpose(2, 0, 1), "channels_first"),
    "of one value": lambda u: u.array_to_img(np.full((2, 2, 1), 7.0)),
    "dtype": lambda u: u.array_to_img(COLOR, dtype="float64"),
}


@pytest.mark.parametrize("name", TO_IMAGE)
def test_arrays_become_the_images_of_keras(name: str) -> None:
    found, expected = TO_IMAGE[name](cornu.utils), TO_IMAGE[name](keras.utils)
    assert found.mode == expected.mode
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize("layout", [None, "channels_first", "channels_last"])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_images_become_the_arrays_of_keras(mode: str, layout: str | None) -> None:
    image = Image.fromarray(PIXELS.astype("uint8")).convert(mode)
    found, expected = (u.img_to_array(image, layout, "int32") for u in (cornu.utils, keras.utils))
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    assert cornu.utils.img_to_array(image).dtype == "float32"


@pytest.fixture
def files(tmp_path: pathlib.Path) -> pathlib.Path:
    Image.fromarray(PIXELS.astype("uint8")).save(tmp_path / "rgba.png")
    Image.fromarray(PIXELS[..., 0].astype("uint8")).save(tmp_path / "gray.png")
    Image.fromarray(DEEP[..., 0].astype("uint16")).save(tmp_path / "deep.png")
    return tmp_path


@pytest.mark.parametrize("mode", ["rgb", "rgba", "grayscale"])
@pytest.mark.parametrize("name", ["rgba", "gray", "deep"])
def test_files_are_read_as_by_keras(files: pathlib.Path, name: str, mode: str) -> None:
    path = files / f"{name}.png"
    expected = keras.utils.load_img(path, color_mode=mode)
    for source in (path, str(path), io.BytesIO(path.read_bytes())):
        found = cornu.utils.load_img(source, color_mode=mode)
        assert found.mode == expected.mode
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


@pytest.mark.parametrize(
    "options",
    [
        *({"interpolation": name} for name in ("nearest", "bilinear", "bicubic", "lanczos")),
        *({"interpolation": name} for name in ("box", "hamming")),
        {"keep_aspect_ratio": True},
        {"keep_aspect_ratio": True, "target_size": (4, 14), "interpolation": "bilinear"},
        {"target_size": (5, 7)},
    ],
    ids=str,
)
def test_sizes_are_those_of_keras(files: pathlib.Path, options: dict[str, Any]) -> None:
    options = {"target_size": (3, 3), **options}
    found, expected = (
        np.asarray(u.load_img(files / "rgba.png", **options)) for u in (cornu.utils, keras.utils)
    )
    np.testing.assert_array_equal(found, expected)


def test_saved_images_are_read_back(tmp_path: pathlib.Path) -> None:
    pixels = PIXELS[..., :3]
    cornu.utils.save_img(tmp_path / "a.png", pixels, scale=False)
    np.testing.assert_array_equal(cornu.utils.load_img(tmp_path / "a.png"), pixels)
    with io.BytesIO() as file:
        cornu.utils.save_img(file, pixels, file_format="png", scale=False)
        np.testing.assert_array_equal(cornu.utils.load_img(file), pixels)
    with pytest.warns(UserWarning, match="no transparency"):
        cornu.utils.save_img(tmp_path / "a.jpg", PIXELS)
    assert cornu.utils.load_img(tmp_path / "a.jpg", "rgba").size == (7, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda u: u.array_to_img(np.ones((2, 2))), "3 axes"),
        (lambda u: u.array_to_img(np.ones((2, 2, 5))), "1, 3 or 4 channels"),
        (lambda u: u.array_to_img(COLOR, "channels_list"), "did you mean 'channels_last'"),
        (lambda u: u.img_to_array(np.ones(3)), "2 or 3 axes"),
        (lambda u: u.load_img("a.png", color_mode="rbg"), "did you mean 'rgb'"),
        (lambda u: u.load_img("a.png", interpolation="cubic"), "did you mean 'bicubic'"),
    ],
)
def test_what_cannot_be_is_named(call: Callable[[Utils], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call(cornu.utils)


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "PIL":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match="pip install pillow"):
        cornu.utils.array_to_img(COLOR)
