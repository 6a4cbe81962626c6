"""`ops.image` against the real Keras, in both formats, one image and a batch."""

import keras
import numpy as np
import pytest

import cornu
from cornu import ops

random = np.random.default_rng(0)
IMAGES = random.uniform(size=(2, 9, 12, 3)).astype("float32")
VOLUMES = random.uniform(size=(2, 5, 6, 7, 2)).astype("float32")
BYTES = random.integers(0, 256, (2, 9, 12, 3)).astype("uint8")
TURN = np.array([[0.9, 0.3, -1.0, -0.2, 1.1, 0.5, 0, 0], [1, 0, 2, 0, 1, -3, 0, 0]], "float32")
CORNERS = np.array([[0, 0], [0, 8], [11, 0], [11, 8]], "float32")
MOVED = CORNERS + random.uniform(-1, 1, (2, 4, 2)).astype("float32")
PLACES = random.uniform(-6, 16, (3, 2, 20)).astype("float32")
GRAY = random.uniform(size=(2, 9, 12)).astype("float32")

ON_IMAGES = [
    ("rgb_to_grayscale", (), {}),
    ("rgb_to_hsv", (), {}),
    ("hsv_to_rgb", (), {}),
    ("pad_images", (1, 2, 3, 4), {}),
    ("pad_images", (1, 2), {"target_height": 12, "target_width": 17}),
    (
        "pad_images",
        (),
        {"bottom_padding": 1, "right_padding": 0, "target_height": 12, "target_width": 12},
    ),
    ("crop_images", (1, 2, 3, 4), {}),
    ("crop_images", (1, 2), {"target_height": 5, "target_width": 7}),
    *[
        ("resize", (size,), {"interpolation": method, "antialias": antialias})
        for size in ((5, 6), (13, 20))
        for method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        for antialias in (False, True)
    ],
    *[("resize", (size,), {"crop_to_aspect_ratio": True}) for size in ((5, 5), (4, 9), (3, 11))],
    *[
        ("resize", (size,), {"pad_to_aspect_ratio": True, "fill_value": 0.5})
        for size in ((5, 5), (4, 9), (3, 11))
    ],
    ("extract_patches", (3,), {}),
    ("extract_patches", ((2, 4), (1, 3)), {}),
    ("extract_patches", ((3, 2), 1), {"dilation_rate": 2}),
    ("extract_patches", ((4, 5), (2, 3)), {"padding": "same"}),
    ("gaussian_blur", (), {}),
    ("gaussian_blur", ((5, 5), (1.3, 1.3)), {}),
    *[
        (
            "affine_transform",
            (TURN[0],),
            {"interpolation": order, "fill_mode": fill, "fill_value": 0.3},
        )
        for order in ("nearest", "bilinear")
        for fill in ("constant", "nearest", "wrap", "mirror", "reflect")
    ],
    *[
        ("perspective_transform", (CORNERS, MOVED[0]), {"interpolation": order, "fill_value": 0.3})
        for order in ("nearest", "bilinear")
    ],
]
ON_OTHERS = [
    ("affine_transform", (IMAGES, TURN), {}),
    ("perspective_transform", (IMAGES, np.stack([CORNERS] * 2), MOVED), {}),
    ("extract_patches", (VOLUMES, (2, 3, 2)), {}),
    ("extract_patches_3d", (VOLUMES, 2), {"strides": (1, 2, 3)}),
    ("extract_patches_3d", (VOLUMES[0], (2, 3, 2)), {"padding": "same"}),
    *[
        ("map_coordinates", (GRAY, PLACES, order), {"fill_mode": fill, "fill_value": 0.3})
        for order in (0, 1)
        for fill in ("constant", "nearest", "wrap", "mirror", "reflect")
    ],
    ("sobel_edges", (IMAGES,), {}),
    ("sobel_edges", (IMAGES.transpose(0, 3, 1, 2),), {"data_format": "channels_first"}),
    ("ssim", (IMAGES, IMAGES[:, ::-1]), {"filter_size": 5}),
    ("ssim", (IMAGES[0] * 255, IMAGES[1] * 255), {"max_val": 255.0, "filter_size": 7}),
    *[
        (
            "scale_and_translate",
            (IMAGES, (2, 6, 20, 3)),
            {
                "scale": np.array([0.7, 1.5], "float32"),
                "translation": np.array([-0.3, 2.0], "float32"),
                "spatial_dims": (1, 2),
                "method": method,
                "antialias": antialias,
            },
        )
        for method in ("linear", "bicubic", "lanczos3")
        for antialias in (True, False)
    ],
    ("resize", (BYTES, (5, 20)), {}),
    ("resize", (BYTES, (5, 20)), {"interpolation": "bicubic"}),
    ("resize", (BYTES.astype("int32"), (20, 5)), {"interpolation": "nearest"}),
]


