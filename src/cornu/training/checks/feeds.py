"""Which check looks at what: whole arrays once, streams batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cornu.core.finite import check_finite
from cornu.errors import BadInputError
from cornu.settings import settings
from cornu.training.checks.labels import check_accuracy, check_labels
from cornu.training.checks.values import check_ids, hint_bytes, named

_SCANNED = 32  # batches of a stream in which every input is looked at; ids and targets always are


def checked(model: Any, feed: Any, objective: Any, role: str) -> Any:
    """`feed`, after a look at its arrays; a stream's batches are looked at as they come.

    Raises:
        BadInputError: for targets that are missing, values that are not finite or out of range.
    """
    if feed.arrays is not None:
        check_batch(model, feed.arrays, objective, role)
        return feed
    return _CheckedStream(model, feed, objective, role)


def check_batch(model: Any, batch: Any, objective: Any, role: str, scan: bool = True) -> None:
    """Inputs and targets: of a whole epoch, or one batch.

    Args:
        model: the model they are for.
        batch: (x, y, sample_weight).
        objective: the model's losses and metrics; None in `predict`.
        role: what the data is for: "fit", "evaluate", ...
        scan: whether to look for inputs that are not finite, which costs most.

    Raises:
        BadInputError: for targets that are missing, values that are not finite or out of range.
    """
    x, y, _ = batch
    if objective is not None:
        _check_targets_given(objective, y, role)
    if not settings.check_inputs:
        return
    if scan:
        for name, array in named(x, "x"):
            check_finite(name, array)
            if role == "fit":
                hint_bytes(model, name, array)
    check_ids(model, x)
    if objective is None or y is None:
        return
    for name, array in named(y, "y"):
        check_finite(name, array)
    targets = objective.align(y, "y")
    for term in objective.losses:
        name = "y" if len(targets) == 1 else f"y['{objective.names[term.output]}']"
        check_labels(name, targets[term.output], term)
    check_accuracy(objective)


def _check_targets_given(objective: Any, y: Any, role: str) -> None:
    if not objective.losses:
        return
    targets = objective.align(y, "y")
    for term in objective.losses:
        if targets[term.output] is None:
            raise BadInputError(
                f"targets are missing: the model was compiled with a loss, but {role} got y=None; "
                "pass y, or data that gives (x, y)"
            )


class _CheckedStream:
    """A feed of single batches, each looked at before it is given."""

    def __init__(self, model: Any, feed: Any, objective: Any, role: str) -> None:
        self._check = (model, objective, role)
        self._feed = feed
        self._seen = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._feed, name)

    def batches(self, epoch_seed: Any, start: int = 0) -> Iterator[Any]:
        """The batches of an epoch from number `start`."""
        model, objective, role = self._check
        batches = self._feed.batches(epoch_seed, start)
        try:
            for number, batch in enumerate(batches, start):
                try:
                    check_batch(model, batch, objective, role, scan=self._seen < _SCANNED)
                except BadInputError as error:
                    # No chain: the cause would show the same message twice.
                    raise BadInputError(f"batch {number}: {error}") from None
                self._seen += 1
                yield batch
        finally:
            batches.close()
