"""Targets: labels outside of what the loss can mean, and metrics that say nothing of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cornu import losses
from cornu.errors import BadInputError, warn
from cornu.training.checks.compile_time import formula, option

_REGRESSION = (
    losses.mean_squared_error,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.huber,
    losses.log_cosh,
)
_MOST_CLASSES = 100  # more different labels than this are numbers rather than classes


def check_labels(name: str, target: Any, term: Any) -> None:
    """The targets of one loss.

    Args:
        name: what messages call the target.
        target: array, or what the model's own loss makes of it.
        term: loss and number of classes of one output.

    Raises:
        BadInputError: naming a label that is out of range, and its row.
    """
    if not isinstance(target, np.ndarray) or not target.size or target.dtype.kind not in "fiub":
        return
    found = formula(term.loss)
    if found is losses.sparse_categorical_crossentropy:
        _check_class_ids(name, target, term)
    elif found is losses.binary_crossentropy and (target.min() < 0 or target.max() > 1):
        values = ", ".join(f"{v:.3g}" for v in np.unique(target)[:5])
        raise BadInputError(f"{name}: binary targets must be in [0, 1]; found {values}")


def _check_class_ids(name: str, target: np.ndarray, term: Any) -> None:
    classes = term.classes
    if classes is None or (target.ndim > 1 and target.shape[-1] == classes > 1):
        return  # one-hot rows: the loss itself says so
    ignored = option(term.loss, "ignore_class")
    counts = np.ones(target.shape, bool) if ignored is None else target != ignored
    labels = target[counts]
    if not labels.size:
        return
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.floor(labels)):
        raise BadInputError(
            f"{name}: labels must be whole numbers; for probabilities use categorical_crossentropy"
        )
    low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < classes:
        return
    if low >= 1 and high == classes:
        raise BadInputError(
            f"{name}: labels are {low}..{high}, but {classes} outputs mean 0..{classes - 1}: "
            f"subtract 1, or use {classes + 1} units"
        )
    wrong = counts & ((target < 0) | (target >= classes))
    place = np.unravel_index(int(wrong.argmax()), target.shape)
    raise BadInputError(
        f"{name}: label {int(target[place])} at row {place[0]}; {classes} classes -> "
        f"0..{classes - 1}. Use ignore_class for padding."
    )


def check_accuracy(objective: Any) -> None:
    """Accuracies of outputs that a regression loss trains: warned of once each."""
    regressed = {term.output for term in objective.losses if formula(term.loss) in _REGRESSION}
    for term in objective.metrics:
        counts_matches = type(term.metric).__name__.endswith("Accuracy")
        if counts_matches and term.output in regressed and not term.reported:
            term.reported = True
            warn(
                f"metric '{term.metric.name}' counts exact matches, which says nothing in "
                "regression: use 'mae'"
            )


def check_split(y: Any, validation_y: Any) -> None:
    """A validation split with labels that the training rows lack (sorted data)."""
    if not _are_labels(y) or not _are_labels(validation_y):
        return
    train, held_out = set(np.unique(y).tolist()), set(np.unique(validation_y).tolist())
    if len(train | held_out) <= _MOST_CLASSES and held_out - train:
        unseen = ", ".join(map(str, sorted(held_out - train)[:5]))
        warn(
            f"validation_split takes the last rows, and classes {unseen} stand only there: the "
            "data look sorted; shuffle x and y first"
        )


def _are_labels(y: Any) -> bool:
    if not isinstance(y, np.ndarray) or y.dtype.kind not in "iub" or y.size > 10_000_000:
        return False
    return y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
