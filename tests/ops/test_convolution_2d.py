"""Convolution of images: the CPU forms of its gradients against JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from cornu import ops
from cornu.ops import kernel_gradient

LAYOUT = ("NHWC", "HWIO", "NHWC")


def plain(x, kernel, padding):
    return lax.conv_general_dilated(x, kernel, (1, 1), padding.upper(), dimension_numbers=LAYOUT)


def ours(x, kernel, padding):
    return ops.conv(x, kernel, 1, padding, "channels_last")


def close(a, b):
    """Equal but for float32 rounding, measured against the largest element."""
    for left, right in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-5 * float(np.abs(right).max()))


def gradients(convolve, padding):
    return jax.jit(jax.grad(lambda x, k: jnp.sum(jnp.sin(convolve(x, k, padding))), (0, 1)))


FORMS = {
    "patches, valid": ((2, 80, 82, 3), (3, 3, 3, 4), "valid"),
    "patches, same, even window": ((2, 80, 81, 2), (2, 4, 2, 3), "same"),
    "rows, valid": ((4, 62, 58, 8), (3, 3, 8, 5), "valid"),
    "rows, same, oblong window": ((1, 120, 110, 10), (5, 2, 10, 6), "same"),
    "convolution, small": ((3, 5, 7, 4), (3, 3, 4, 6), "same"),
    "convolution, one pixel": ((2, 1, 1, 3), (1, 1, 3, 2), "valid"),
    "convolution, window larger than the image": ((2, 2, 3, 2), (5, 5, 2, 3), "same"),
    "convolution, result of one pixel": ((3, 4, 4, 2), (4, 4, 2, 3), "valid"),
}


@pytest.mark.parametrize("shape, kernel, padding", FORMS.values(), ids=FORMS)
def test_gradients_are_those_of_the_plain_form(rng, shape, kernel, padding):
    x = jnp.asarray(rng.normal(size=shape), "float32")
    weights = jnp.asarray(rng.normal(size=kernel), "float32")
    expected = gradients(plain, padding)(x, weights)
    close(gradients(ours, padding)(x, weights), expected)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("length", [7, 13_000])
def test_sequences(rng, padding, length):
    x = jnp.asarray(rng.normal(size=(2, length, 3)), "float32")
    kernel = jnp.asarray(rng.normal(size=(4, 3, 2)), "float32")

    def plain_1d(x, kernel, padding):
        layout = ("NWC", "WIO", "NWC")
        return lax.conv_general_dilated(x, kernel, (1,), padding.upper(), dimension_numbers=layout)

    np.testing.assert_allclose(ours(x, kernel, padding), plain_1d(x, kernel, padding), atol=1e-5)
    close(gradients(ours, padding)(x, kernel), gradients(plain_1d, padding)(x, kernel))


@pytest.mark.parametrize("shape", [(0, 6, 6, 2), (2, 2, 2, 2)], ids=["no image", "too small"])
def test_results_without_elements(shape):
    x, kernel = jnp.ones(shape), jnp.ones((3, 3, 2, 4))
    assert ours(x, kernel, "valid").size == 0
    for gradient, of in zip(gradients(ours, "valid")(x, kernel), (x, kernel), strict=True):
        np.testing.assert_array_equal(gradient, np.zeros(of.shape))


@pytest.mark.parametrize(
    ("form", "window", "channels", "filters"),
    [("_by_patches", (3, 3), 3, 32), ("_by_rows", (3, 3), 32, 32), (None, (3, 3), 64, 64)],
)
def test_which_form_is_chosen(form, window, channels, filters):
    chosen = kernel_gradient._form(window, channels, filters)
    assert getattr(chosen, "__name__", None) == form


@pytest.mark.parametrize(
    ("change", "images"),
    [((32, 98, 98, 32), 2), ((4, 70, 70, 8), 4), ((7, 98, 98, 8), 0), ((64, 6, 6, 32), 0)],
)
def test_images_in_a_block(change, images):
    assert kernel_gradient._block(change) == images


@pytest.mark.parametrize("shape", [(2, 4, 5, 2), (1, 112, 112, 2)], ids=["small", "blocks"])
def test_derivatives_of_second_order(rng, shape):
    x = jnp.asarray(rng.normal(size=shape), "float32")
    kernel = jnp.asarray(rng.normal(size=(3, 3, 2, 3)), "float32")

    def second(convolve):
        def first(x, kernel):
            return jax.grad(lambda x, k: jnp.sum(convolve(x, k, "same") ** 3), (0, 1))(x, kernel)

        def squares(x, kernel):
            return sum(jnp.sum(g**2) for g in first(x, kernel))

        forward = jax.jvp(first, (x, kernel), (jnp.cos(x), jnp.sin(kernel)))[1]
        return forward, jax.grad(squares, (0, 1))(x, kernel)

    close(jax.jit(lambda: second(ours))(), jax.jit(lambda: second(plain))())


def test_mapping_over_kernels_and_images(rng):
    x = jnp.asarray(rng.normal(size=(3, 2, 5, 5, 2)), "float32")
    kernels = jnp.asarray(rng.normal(size=(3, 2, 2, 2, 4)), "float32")

    def each(convolve):
        gradient = jax.grad(lambda x, k: jnp.sum(convolve(x, k, "valid") ** 2), (0, 1))
        return jax.vmap(gradient)(x, kernels), jax.vmap(gradient, (None, 0))(x[0], kernels)

    close(each(ours), each(plain))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision(rng, dtype):
    x = jnp.asarray(rng.integers(-2, 3, (2, 6, 6, 2)), dtype)
    kernel = jnp.asarray(rng.integers(-2, 3, (3, 3, 2, 2)), dtype)
    gradient = jax.grad(lambda x, k: jnp.sum(ours(x, k, "same")), (0, 1))
    expected = jax.grad(lambda x, k: jnp.sum(plain(x, k, "same")), (0, 1))
    for a, b in zip(gradient(x, kernel), expected(x, kernel), strict=True):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a.astype("float32"), b.astype("float32"))


def test_gradients_keep_the_order_of_axes_that_is_fast_in_loops(rng):
    """On CPU no convolution in a program has other dimension numbers than the fast ones."""
    x = jnp.asarray(rng.normal(size=(3, 5, 6, 6)), "float32")
    kernel = jnp.asarray(rng.normal(size=(3, 3, 6, 8)), "float32")
    text = gradients(ours, "same").trace(x, kernel).lower(lowering_platforms=("cpu",)).as_text()
    orders = [
        line.split("dim_numbers = ")[1].split(",  window")[0]
        for line in text.splitlines()
        if "stablehlo.convolution" in line
    ]
    assert len(orders) == 3
    assert all(order.startswith("[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]") for order in orders)


def test_other_processors_get_the_plain_gradients(rng):
    x = jnp.zeros((2, 80, 82, 3))
    kernel = jnp.zeros((3, 3, 3, 4))
    text = gradients(ours, "valid").trace(x, kernel).lower(lowering_platforms=("cuda",)).as_text()
    assert text.count("stablehlo.convolution") == 3
    assert "while" not in text
