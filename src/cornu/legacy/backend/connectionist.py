"""Label sequences without times (CTC). As in Keras 2, the blank is the last class."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cornu.ops import connectionist
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float
from cornu.settings import settings


@op("backend")
def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """Minus the log-likelihood of label sequences, summed over all alignments.

    Args:
        y_true: class numbers, (batch, longest label sequence).
        y_pred: probabilities, (batch, steps, classes); the last class is the blank.
        input_length: how many of the steps count, (batch, 1).
        label_length: how many of the labels count, (batch, 1).

    Returns:
        (batch, 1).
    """
    logs = _logarithms(y_pred)
    costs = connectionist.ctc_loss(
        y_true,
        logs,
        as_array(label_length).reshape(-1),
        as_array(input_length).reshape(-1),
        mask_index=logs.shape[-1] - 1,
    )
    return costs[:, None]


@op("backend")
def ctc_decode(
    y_pred: Any,
    input_length: Any,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
) -> tuple[list[Any], Any]:
    """The most likely label sequences.

    Args:
        y_pred: probabilities, (batch, steps, classes); the last class is the blank.
        input_length: how many of the steps count, (batch,).
        greedy: whether to take the best class of each step; else a beam search.
        beam_width: prefixes that the beam search keeps.
        top_paths: sequences wanted of the beam search; the greedy search gives one.

    Returns:
        A list of label arrays (batch, steps), -1 after the end of each sequence, and their scores:
        (batch, 1) minus the sum of the best logarithms if greedy, else log-probabilities
        (batch, top_paths).
    """
    logs = _logarithms(y_pred)
    labels, scores = connectionist.ctc_decode(
        logs,
        as_array(input_length).reshape(-1),
        "greedy" if greedy else "beam_search",
        beam_width,
        1 if greedy else top_paths,
        mask_index=logs.shape[-1] - 1,
    )
    return list(labels), scores


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> Any:
    """There are no sparse tensors: raises NotImplementedError with what to do instead."""
    del labels, label_lengths
    raise NotImplementedError(
        "there are no sparse tensors here, and none are needed: `K.ctc_batch_cost` and "
        "`ops.ctc_loss` take dense labels with their lengths."
    )


def _logarithms(probabilities: Any) -> Any:
    return jnp.log(as_float(probabilities) + settings.epsilon)
