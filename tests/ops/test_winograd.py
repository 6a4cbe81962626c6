"""Convolution with fewer multiplications, against JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from cornu import ops
from cornu.ops import winograd

LAYOUT = ("NHWC", "HWIO", "NHWC")


def plain(x, kernel, pads):
    return lax.conv_general_dilated(x, kernel, (1, 1), pads, dimension_numbers=LAYOUT)


def plain_kernel_gradient(x, change, pads):
    kernel = jax.ShapeDtypeStruct((3, 3, x.shape[3], change.shape[3]), x.dtype)
    return jax.linear_transpose(lambda k: plain(x, k, pads), kernel)(change)[0]


def draw(rng, *shapes):
    return [jnp.asarray(rng.normal(size=shape), "float32") for shape in shapes]


def close(a, b):
    """Equal but for float32 rounding, measured against the largest element."""
    for left, right in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_allclose(left, right, rtol=0, atol=1e-5 * float(np.abs(right).max()))


# (images, rows, columns, channels), filters, pads
SHAPES = {
    "whole tiles": ((2, 10, 14, 3), 5, ((0, 0), (0, 0))),
    "one more": ((2, 11, 15, 3), 2, ((0, 0), (0, 0))),
    "one fewer": ((2, 9, 13, 1), 4, ((0, 0), (0, 0))),
    "same": ((3, 8, 6, 2), 3, ((1, 1), (1, 1))),
    "full": ((1, 5, 8, 2), 2, ((2, 2), (2, 2))),
    "uneven": ((2, 7, 7, 2), 3, ((0, 3), (4, 1))),
    "one result": ((4, 3, 3, 2), 3, ((0, 0), (0, 0))),
    "one pixel": ((2, 1, 1, 2), 3, ((1, 1), (1, 1))),
    "one row": ((2, 1, 9, 2), 3, ((1, 1), (0, 0))),
}


@pytest.mark.parametrize("blocks", [False, True], ids=["at once", "image by image"])
@pytest.mark.parametrize("shape, filters, pads", SHAPES.values(), ids=SHAPES)
def test_results_are_those_of_the_plain_form(monkeypatch, rng, shape, filters, pads, blocks):
    if blocks:
        monkeypatch.setattr(winograd, "_MOST_VALUES", 1)
        monkeypatch.setattr(winograd, "_MOST_FOR_FEW_TILES", 1)
    x, kernel = draw(rng, shape, (3, 3, shape[3], filters))

    @jax.jit
    def both(x, kernel):
        expected = plain(x, kernel, pads)
        change = jnp.cos(expected)
        return (
            (winograd.convolve(x, kernel, pads), winograd.kernel_gradient(x, change, pads)),
            (expected, plain_kernel_gradient(x, change, pads)),
        )

    close(*both(x, kernel))


def test_rounding_errors_are_of_the_order_of_the_plain_form(rng):
    """Root mean squares, against float64. Measured: 2.5 and 2.1 times, and 2.6 for kernels."""
    pads = ((0, 0), (0, 0))
    for channels in (32, 64):
        x, kernel = draw(rng, (4, 22, 22, channels), (3, 3, channels, 32))
        (change,) = draw(rng, (4, 20, 20, 32))
        for ours, theirs, right, most in (
            (winograd.convolve, plain, kernel, 3.5),
            (winograd.kernel_gradient, plain_kernel_gradient, change, 6.5),
        ):
            with jax.enable_x64(True):
                doubles = (jnp.asarray(np.asarray(a, "float64")) for a in (x, right))
                exact = np.asarray(theirs(*doubles, pads))
            errors = [np.std(np.asarray(f(x, right, pads)) - exact) for f in (ours, theirs)]
            assert exact.dtype == "float64"
            assert errors[0] < most * errors[1]


@pytest.fixture
def everywhere(monkeypatch):
    """Small convolutions take the form too."""
    for name in ("_FEWEST_CHANNELS", "_FEWEST_MULTIPLICATIONS", "_FEWEST_TILES"):
        monkeypatch.setattr(winograd, name, 1)
    monkeypatch.setattr(winograd, "_MOST_FILLING", 16)


def products(function, *arguments, platform="cpu"):
    """How many of the form's matrix products the program has, each for 36 points."""
    text = jax.jit(function).trace(*arguments).lower(lowering_platforms=(platform,)).as_text()
    return sum("batching_dims" in line and "tensor<36x" in line for line in text.splitlines())


def ours(x, kernel):
    return ops.conv(x, kernel, 1, "same", "channels_last")


def same(x, kernel):
    return plain(x, kernel, "SAME")


def gradients(convolve):
    return jax.grad(lambda x, k: jnp.sum(jnp.sin(convolve(x, k))), (0, 1))


