"""`predict`: a pure read, safe from many threads, with a plan that costs little to find again.

Rows are independent in most models. Then an odd number of rows is padded to the next bucket, so
that many different batch sizes share few compiled programs, and the padding is cut off again. A
model with layers of the user's own gets exactly the rows that were given.
"""

from __future__ import annotations

import contextlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import compiled, variable
from cornu.training import filling, step
from cornu.training.state import bind


class PredictPlan:
    """A compiled forward pass and the variables it reads."""

    def __init__(self, model: Any) -> None:
        self.version = variable.structure_version
        binding = bind(model, None, ())
        self.variables = (*binding.trainable, *binding.frozen)
        self.program = compiled.jit(step.predict_step(model, binding))
        self.pads = filling.rows_are_independent(model)

    def __call__(self, x: Any) -> Any:
        """Outputs for one batch of inputs."""
        return self.program(tuple(v.stored for v in self.variables), x)


def plan_for(model: Any) -> PredictPlan:
    """The model's plan, made anew when the make-up of models has changed since."""
    plan = model.plans.get("predict")
    if plan is None or plan.version != variable.structure_version:
        fresh = PredictPlan(model)
        if plan is not None and plan.variables == fresh.variables and plan.pads == fresh.pads:
            plan.version = fresh.version
        else:
            plan = model.plans["predict"] = fresh
    return plan


def bucket(rows: int, batch_size: int) -> int:
    """The number of rows to pad to: a power of two, at most the batch size."""
    size = 1
    while size < rows:
        size *= 2
    return min(size, batch_size) if rows <= batch_size else rows


def run_batch(plan: PredictPlan, x: Any, batch_size: int) -> Any:
    """NumPy outputs for the rows of `x`."""
    leaves = jax.tree.leaves(x)
    rows = leaves[0].shape[0] if leaves and leaves[0].ndim else 1
    padded = bucket(rows, batch_size) if plan.pads and rows else rows
    if padded != rows:
        x = jax.tree.map(lambda a: np.concatenate([a, np.repeat(a[-1:], padded - rows, axis=0)]), x)
    outputs = plan(jax.device_put(x))
    if padded != rows:
        return jax.tree.map(lambda a: np.asarray(a)[:rows], outputs)
    return outputs


def predict(model: Any, feed: Any, callbacks: Any, steps: int | None = None) -> Any:
    """Outputs for all rows of a feed, as NumPy arrays in the structure that the model gives."""
    plan = plan_for(model)
    wants_batches = callbacks.wants_batches("predict")
    callbacks.on_predict_begin()
    collected: list[Any] = []
    with contextlib.closing(feed.batches((0, 0))) as batches:
        for number, batch in enumerate(batches):
            if steps is not None and number >= steps:
                break
            if wants_batches:
                callbacks.on_predict_batch_begin(number)
            outputs = run_batch(plan, batch[0], feed.batch_size or 1 << 30)
            collected.append(outputs)
            if wants_batches:
                callbacks.on_predict_batch_end(number, {"outputs": outputs})
            else:
                callbacks.on_progress("predict", number + 1, {})
            if getattr(model, "stop_predicting", False):
                break
    callbacks.on_predict_end()
    if not collected:
        raise ValueError("the data to predict on gave no batch")
    return jax.tree.map(lambda *parts: np.concatenate([np.asarray(p) for p in parts]), *collected)


def empty_outputs(model: Any, x: Any) -> Any:
    """Outputs of the right shapes for zero rows."""
    specs = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct((1, *np.shape(a)[1:]), jnp.asarray(a).dtype), x
    )
    plan = plan_for(model)
    shapes = jax.eval_shape(plan.program, tuple(v.stored for v in plan.variables), specs)
    return jax.tree.map(lambda s: np.zeros((0, *s.shape[1:]), s.dtype), shapes)
