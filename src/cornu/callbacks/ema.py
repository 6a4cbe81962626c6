"""SwapEMAWeights."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np

from cornu.callbacks.callback import Callback, Logs
from cornu.errors import warn


class SwapEMAWeights(Callback):
    """Evaluates and predicts with the moving averages of the weights.

    For an optimizer with `use_ema=True` (Polyak averaging). The weights proper are kept aside
    meanwhile and come back afterwards, also when the evaluation breaks off. The averages of the
    optimizer are not touched.

    Args:
        swap_on_epoch: whether the averages also stand in the model from an epoch's end to the next
            one's beginning, so that callbacks after this one (`ModelCheckpoint`) see them.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._kept: list[tuple[Any, Any]] = []  # variable, its own value

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Say so if there are no averages."""
        if not _averages(getattr(self.model, "optimizer", None)):
            warn("SwapEMAWeights does nothing: the optimizer was made without use_ema=True")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Bring the weights back."""
        self._back()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the averages in until the next epoch begins; for good after the last."""
        if self.swap_on_epoch:
            self._swap()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Leave the averages in the model, as the optimizer does at the end of training."""
        self._kept = []

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Put the averages in."""
        self._swap()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Bring the weights back."""
        self._back()

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Put the averages in."""
        self._swap()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Bring the weights back."""
        self._back()

    def on_abort(self) -> None:
        """Bring the weights back."""
        self._back()

    def _swap(self) -> None:
        optimizer = self.model.optimizer
        # Before the first step the averages hold nothing.
        if self._kept or not _averages(optimizer) or not int(np.asarray(optimizer.iterations)):
            return
        variables = list(self.model.trainable_variables)
        self._kept = [(variable, variable.value) for variable in variables]
        optimizer.finalize_variable_values(variables)
        for variable in variables:
            # A copy: the average may share its buffer, and the next step may give that away.
            variable.assign(jnp.copy(variable.value))

    def _back(self) -> None:
        for variable, value in self._kept:
            variable.assign(value)
        self._kept = []


def _averages(optimizer: Any) -> bool:
    """Whether the optimizer, or the one inside it (loss scaling), keeps averages."""
    inner = getattr(optimizer, "inner_optimizer", None)
    return bool(getattr(optimizer, "use_ema", False) or getattr(inner, "use_ema", False))
