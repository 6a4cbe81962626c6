"""The smaller last batch, filled up with rows that do not count.

So one program serves every batch of an epoch: half as much to compile before the first epoch ends,
and one dispatch an epoch where it would take two. Rows that only fill up have weight 0 in losses
and metrics, and means over the batch are corrected for their number. To rounding this gives what
the smaller batch gives, provided that a row's output depends on that row alone and that losses and
metrics are known to respect weights: `is_exact` says so. Everything else gets a program of its own
for the last batch.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from cornu.core.masks import get_mask
from cornu.core.scope import current
from cornu.losses.loss import Loss, LossFunctionWrapper
from cornu.losses.weighting import MEANS
from cornu.metrics.metric import Metric

_MOST = 1 / 16  # rows to fill up with, as a share of all: the price is their computation
_ROW_BY_ROW = (*MEANS, "sum", "mean_with_sample_weight")


class CannotFill(Exception):
    """Raised while a step is traced that turns out to need batches without filling."""


def pays(samples: int, batch_size: int) -> bool:
    """Whether filling up the last batch costs little."""
    return -samples % batch_size <= samples * _MOST


def is_exact(model: Any, kind: str) -> bool:
    """Whether a filled batch gives what the smaller one would; some models show only in tracing."""
    own = ("compute_loss", "compute_metrics", "get_metrics_result")
    if not all(is_ours(getattr(type(model), name)) for name in own):
        return False
    if kind == "train" and any(layer.mixes_rows_in_training for layer in model.walk()):
        return False
    objective = model._objective
    compiled = [term.metric for term in objective.metrics]
    others = {id(m) for m in model.metrics} - {id(m) for m in objective.metric_objects()}
    return (
        not others
        and rows_are_independent(model)
        and all(_weighs_rows(term.loss) for term in objective.losses)
        and all(_respects_weights(metric) for metric in compiled)
    )


def rows_are_independent(model: Any) -> bool:
    """Whether every layer is one of Cornu's that treats each row by itself."""
    for layer in model.walk():
        if not is_ours(type(layer)) or not getattr(layer, "rows_independent", True):
            return False
    return not any(
        operation.__class__.__name__ == "FunctionOperation"
        for operation in getattr(model, "operations", ())
    )


def is_ours(item: Any) -> bool:
    """Whether a class or function is Cornu's own."""
    return (getattr(item, "__module__", None) or "").startswith("cornu.")


def _weighs_rows(loss: Loss) -> bool:
    if not is_ours(type(loss)) or not loss.rows_independent or loss.reduction not in _ROW_BY_ROW:
        return False
    if not isinstance(loss, LossFunctionWrapper):
        return True
    options = loss.fn_kwargs
    return (
        is_ours(loss.fn) and options.get("axis", -1) == -1 and options.get("ignore_class") is None
    )


def _respects_weights(metric: Metric) -> bool:
    fn = getattr(metric, "fn", None)
    return is_ours(type(metric)) and metric.rows_weighable and (fn is None or is_ours(fn))


# -- inside a step -------------------------------------------------------------------------------


def counted_rows() -> Any:
    """How many rows of the batch count, the first ones; None: all."""
    scope = current()
    return None if scope is None else scope.rows


def row_count(batch: Any) -> Any:
    """How many rows of a batch count: a number, or a traced one while filling."""
    counted = counted_rows()
    if counted is not None:
        return counted
    leaves = [leaf for leaf in jax.tree.leaves(batch) if getattr(leaf, "ndim", 0)]
    return leaves[0].shape[0] if leaves else 1


def weights(given: Any, output: Any) -> Any:
    """Sample weights that are 0 for rows which only fill up."""
    rows = counted_rows()
    if rows is None:
        return given
    if get_mask(output) is not None:
        raise CannotFill  # means over what a mask keeps are not corrected
    counts = (jnp.arange(output.shape[0]) < rows).astype(jnp.float32)
    if given is None:
        return counts
    given = jnp.asarray(given)
    return given * counts.reshape(-1, *(1,) * (given.ndim - 1)).astype(given.dtype)


def corrected(value: Any, loss: Loss, output: Any) -> Any:
    """The value of a loss as it is over the rows that count."""
    rows = counted_rows()
    if rows is None or loss.reduction not in MEANS:
        return value
    return value * (output.shape[0] / jnp.asarray(rows, value.dtype))


def refuse_unweighted(losses: list[Any]) -> None:
    """Losses that layers added were taken over all rows.

    Raises:
        CannotFill: if there are any.
    """
    if losses and counted_rows() is not None:
        raise CannotFill
