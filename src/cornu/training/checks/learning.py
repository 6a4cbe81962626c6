"""What only shows while a model learns: weights that stand still, losses that are no numbers.

Nothing here stops a run; each doubt is voiced once. Nor does anything wait for the device, but
after the first epoch and at the end: the losses of other epochs are looked at when they are there.
"""

from __future__ import annotations

import collections
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

import jax
import numpy as np

from cornu.errors import warn
from cornu.settings import settings

P = ParamSpec("P")
R = TypeVar("R")

_LARGEST = 50_000_000  # weights; comparing more than these would be felt


class LearningWatch:
    """Looks at the weights and the loss of one `fit` after its epochs.

    Args:
        model: the model; its optimizer counts updates.
        variables: the trainable variables.
        before: their values at the start, in the same order.
    """

    def __init__(self, model: Any, variables: Sequence[Any], before: Sequence[jax.Array]) -> None:
        self._model = model
        self._variables = variables
        small = sum(v.size for v in variables) <= _LARGEST
        # An optimizer that has made updates already has been watched since its first.
        is_first = int(model.optimizer.iterations) == 0
        self._before = before if small and is_first and _learning_rate(model) > 0 else None
        self._doubted = False
        self._noted: collections.deque[tuple[int, Any]] = collections.deque()

    def note(self, epoch: int, logs: dict[str, Any]) -> None:
        """After an epoch (counted from 0) with these logs."""
        if self._doubted or not settings.check_inputs:
            return
        loss = dict.get(logs, "loss", 1.0)  # a train_step of the user's own may log none
        self._noted.append((epoch, loss))
        before, self._before = self._before, None
        if before is not None:
            self._look_at_first(before, loss)
        while self._noted and _is_there(self._noted[0][1]):
            self._look_at(*self._noted.popleft())

    def look(self) -> None:
        """At all epochs noted so far, waiting for their losses."""
        while self._noted:
            self._look_at(*self._noted.popleft())

    def _look_at(self, epoch: int, loss: Any) -> None:
        if not self._doubted and not _is_number(loss):
            self._doubted = True
            self._report_divergence(float(loss), epoch)

    def _look_at_first(self, before: Sequence[jax.Array], loss: Any) -> None:
        updated = int(self._model.optimizer.iterations) > 0 and _learning_rate(self._model) > 0
        if updated and _is_number(loss) and np.any(np.asarray(loss)):
            self._check_changed(before)

    def _report_divergence(self, loss: float, epoch: int) -> None:
        broken = [v.path for v in self._variables if not np.isfinite(np.asarray(v.stored)).all()]
        where = f"; weights that are not finite: {_listed(broken)}" if broken else ""
        warn(
            f"the loss became {loss} in epoch {epoch + 1}{where}. Lower the learning rate (now "
            f"{_learning_rate(self._model):.3g}), clip gradients (`clipnorm=1.0`), or look for "
            "extreme values in the data"
        )

    def _check_changed(self, before: Sequence[jax.Array]) -> None:
        still = [
            v.path
            for v, old in zip(self._variables, before, strict=True)
            if v.size and np.array_equal(np.asarray(old), np.asarray(v.stored))
        ]
        if still:
            warn(
                f"no gradient reaches: {_listed(still)} (unchanged after an epoch); is the layer "
                "used, or behind a stop_gradient?"
            )


def _is_there(loss: Any) -> bool:
    return not hasattr(loss, "is_ready") or loss.is_ready()


def _is_number(loss: Any) -> bool:
    return bool(np.ndim(loss)) or math.isfinite(loss)


def _learning_rate(model: Any) -> float:
    rates = [o.learning_rate for o in getattr(model.optimizer, "optimizers", [model.optimizer])]
    return max(float(np.asarray(rate)) for rate in rates)


def without_numpy_draws(model: Any, step: Callable[P, R]) -> Callable[P, R]:
    """`step`, which warns once if NumPy's global generator is drawn from while it is traced."""
    doubted = False

    @functools.wraps(step)
    def watched(*args: P.args, **kwargs: P.kwargs) -> R:
        nonlocal doubted
        before = _numpy_state()
        result = step(*args, **kwargs)
        if not doubted and _numpy_state() != before:
            doubted = True
            warn(
                f"numpy.random was used while model '{model.name}' was traced: the compiled step "
                "has the same numbers in it each step. Draw with `random.normal(..., "
                "seed=SeedGenerator())`"
            )
        return result

    return watched


def _numpy_state() -> tuple[Any, ...]:
    # The last two say whether a normal draw is kept for next time: using it moves nothing else.
    _, words, *rest = np.random.get_state()
    return np.asarray(words).tobytes(), *rest


def _listed(paths: list[str]) -> str:
    return f"{', '.join(paths[:3])}{' ...' if len(paths) > 3 else ''}"
