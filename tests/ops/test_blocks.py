"""Blocks and columns: transposes, shapes, errors; values are compared in tests/oracle/ops."""

import jax
import numpy as np
import pytest

import cornu
from cornu import ops

random = np.random.default_rng(0)
IMAGES = random.normal(size=(2, 12, 8, 12)).astype("float32")
BATCH = random.normal(size=(2, 3, 9, 7)).astype("float32")

UNFOLDS = [
    {"kernel_size": 2},
    {"kernel_size": (3, 2), "stride": (2, 1)},
    {"kernel_size": 2, "dilation": (2, 1), "padding": (1, 2)},
    {"kernel_size": 3, "stride": 3, "padding": (0, 1)},
]


@pytest.mark.parametrize("options", UNFOLDS)
def test_fold_is_the_transpose_of_unfold(options):
    columns = ops.unfold(BATCH, **options)
    weights = random.normal(size=columns.shape).astype("float32")
    _, transpose = jax.vjp(lambda x: ops.unfold(x, **options), BATCH)
    np.testing.assert_allclose(
        ops.fold(weights, (9, 7), **options), transpose(weights)[0], rtol=1e-5, atol=1e-5
    )


def test_there_and_back():
    blocks = ops.space_to_depth(IMAGES, 4)
    np.testing.assert_array_equal(ops.depth_to_space(blocks, 4), IMAGES)


def test_shapes_with_an_unknown_batch():
    images = cornu.Input((12, 8, 12))
    assert ops.space_to_depth(images, 4).shape == (None, 3, 2, 192)
    assert ops.depth_to_space(images, 2).shape == (None, 24, 16, 3)
    assert ops.adaptive_max_pool(images, (5, 3)).shape == (None, 5, 3, 12)
    assert ops.unfold(images, 2).shape == (None, 48, 77)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.space_to_depth(IMAGES, 5), "multiple of 5.*height=12"),
        (lambda: ops.depth_to_space(IMAGES, 5), "multiple of 25.*channels=12"),
        (lambda: ops.space_to_depth(IMAGES, 0), "block_size must be positive"),
        (lambda: ops.space_to_depth(IMAGES[0], 2), "rank 4"),
        (lambda: ops.space_to_depth(IMAGES, 2, "NHWC"), "'NHWC'"),
        (lambda: ops.unfold(IMAGES[0], 2), r"\(N, C, H, W\)"),
        (lambda: ops.fold(BATCH[0], (9, 7), 2), r"\(N, C \* 4, 48\)"),
        (lambda: ops.adaptive_max_pool(IMAGES, (1, 2, 3)), "each spatial axis"),
        (lambda: ops.adaptive_average_pool(IMAGES, 0), "positive"),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
