"""`ops.image`: laws, symbolic shapes and errors; its values are compared in tests/oracle/ops."""

import numpy as np
import pytest

import cornu
from cornu import ops

random = np.random.default_rng(0)
IMAGES = random.uniform(size=(2, 9, 12, 3)).astype("float32")
BYTES = random.integers(0, 256, (2, 9, 12, 3)).astype("uint8")
TURN = np.array([[0.9, 0.3, -1.0, -0.2, 1.1, 0.5, 0, 0], [1, 0, 2, 0, 1, -3, 0, 0]], "float32")
CORNERS = np.array([[0, 0], [0, 8], [11, 0], [11, 8]], "float32")
MOVED = CORNERS + random.uniform(-1, 1, (2, 4, 2)).astype("float32")
PLACES = random.uniform(-6, 16, (3, 2, 20)).astype("float32")
GRAY = random.uniform(size=(2, 9, 12)).astype("float32")


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
    noise = np.float32(0.01) * np.ones_like(IMAGES)
    np.testing.assert_allclose(ops.psnr(IMAGES, IMAGES + noise, 1.0), 40.0, rtol=1e-4)
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
