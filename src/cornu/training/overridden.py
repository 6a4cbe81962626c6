"""A user's own `train_step` or `test_step`, in the form that Keras has on JAX.

`train_step(self, state, data) -> (logs, state)` with `state` the lists of values (trainable,
non-trainable, optimizer, metrics variables), `test_step` the same without the optimizer's.
"""

from __future__ import annotations

import inspect
from typing import Any

from cornu.core.scope import Scope
from cornu.training.plan import Run
from cornu.training.state import Binding, State
from cornu.training.step import Batch


def has_own_step(model: Any, kind: str) -> bool:
    """Whether the model's class defines `train_step` (or `test_step`)."""
    return getattr(type(model), f"{kind}_step", None) is not None


def own_step(model: Any, kind: str, binding: Binding) -> Run:
    """The user's method as a step on our State."""
    method = getattr(model, f"{kind}_step")
    if len(inspect.signature(method).parameters) != 2:
        raise TypeError(
            f"`{kind}_step` of {type(model).__name__} must take (self, state, data) and return "
            "(logs, "
            "state), as Keras's does on JAX; it takes "
            f"{tuple(inspect.signature(method).parameters)}"
        )

    def run(state: State, batch: Batch) -> tuple[State, dict[str, Any]]:
        groups = [list(state.trainable), list(state.frozen), list(state.metrics)]
        if kind == "train":
            groups.insert(2, list(state.optimizer))
        values = (*state.trainable, *state.frozen, *state.optimizer, *state.metrics)
        bound = zip(binding.all(), values, strict=True)
        with Scope(bound, training=kind == "train", step=state.step):
            logs, after = method(tuple(groups), _data(batch))
        trainable, frozen, *slots, metrics = (tuple(part) for part in after)
        optimizer = slots[0] if slots else state.optimizer
        return State(trainable, frozen, optimizer, metrics, state.step + 1), logs

    return run


def _data(batch: Batch) -> Any:
    x, y, sample_weight = batch
    if sample_weight is not None:
        return x, y, sample_weight
    return (x, y) if y is not None else (x,)
