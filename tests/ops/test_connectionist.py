"""CTC: loss and decoding against all alignments one by one; against Keras in tests/oracle/ops."""

import itertools

import jax
import numpy as np
import pytest

import cornu
from cornu import ops

random = np.random.default_rng(0)
LOGITS = random.normal(size=(3, 7, 5)).astype("float32") * 2
TARGET = np.array([[1, 2, 2], [3, 0, 0], [4, 1, 0]])
LENGTHS = (np.array([3, 1, 2]), np.array([7, 4, 6]))


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
