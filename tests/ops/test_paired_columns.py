"""Convolution of images with few channels as a product: exact, and used where it pays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from cornu.ops import convolution_2d, paired_columns


def plain(x, kernel, pads):
    return lax.conv_general_dilated(
        x, kernel, (1, 1), pads, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


WINDOWS = [(3, 3), (1, 1), (2, 4), (5, 2), (4, 7)]
PADS = [((0, 0), (0, 0)), ((1, 1), (1, 1)), ((0, 2), (3, 1))]


@pytest.mark.parametrize("pads", PADS)
@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("columns", [8, 9])
def test_equals_the_plain_form(rng, columns, window, pads):
    x = jnp.asarray(rng.normal(size=(2, 7, columns, 3)), "float32")
    kernel = jnp.asarray(rng.normal(size=(*window, 3, 5)), "float32")
    found = jax.jit(paired_columns.convolve, static_argnums=2)(x, kernel, pads)
    np.testing.assert_allclose(found, plain(x, kernel, pads), atol=2e-5)


@pytest.mark.parametrize("shape", [(0, 6, 6, 2), (2, 2, 2, 2), (1, 5, 1, 2)])
def test_results_without_elements(shape):
    x, kernel = jnp.ones(shape), jnp.ones((3, 3, 2, 4))
    pads = ((0, 0), (0, 0))
    assert paired_columns.convolve(x, kernel, pads).shape == plain(x, kernel, pads).shape


@pytest.mark.parametrize(
    ("window", "channels", "dtype", "pad", "pays"),
    [
        ((3, 3), 3, "float32", 1, True),
        ((5, 5), 3, "float32", 0, True),
        ((7, 7), 3, "float32", 0, False),
        ((3, 3), 8, "float32", 0, False),
        ((3, 3), 3, "float16", 0, False),
        ((3, 3), 3, "float32", -1, False),
    ],
)
def test_where_it_is_used(window, channels, dtype, pad, pays):
    x = jnp.ones((2, 20, 20, channels), dtype)
    kernel = jnp.ones((*window, channels, 16), dtype)
    pads = ((pad, 0), (0, 0))
    assert paired_columns.pays(x, kernel, pads) == pays
    program = jax.jit(convolution_2d.convolve, static_argnums=2).lower(x, kernel, pads)
    assert ("stablehlo.convolution" in program.as_text()) != pays