@pytest.mark.usefixtures("everywhere")
def test_gradients_in_a_loop(rng):
    x, kernel = draw(rng, (3, 6, 7, 2), (3, 3, 2, 4))

    def descend(convolve):
        def step(_, values):
            changes = gradients(convolve)(*values)
            return tuple(v - 0.01 * g for v, g in zip(values, changes, strict=True))

        return lambda x, k: lax.fori_loop(0, 3, step, (x, k))

    assert products(descend(ours), x, kernel) >= 3
    close(jax.jit(descend(ours))(x, kernel), jax.jit(descend(same))(x, kernel))


@pytest.mark.usefixtures("everywhere")
def test_derivatives_of_second_order(rng):
    x, kernel = draw(rng, (2, 4, 5, 2), (3, 3, 2, 3))

    def second(convolve):
        def squares(x, kernel):
            return sum(jnp.sum(g**2) for g in gradients(convolve)(x, kernel))

        return jax.grad(squares, (0, 1))

    assert products(second(ours), x, kernel) >= 6
    close(jax.jit(second(ours))(x, kernel), jax.jit(second(same))(x, kernel))


@pytest.mark.usefixtures("everywhere")
def test_mapping_over_images_and_kernels(rng):
    x, kernels = draw(rng, (2, 3, 5, 6, 2), (2, 3, 3, 2, 4))

    def each(convolve):
        return jax.vmap(gradients(convolve)), jax.vmap(gradients(convolve), (None, 0))

    for mapped, expected, images in zip(each(ours), each(same), (x, x[0]), strict=True):
        close(jax.jit(mapped)(images, kernels), jax.jit(expected)(images, kernels))


@pytest.mark.usefixtures("everywhere")
def test_other_processors_get_the_plain_form():
    x, kernel = jnp.zeros((2, 9, 6, 2)), jnp.zeros((3, 3, 2, 4))
    assert products(gradients(ours), x, kernel) == 3
    assert products(gradients(ours), x, kernel, platform="cuda") == 0


VGG = {"shape": (32, 98, 98, 32), "filters": 32, "window": (3, 3), "pads": ((0, 0), (0, 0))}


@pytest.mark.parametrize(
    ("change", "pays"),
    [
        ({}, True),
        ({"pads": ((2, 2), (2, 2))}, True),
        ({"shape": (1, 224, 224, 64), "filters": 64}, True),
        ({"shape": (32, 7, 7, 512), "filters": 512, "pads": ((1, 1), (1, 1))}, True),
        ({"dtype": "bfloat16"}, False),
        ({"dtype": "float64"}, False),
        ({"window": (5, 5)}, False),
        ({"window": (3, 1)}, False),
        ({"pads": ((0, 0), (-1, 0))}, False),
        ({"shape": (32, 98, 98, 3)}, False),
        ({"filters": 16}, False),
        ({"shape": (4, 98, 98, 32)}, False),  # little work
        ({"shape": (1, 14, 14, 512), "filters": 512}, False),  # few tiles
        ({"shape": (512, 5, 5, 512), "filters": 512}, False),  # a result of 3x3, a tile of 4x4
        ({"shape": (4096, 2, 1, 512), "filters": 512}, False),  # no result
    ],
)
def test_where_it_is_chosen(change, pays):
    case = VGG | {"dtype": "float32"} | change
    images, *sizes, channels = case["shape"]
    array = jax.ShapeDtypeStruct
    results = [
        n + sum(p) - w + 1 for n, p, w in zip(sizes, case["pads"], case["window"], strict=True)
    ]
    x = array(case["shape"], case["dtype"])
    kernel = array((*case["window"], channels, case["filters"]), case["dtype"])
    assert winograd.pays(x, kernel, case["pads"]) == pays
    y = array((images, *results, case["filters"]), case["dtype"])
    assert winograd.pays_for_kernel(x, y, case["pads"]) == pays


@pytest.mark.parametrize(
    ("images", "results", "channels", "block"),
    [
        (32, (96, 96), 32, 1),
        (32, (46, 46), 64, 2),
        (31, (44, 44), 64, 1),
        (2, (224, 224), 64, 1),
        (32, (7, 7), 512, 32),
        (32, (14, 14), 256, 8),
        (64, (2, 2), 512, 32),
    ],
)
def test_images_in_a_block(images, results, channels, block):
    assert winograd._block(images, results, channels) == block


def test_transforms_stand_alone_in_the_program(rng):
    """If the compiler joined them, each would be computed again for every use of its results."""
    x, kernel = draw(rng, (2, 10, 10, 2), (3, 3, 2, 2))
    pads = ((0, 0), (0, 0))
    program = jax.jit(lambda x, k: winograd.convolve(x, k, pads)).lower(x, kernel).compile()
    assert program.as_text().count(" call(") == 4
