"""Gradients of warps: by pixels and by the numbers of the transform, compiled and at once."""

import jax
import keras
import numpy as np
import pytest

import cornu

IMAGES = np.random.default_rng(4).uniform(0.1, 0.9, (2, 9, 12, 3)).astype("float32")
WEIGHTS = np.cos(np.arange(IMAGES.size, dtype="float32")).reshape(IMAGES.shape)
# Some places come out whole, as (2, 1) for the pixel (3, 1): there rounding must not matter.
WHOLE = np.array([[0.9, 0.3, -1.0, -0.2, 1.1, 0.5, 0, 0], [1, 0, 2, 0, 1, -3, 0, 0]], "float32")
BETWEEN = np.array([[0.91, 0.29, -1.03, -0.21, 1.07, 0.53, 0, 0]] * 2, "float32")


def gradient(library, argument):
    def loss(images, transform):
        return (library.ops.image.affine_transform(images, transform) * WEIGHTS).sum()

    return jax.grad(loss, argument)


@pytest.mark.parametrize("run", [lambda f: f, jax.jit], ids=["at once", "compiled"])
def test_by_pixels(run):
    ours, theirs = (gradient(library, 0)(IMAGES, WHOLE) for library in (cornu, keras))
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(run(gradient(cornu, 0))(IMAGES, WHOLE), ours, rtol=1e-4, atol=1e-4)


def test_by_the_numbers_of_the_transform():
    ours, theirs = (gradient(library, 1)(IMAGES, BETWEEN) for library in (cornu, keras))
    np.testing.assert_allclose(ours[:, :6], theirs[:, :6], rtol=1e-4, atol=1e-3)
    assert np.abs(ours[:, :6]).min() > 0 and not np.any(ours[:, 6:])
