"""Connectionist temporal classification: labels without times, read from a sequence of logits.

A. Graves, S. Fernandez, F. Gomez and J. Schmidhuber, Connectionist temporal classification:
labelling unsegmented sequence data with recurrent neural networks, 2006.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.types import Array, Tensor

_NEVER = -1e30  # log of the probability of what cannot be; finite, so that gradients are


def _wide(logits: Tensor) -> Array:
    """At least float32: sums of many logarithms, and one as low as `_NEVER`, need it."""
    logits = as_float(logits)
    return logits.astype(jnp.promote_types(logits.dtype, "float32"))


@op("nn")
def ctc_loss(
    target: Tensor,
    output: Tensor,
    target_length: Tensor,
    output_length: Tensor,
    mask_index: int = 0,
) -> Array:
    """Negative log-likelihood of label sequences, summed over all alignments.

    Args:
        target: labels, integers, (B, L).
        output: logits, (B, T, classes).
        target_length: how many of the labels count, (B,).
        output_length: how many of the T steps count, (B,).
        mask_index: the class that means "no label here" (blank).

    Returns:
        (B,); very large where no alignment exists, as with more labels than steps.

    Raises:
        ValueError: for other ranks or batch sizes that differ.
    """
    target, output = as_array(target).astype("int32"), _wide(output)
    if target.ndim != 2 or output.ndim != 3 or target.shape[0] != output.shape[0]:
        raise ValueError(
            "target must have the shape (B, L) and output the shape (B, T, classes). "
            f"Received: target of shape {target.shape}, output of shape {output.shape}"
        )
    lengths = (as_array(target_length).astype("int32"), as_array(output_length).astype("int32"))
    logs = jax.nn.log_softmax(output)
    return jax.vmap(_negative_log_likelihood, (0, 0, 0, 0, None))(
        target, logs, *lengths, mask_index
    )


def _negative_log_likelihood(
    target: Array, logs: Array, target_length: Array, output_length: Array, blank: int
) -> Array:
    """Forward algorithm over the states blank, label 1, blank, label 2, ..., blank."""
    states = jnp.full(2 * len(target) + 1, blank).at[1::2].set(target)
    # A step may pass over a blank between two labels that differ.
    may_skip = (states != blank) & (states != jnp.roll(states, 2))
    may_skip = may_skip.at[:2].set(False)
    never = jnp.asarray(_NEVER, logs.dtype)
    first = jnp.where(jnp.arange(len(states)) < 2, logs[0, states], never)

    def advance(alpha: Array, step: tuple[Array, Array]) -> tuple[Array, None]:
        number, row = step
        one = jnp.concatenate([never[None], alpha[:-1]])
        two = jnp.where(may_skip, jnp.concatenate([never[None], never[None], alpha[:-2]]), never)
        new = jnp.logaddexp(jnp.logaddexp(alpha, one), two) + row[states]
        return jnp.where(number < output_length, new, alpha), None

    alpha, _ = lax.scan(advance, first, (jnp.arange(1, len(logs)), logs[1:]))
    last = 2 * target_length
    before = jnp.where(target_length > 0, alpha[jnp.maximum(last - 1, 0)], never)
    return -jnp.logaddexp(alpha[last], before)


@op("nn")
def ctc_decode(
    inputs: Tensor,
    sequence_lengths: Tensor,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[Array, Array]:
    """The most likely label sequences for a sequence of logits.

    Args:
        inputs: logits, (B, T, classes).
        sequence_lengths: how many of the T steps count, (B,).
        strategy: "greedy" takes the best class of each step; "beam_search" adds up the alignments
            of the `beam_width` best prefixes.
        beam_width: prefixes kept; of "beam_search".
        top_paths: sequences wanted; of "beam_search".
        merge_repeated: whether the same class in steps that follow one another is one label; of
            "greedy".
        mask_index: the class that means "no label here" (blank).

    Returns:
        Labels (paths, B, T), -1 after the end of each; and scores: for "greedy" the negative sum of
        the best logits, (B, 1); for "beam_search" log-probabilities, (B, top_paths).

    Raises:
        ValueError: for an unknown strategy, another rank, more paths than beams.
    """
    inputs = _wide(inputs)
    lengths = as_array(sequence_lengths).astype("int32")
    if inputs.ndim != 3:
        raise ValueError(f"inputs must be logits (B, T, classes). Received: shape {inputs.shape}")
    if strategy == "greedy":
        return _greedy(inputs, lengths, merge_repeated, mask_index)
    if strategy != "beam_search":
        raise ValueError(
            f"strategy must be 'greedy' or 'beam_search'. Received: strategy={strategy!r}"
        )
    if top_paths > beam_width:
        raise ValueError(
            "top_paths cannot exceed beam_width. "
            f"Received: top_paths={top_paths}, beam_width={beam_width}"
        )
    logs = jax.nn.log_softmax(inputs)
    labels, scores = jax.vmap(_beam_search, (0, 0, None, None, None))(
        logs, lengths, beam_width, top_paths, mask_index
    )
    return jnp.swapaxes(labels, 0, 1), scores


def _greedy(inputs: Array, lengths: Array, merge_repeated: bool, blank: int) -> tuple[Array, Array]:
    steps = inputs.shape[1]
    counts = jnp.arange(steps) < lengths[:, None]
    best = jnp.argmax(inputs, axis=-1)
    score = -jnp.sum(jnp.where(counts, jnp.max(inputs, axis=-1), 0), axis=1, keepdims=True)
    keep = counts & (best != blank)
    if merge_repeated:
        again = jnp.pad(best[:, 1:] == best[:, :-1], ((0, 0), (1, 0)))
        keep &= ~again
    order = jnp.argsort(~keep, axis=1, stable=True)  # labels that stay move to the front
    labels = jnp.take_along_axis(jnp.where(keep, best, -1), order, axis=1)
    return labels[None].astype("int32"), score


class _Beams(NamedTuple):
    """Prefixes (K, T) with -1 after their ends, their lengths, and two log-probabilities."""

    prefixes: Array
    lengths: Array
    blank: Array  # of the alignments that end with a blank
    label: Array  # of those that end with the prefix's last label


def _beam_search(
    logs: Array, length: Array, width: int, top_paths: int, blank: int
) -> tuple[Array, Array]:
    """Prefix beam search over one sequence of log-probabilities (T, classes)."""
    steps = logs.shape[0]
    never = jnp.full(width, _NEVER, logs.dtype)
    beams = _Beams(
        jnp.full((width, steps), -1, "int32"),
        jnp.full(width, -1, "int32").at[0].set(0),  # -1: no prefix here yet
        never.at[0].set(0),
        never,
    )

    def advance(beams: _Beams, step: tuple[Array, Array]) -> tuple[_Beams, None]:
        number, row = step
        new = _extend(beams, row, blank)
        ended = number >= length
        return jax.tree.map(lambda a, b: jnp.where(ended, a, b), beams, new), None

    beams, _ = lax.scan(advance, beams, (jnp.arange(steps), logs))
    scores, chosen = lax.top_k(jnp.logaddexp(beams.blank, beams.label), top_paths)
    return beams.prefixes[chosen], scores


def _extend(beams: _Beams, row: Array, blank: int) -> _Beams:
    """The best prefixes after one more step."""
    width, classes = len(beams.lengths), len(row)
    rows, labels = jnp.arange(width), jnp.arange(classes)
    total = jnp.logaddexp(beams.blank, beams.label)
    last = beams.prefixes[rows, jnp.maximum(beams.lengths - 1, 0)]

    stay_blank = total + row[blank]
    stay_label = jnp.where(beams.lengths > 0, beams.label + row[last], _NEVER)
    # The last label once more begins a new label only after a blank.
    source = jnp.where(labels == last[:, None], beams.blank[:, None], total[:, None])
    grown = jnp.where(labels == blank, _NEVER, source + row)
    grown = jnp.where(beams.lengths[:, None] < 0, _NEVER, grown)

    # A prefix that grows into one that is there already adds to it instead.
    parent = _is_parent(beams)
    into = jnp.where(parent, jnp.take(grown, jnp.maximum(last, 0), axis=1), _NEVER)
    stay_label = jnp.logaddexp(stay_label, jax.nn.logsumexp(into, axis=0))
    there = jnp.any(parent[:, :, None] & (last[:, None] == labels), axis=1)
    grown = jnp.where(there, _NEVER, grown)

    scores = jnp.concatenate([jnp.logaddexp(stay_blank, stay_label), grown.reshape(-1)])
    _, chosen = lax.top_k(scores, width)
    is_new = chosen >= width
    number = jnp.maximum(chosen - width, 0)
    origin = jnp.where(is_new, number // classes, chosen)
    length = beams.lengths[origin]
    appended = beams.prefixes[origin].at[rows, length].set(number % classes, mode="drop")
    return _Beams(
        jnp.where(is_new[:, None], appended, beams.prefixes[origin]),
        jnp.where(scores[chosen] > _NEVER / 2, length + is_new, -1),
        jnp.where(is_new, _NEVER, stay_blank[origin]),
        jnp.where(is_new, scores[chosen], stay_label[origin]),
    )


def _is_parent(beams: _Beams) -> Any:
    """[i, j]: whether prefix j is prefix i and one label more."""
    place = jnp.arange(beams.prefixes.shape[1])
    shortened = jnp.where(place < beams.lengths[:, None] - 1, beams.prefixes, -1)
    same = jnp.all(beams.prefixes[:, None] == shortened, axis=-1)
    return same & (beams.lengths[:, None] + 1 == beams.lengths) & (beams.lengths[:, None] >= 0)
