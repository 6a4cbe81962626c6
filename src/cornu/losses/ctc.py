"""Connectionist temporal classification (Graves et al., 2006)."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array, lax

from cornu.losses.function import loss_function
from cornu.losses.loss import LossFunctionWrapper
from cornu.losses.pairing import mismatch, unpaired
from cornu.types import Tensor

_IMPOSSIBLE = -1e5  # a log-probability that no path recovers from, and whose sums stay finite


@loss_function(unpaired, cast_targets=False)
def ctc(y_true: Tensor, y_pred: Tensor) -> Array:
    """Minus the log-probability of label sequences, summed over all their alignments.

    Args:
        y_true: labels, `(N, L)`; 0 is the blank and pads short sequences.
        y_pred: logits, `(N, T, C)`.

    Returns:
        Array of shape `(N,)`.

    Raises:
        ValueError: if the shapes are not these.
    """
    if y_true.ndim != 2 or y_pred.ndim != 3 or y_true.shape[0] != y_pred.shape[0]:
        raise mismatch(y_true.shape, y_pred.shape, "ctc needs labels (N, L) and logits (N, T, C)")
    numbers = y_true.astype("int32")
    logs = jax.nn.log_softmax(y_pred, axis=-1)
    lengths = jnp.sum(numbers != 0, axis=1)
    return -jax.vmap(_log_likelihood)(numbers, lengths, logs)


def _log_likelihood(numbers: Array, length: Array, logs: Array) -> Array:
    """Of one sequence: labels `(L,)` of which `length` count, log-probabilities `(T, C)`."""
    # States: blank, label 1, blank, label 2, ..., blank.
    states = jnp.zeros(2 * numbers.shape[0] + 1, "int32").at[1::2].set(numbers)
    two_back = jnp.concatenate([jnp.zeros(2, "int32"), states[:-2]])
    may_skip = (states != 0) & (states != two_back)
    emitted = logs[:, states]
    start = jnp.full(states.shape, _IMPOSSIBLE, logs.dtype).at[:2].set(emitted[0, :2])

    def step(alpha: Array, emission: Array) -> tuple[Array, None]:
        impossible = jnp.full(2, _IMPOSSIBLE, logs.dtype)
        one_before = jnp.concatenate([impossible[:1], alpha[:-1]])
        two_before = jnp.where(may_skip, jnp.concatenate([impossible, alpha[:-2]]), _IMPOSSIBLE)
        return jnp.logaddexp(jnp.logaddexp(alpha, one_before), two_before) + emission, None

    last, _ = lax.scan(step, start, emitted[1:])
    ended = jnp.where(length > 0, last[jnp.maximum(2 * length - 1, 0)], _IMPOSSIBLE)
    return jnp.logaddexp(last[2 * length], ended)


class CTC(LossFunctionWrapper):
    """Connectionist temporal classification (Graves et al., 2006); label 0 is the blank.

    Args:
        reduction: see `Loss`.
        name: shown in messages and configs.
        dtype: float in which to compute; default `floatx()`.
    """

    keeps_integer_targets = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, reduction=reduction, name=name, dtype=dtype)
