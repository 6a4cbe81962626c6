"""What only shows while a model learns: weights that stand still, losses that are no numbers.

Nothing here stops a run; each doubt is voiced once.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import numpy as np

from cornu.errors import warn

_LARGEST = 50_000_000  # weights; comparing more than these would be felt


def check_changed(variables: Sequence[Any], before: Sequence[jax.Array]) -> None:
    """After the first epoch: weights that no gradient reached.

    Args:
        variables: trainable variables.
        before: their values at the start, in the same order.
    """
    if sum(v.size for v in variables) > _LARGEST:
        return
    still = [
        v.path
        for v, old in zip(variables, before, strict=True)
        if v.size and np.array_equal(np.asarray(old), np.asarray(v.stored))
    ]
    if still:
        warn(
            f"no gradient reaches: {_listed(still)} (unchanged after an epoch); is the layer used, "
            "or behind a stop_gradient?"
        )


def check_finite_loss(loss: Any, epoch: int, variables: Iterable[Any], rate: float) -> bool:
    """Whether an epoch's loss is a number; if not, says where that shows.

    Args:
        loss: the log of the epoch, or None.
        epoch: its number, from 0.
        variables: the trainable variables.
        rate: the learning rate.
    """
    if loss is None or np.ndim(loss) or math.isfinite(loss):
        return True
    broken = [v.path for v in variables if not np.isfinite(np.asarray(v.stored)).all()]
    where = f"; weights that are not finite: {_listed(broken)}" if broken else ""
    warn(
        f"the loss became {float(loss)} in epoch {epoch + 1}{where}. Lower the learning rate "
        f"(now {rate:.3g}), clip gradients (`clipnorm=1.0`), or look for extreme values in the data"
    )
    return False


@contextlib.contextmanager
def watch_numpy_draws(model: Any) -> Iterator[None]:
    """Warn if what runs inside (a trace) draws from NumPy's global generator."""
    before = _numpy_state()
    yield
    if _numpy_state() != before:
        warn(
            f"numpy.random was used while model '{model.name}' was traced: the compiled step has "
            "the same numbers in it each step. Draw with `random.normal(..., seed=SeedGenerator())`"
        )


def _numpy_state() -> tuple[bytes, int]:
    _, words, position, *_ = np.random.get_state()
    return np.asarray(words).tobytes(), int(position)  # type: ignore[arg-type]


def _listed(paths: list[str]) -> str:
    return f"{', '.join(paths[:3])}{' ...' if len(paths) > 3 else ''}"