def compare(name, args, kwargs):
    ours = getattr(ops.image, name)(*args, **kwargs)
    theirs = getattr(keras.ops.image, name)(*args, **kwargs)
    assert ours.shape == theirs.shape
    assert ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-5 * np.abs(theirs).max())


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize(("name", "args", "kwargs"), ON_IMAGES)
def test_images(name, args, kwargs, data_format, single):
    if not single and name in ("affine_transform", "perspective_transform"):
        args = tuple(np.stack([arg] * 2) for arg in args)  # Keras wants one for each image
    images = IMAGES if data_format == "channels_last" else IMAGES.transpose(0, 3, 1, 2)
    compare(name, (images[0] if single else images, *args), kwargs | {"data_format": data_format})


@pytest.mark.parametrize(("name", "args", "kwargs"), ON_OTHERS)
def test_others(name, args, kwargs):
    compare(name, args, kwargs)


def test_blur_with_an_oblong_kernel():
    """An impulse shows the kernel.

    Keras 3.15 loses its rows but one where the two sizes or the two sigmas differ.
    """
    impulse = np.zeros((7, 7, 1), "float32")
    impulse[3, 3] = 1
    kernel = np.asarray(ops.image.gaussian_blur(impulse, (5, 3), (2.0, 0.7)))[1:6, 2:5, 0]
    row, column = (np.exp(-0.5 * (np.arange(-r, r + 1) / s) ** 2) for r, s in ((2, 2.0), (1, 0.7)))
    wanted = np.outer(row, column)
    np.testing.assert_allclose(kernel, wanted / wanted.sum(), rtol=1e-5)


def test_one_transform_for_all_images():
    together = ops.image.affine_transform(IMAGES, TURN[0])
    np.testing.assert_array_equal(together[1], ops.image.affine_transform(IMAGES[1], TURN[0]))


def test_psnr():
    args = (IMAGES[0], IMAGES[1], 1.0)
    np.testing.assert_allclose(ops.psnr(*args), keras.ops.psnr(*args), rtol=1e-5)
    assert ops.nn.psnr is ops.psnr


def test_elastic_transform():
    moved = np.asarray(ops.image.elastic_transform(IMAGES, 3.0, 2.0, seed=5))
    assert moved.shape == IMAGES.shape and 0.01 < np.abs(moved - IMAGES).mean() < 0.5
    again = ops.image.elastic_transform(IMAGES, 3.0, 2.0, seed=5)
    np.testing.assert_array_equal(moved, again)
    still = ops.image.elastic_transform(IMAGES, 0.0, 2.0, seed=5)
    np.testing.assert_allclose(still, IMAGES, atol=1e-6)


def test_shapes_with_an_unknown_batch():
    x = cornu.Input((9, 12, 3))
    assert ops.image.resize(x, (4, 5)).shape == (None, 4, 5, 3)
    assert ops.image.affine_transform(x, TURN[0]).shape == (None, 9, 12, 3)
    assert ops.image.extract_patches(x, 3).shape == (None, 3, 4, 27)
    assert ops.image.rgb_to_grayscale(x).shape == (None, 9, 12, 1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.image.resize(IMAGES, (2, 2), "linear"), "interpolation must be one of"),
        (lambda: ops.image.resize(IMAGES, (2, 2, 2)), "height, width"),
        (lambda: ops.image.resize(IMAGES[0, 0], (2, 2)), "one image .* or a batch"),
        (lambda: ops.image.rgb_to_hsv(BYTES), "float dtype"),
        (lambda: ops.image.rgb_to_hsv(IMAGES[..., :2]), "three channels"),
        (lambda: ops.image.pad_images(IMAGES, 1, 1, 1), "exactly two of left_padding"),
        (lambda: ops.image.crop_images(IMAGES, 5, 0, 5, 0), "leaves nothing"),
        (lambda: ops.image.pad_images(IMAGES, 1, 0, None, 0, 5), "negative"),
        (lambda: ops.image.affine_transform(IMAGES, TURN[0, :6]), r"\(8,\) or \(N, 8\)"),
        (lambda: ops.image.affine_transform(IMAGES, TURN, fill_mode="edge"), "'edge'"),
        (lambda: ops.image.map_coordinates(GRAY, PLACES[:2], 1), "3 axes"),
        (lambda: ops.image.map_coordinates(GRAY, PLACES, 3), "order must be 0 or 1"),
        (lambda: ops.image.perspective_transform(IMAGES, CORNERS[:3], MOVED), "start_points"),
        (lambda: ops.image.ssim(IMAGES, IMAGES), "filter_size=11"),
        (lambda: ops.image.ssim(IMAGES, IMAGES, filter_size=4), "odd"),
        (lambda: ops.image.extract_patches(IMAGES, 3, padding="full"), "'full'"),
        (lambda: ops.psnr(IMAGES, IMAGES[:1], 1.0), "same shape"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
