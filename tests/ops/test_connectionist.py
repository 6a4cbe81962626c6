"""CTC: loss and decoding against the real Keras, and against all alignments one by one."""

import itertools

import jax
import keras
import numpy as np
import pytest

import cornu
from cornu import ops

random = np.random.default_rng(0)
LOGITS = random.normal(size=(3, 7, 5)).astype("float32") * 2
TARGET = np.array([[1, 2, 2], [3, 0, 0], [4, 1, 0]])
LENGTHS = (np.array([3, 1, 2]), np.array([7, 4, 6]))


@pytest.mark.parametrize("mask_index", [0, 4])
def test_loss_equals_keras(mask_index):
    target = TARGET if mask_index == 0 else np.array([[1, 2, 2], [3, 3, 3], [0, 1, 3]])
    args = (target, LOGITS, *LENGTHS)
    found = ops.ctc_loss(*args, mask_index=mask_index)
    np.testing.assert_allclose(found, keras.ops.ctc_loss(*args, mask_index=mask_index), rtol=1e-5)


def labels_of(alignment, blank=0):
    return tuple(label for label, _ in itertools.groupby(alignment) if label != blank)


def probabilities(logits, steps):
    """The probability of every label sequence, over all alignments."""
    p = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    found = {}
    for alignment in itertools.product(range(logits.shape[-1]), repeat=steps):
        likelihood = np.prod([p[t, label] for t, label in enumerate(alignment)])
        labels = labels_of(alignment)
        found[labels] = found.get(labels, 0) + likelihood
    return found


def test_loss_is_the_sum_over_alignments():
    all_of_them = probabilities(LOGITS[1].astype("float64"), 4)
    found = ops.ctc_loss(TARGET[1:2], LOGITS[1:2], [1], [4])
    np.testing.assert_allclose(found, -np.log(all_of_them[(3,)]), rtol=1e-5)


def test_loss_of_an_empty_target():
    all_of_them = probabilities(LOGITS[1].astype("float64"), 4)
    found = ops.ctc_loss(TARGET[1:2], LOGITS[1:2], [0], [4])
    np.testing.assert_allclose(found, -np.log(all_of_them[()]), rtol=1e-5)


def test_gradient_is_finite_even_for_the_impossible():
    def loss(logits):
        return ops.ctc_loss(TARGET[:1], logits, [3], [2]).sum()

    assert loss(LOGITS[:1]) > 1e6
    assert np.isfinite(jax.grad(loss)(LOGITS[:1])).all()


@pytest.mark.parametrize("merge_repeated", [True, False])
def test_greedy_equals_keras(merge_repeated):
    args = (LOGITS, LENGTHS[1])
    ours = ops.ctc_decode(*args, merge_repeated=merge_repeated)
    theirs = keras.ops.ctc_decode(*args, merge_repeated=merge_repeated)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5)


def test_beams_equal_keras():
    options = {"strategy": "beam_search", "beam_width": 20, "top_paths": 4}
    ours = ops.ctc_decode(LOGITS, LENGTHS[1], **options)
    theirs = keras.ops.ctc_decode(LOGITS, LENGTHS[1], **options)
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-4)


def test_beams_find_the_most_likely_sequences():
    labels, scores = ops.ctc_decode(
        LOGITS[1:2], [4], strategy="beam_search", beam_width=200, top_paths=6
    )
    best = sorted(probabilities(LOGITS[1].astype("float64"), 4).items(), key=lambda kv: -kv[1])
    found = [tuple(int(i) for i in row if i >= 0) for row in np.asarray(labels)[:, 0]]
    assert found == [sequence for sequence, _ in best[:6]]
    np.testing.assert_allclose(scores[0], np.log([p for _, p in best[:6]]), rtol=1e-4)


def test_shapes_with_an_unknown_batch():
    logits, lengths = cornu.Input((7, 5)), cornu.Input((), dtype="int32")
    labels, scores = ops.ctc_decode(logits, lengths)
    assert (labels.shape, scores.shape) == ((1, None, 7), (None, 1))
    target = cornu.Input((3,), dtype="int32")
    assert ops.ctc_loss(target, logits, lengths, lengths).shape == (None,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ops.ctc_loss(TARGET[0], LOGITS, *LENGTHS), r"target of shape \(3,\)"),
        (lambda: ops.ctc_decode(LOGITS[0], LENGTHS[1]), "B, T, classes"),
        (lambda: ops.ctc_decode(LOGITS, LENGTHS[1], strategy="best"), "'best'"),
        (
            lambda: ops.ctc_decode(LOGITS, [7] * 3, strategy="beam_search", top_paths=101),
            "top_paths=101, beam_width=100",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
