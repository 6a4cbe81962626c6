"""Functions of `K` that nothing in Keras 3 equals: local convolutions and CTC, by other means."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cornu import backend as K
from cornu.core.symbolic import KerasTensor

RNG = np.random.default_rng(4)


def local(x: np.ndarray, kernel: np.ndarray, size: tuple, step: tuple, out: tuple) -> np.ndarray:
    """Patch after patch, channels last."""
    rows = []
    for number, place in enumerate(itertools.product(*map(range, out))):
        window = tuple(slice(p * s, p * s + k) for p, s, k in zip(place, step, size, strict=True))
        rows.append(x[:, *window].reshape(len(x), -1) @ kernel[number])
    return np.stack(rows, 1).reshape(len(x), *out, kernel.shape[-1])


@pytest.mark.parametrize(("size", "step"), [((3,), (1,)), ((2,), (3,)), ((9,), (1,))])
def test_local_conv1d(size: tuple, step: tuple) -> None:
    x = RNG.normal(size=(2, 9, 3)).astype("float32")
    out = ((9 - size[0]) // step[0] + 1,)
    kernel = RNG.normal(size=(out[0], size[0] * 3, 4)).astype("float32")
    found = K.local_conv1d(x, kernel, size, step)
    np.testing.assert_allclose(found, local(x, kernel, size, step, out), rtol=1e-4, atol=1e-5)
    symbolic = K.local_conv1d(KerasTensor((None, 9, 3)), kernel, size, step)
    assert symbolic.shape == (None, *found.shape[1:])


def test_local_conv2d_in_both_layouts() -> None:
    x = RNG.normal(size=(2, 6, 7, 3)).astype("float32")
    size, step, out = (3, 2), (2, 1), (2, 6)
    kernel = RNG.normal(size=(12, 18, 4)).astype("float32")
    expected = local(x, kernel, size, step, out)
    found = K.local_conv2d(x, kernel, size, step, out, "channels_last")
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    by_channel = kernel.reshape(12, 6, 3, 4).swapaxes(1, 2).reshape(12, 18, 4)
    first = K.local_conv2d(x.transpose(0, 3, 1, 2), by_channel, size, step, out, "channels_first")
    np.testing.assert_allclose(first, expected.transpose(0, 3, 1, 2), rtol=1e-4, atol=1e-5)


def test_a_kernel_that_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match=r"shape \(7, 9, filters\). Received: kernel \(6, 9, 4\)"):
        K.local_conv1d(np.ones((2, 9, 3)), np.ones((6, 9, 4)), (3,), (1,))


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv3d_transpose_is_the_gradient_of_conv3d(padding: str) -> None:
    """Rows of the transposed convolution's matrix are columns of the convolution's."""
    small = RNG.normal(size=(1, 2, 3, 2, 3)).astype("float32")
    kernel = RNG.normal(size=(2, 3, 2, 4, 3)).astype("float32")
    large = RNG.normal(size=(1, 4, 6, 4, 4) if padding == "same" else (1, 4, 7, 4, 4))
    wide = K.conv3d_transpose(small, kernel, large.shape, (2, 2, 2), padding)
    narrow = K.conv3d(large.astype("float32"), kernel, (2, 2, 2), padding)
    assert wide.shape == large.shape
    np.testing.assert_allclose(np.sum(wide * large), np.sum(narrow * small), rtol=1e-4)


def alignments(labels: tuple, steps: int, classes: int) -> list[tuple]:
    """All paths of class numbers that read as `labels`; the last class is the blank."""
    blank = classes - 1
    paths = itertools.product(range(classes), repeat=steps)
    return [
        path
        for path in paths
        if tuple(c for c, _ in itertools.groupby(path) if c != blank) == labels
    ]


def test_ctc_batch_cost_sums_over_alignments() -> None:
    p = RNG.dirichlet(np.ones(4), size=(3, 5)).astype("float32")
    labels, lengths, steps = np.array([[0, 2], [1, 1], [2, -1]]), [[2], [2], [1]], [[5], [4], [3]]
    found = K.ctc_batch_cost(labels, p, np.array(steps), np.array(lengths))
    for row, cost in enumerate(np.asarray(found)):
        wanted = tuple(labels[row, : lengths[row][0]])
        total = sum(
            np.prod([p[row, t, c] for t, c in enumerate(path)])
            for path in alignments(wanted, steps[row][0], 4)
        )
        np.testing.assert_allclose(cost, [-np.log(total)], rtol=1e-4)


def test_ctc_decode() -> None:
    best = np.array([[0, 0, 3, 0, 1], [3, 2, 2, 3, 3]])
    p = np.full((2, 5, 4), 0.1, "float32")
    np.put_along_axis(p, best[..., None], 0.7, axis=-1)
    (labels,), score = K.ctc_decode(p, np.array([5, 4]))
    np.testing.assert_array_equal(labels, [[0, 0, 1, -1, -1], [2, -1, -1, -1, -1]])
    np.testing.assert_allclose(score, -np.log([[0.7**5], [0.7**4]]), rtol=1e-4)
    (first, second), scores = K.ctc_decode(p, [5, 4], greedy=False, beam_width=12, top_paths=2)
    np.testing.assert_array_equal(first[1], labels[1])
    assert (np.asarray(second) != np.asarray(first)).any()
    assert scores.shape == (2, 2)
    total = sum(
        np.prod([p[1, t, c] for t, c in enumerate(path)]) for path in alignments((2,), 4, 4)
    )
    np.testing.assert_allclose(scores[1, 0], np.log(total), rtol=1e-3)
