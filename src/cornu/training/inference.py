"""`predict`: a pure read, safe from many threads, with a plan that costs little to find again.

Rows are independent in most models. Then an odd number of rows is filled up to a power of two, so
that many different batch sizes share few compiled programs, and what was added is cut off again;
and an array of many rows goes through a loop of batches in one program. A model with layers of the
user's own gets exactly the batches that were given.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.core
import jax.numpy as jnp
import numpy as np
from jax import lax

from cornu.core import compiled, heap, lanes, variable
from cornu.training import filling, step
from cornu.training.plan import largest_result, loops_well, signature
from cornu.training.state import bind

_MOST_BATCHES = 64  # in one dispatch
_FEWEST_BATCHES = 8  # fewer gain nothing from a loop, in which the last batch is filled up whole
_CHUNK_BYTES = 8 << 20  # of inputs in one dispatch, if that is more than a batch
# Bytes of a batch's largest array on a CPU. From the first on, each core takes rows of its own, so
# few at a time that their arrays are not larger than the second: half as slow again are those of
# 25 MB, which the C heap gives back to the system at once. All cores' together are bounded, too.
_LARGE = 24 << 20
_MOST_IN_LANE = 12 << 20
_MOST_IN_ALL_LANES = 1 << 30
_WEIGHTS_TO_ARRAY = 8  # in bytes; each pass reads all weights, so larger ones allow larger arrays


class Lane(NamedTuple):
    """A forward pass for a fixed number of rows, compiled before several threads call it."""

    rows: int
    program: Any  # (values, x) -> outputs
    most: int  # of its kind at the same time


class PredictPlan:
    """Compiled forward passes and the variables they read."""

    def __init__(self, model: Any) -> None:
        self.version = variable.structure_version
        self.constants = variable.constants_version
        binding = bind(model, None, ())
        heap.prepare(binding.size)
        self.variables = (*binding.trainable, *binding.frozen)
        self.step = step.predict_step(model, binding)
        self.program = compiled.jit(self.step)
        self.pads = filling.rows_are_independent(model) and not _has_fixed_batch(model)
        self._loops: dict[Any, Any] = {}  # by batch size and signature; None where it is slow
        self._lanes: dict[Any, Lane | None] = {}

    def values(self) -> tuple[Any, ...]:
        """The stored values of all variables."""
        return tuple(v.stored for v in self.variables)

    def __call__(self, x: Any) -> Any:
        """Outputs for one batch of inputs."""
        return self.program(self.values(), x)

    def lane(self, x: Any, size: int, rows: int) -> Lane | None:
        """A program for each core to take rows of `x` through; None where one for all is better.

        Args:
            x: inputs, of which only shapes and dtypes are read.
            size: rows of a batch.
            rows: how many there are to predict for, the first time.
        """
        key = (size, signature(x))
        if key not in self._lanes:
            self._lanes[key] = self._make_lane(x, size, rows)
        return self._lanes[key]

    def _make_lane(self, x: Any, size: int, rows: int) -> Lane | None:
        values = self.values()
        devices = {device for value in values for device in value.devices()}
        if [device.platform for device in devices] != ["cpu"]:
            return None
        largest = largest_result(self.program.trace(values, _specs(x, size)).jaxpr.jaxpr)
        if largest <= _LARGE:
            return None
        weights = sum(value.nbytes for value in values)
        at_once = size * max(_MOST_IN_LANE, weights // _WEIGHTS_TO_ARRAY) // largest
        if at_once >= size:
            return None
        at_once = _even(rows, max(1, at_once))
        program = self.program.lower(values, _specs(x, at_once)).compile()
        return Lane(at_once, program, max(1, _MOST_IN_ALL_LANES * size // (largest * at_once)))

    def loop(self, x: Any, size: int) -> Any:
        """A program `(values, x, count) -> outputs` for `count` batches of `size` rows of `x`.

        Only shapes and dtypes of `x` are read. None where a loop on the device is a bad place for
        the model.
        """
        key = (size, signature(x))
        if key not in self._loops:
            self._loops[key] = self._make_loop(x, size)
        return self._loops[key]

    def _make_loop(self, x: Any, size: int) -> Any:
        values = self.values()
        batch = _specs(x, size)
        traced, shapes = jax.make_jaxpr(self.step, return_shape=True)(values, batch)
        if not loops_well(traced.jaxpr):
            return None
        rows = jax.tree.leaves(x)[0].shape[0]

        def run(values: Any, x: Any, count: Any) -> Any:
            def body(number: Any, outputs: Any) -> Any:
                start = number * size
                part = jax.tree.map(lambda a: lax.dynamic_slice_in_dim(a, start, size), x)
                found = jax.core.eval_jaxpr(
                    traced.jaxpr, traced.consts, *jax.tree.leaves((values, part))
                )
                found = jax.tree.unflatten(jax.tree.structure(shapes), found)
                return jax.tree.map(
                    lambda all_, new: lax.dynamic_update_slice_in_dim(all_, new, start, 0),
                    outputs,
                    found,
                )

            empty = jax.tree.map(lambda s: jnp.zeros((rows, *s.shape[1:]), s.dtype), shapes)
            return lax.fori_loop(0, count, body, empty)

        return compiled.jit(run)


def _specs(x: Any, rows: int) -> Any:
    """What arrays like those of `x` with so many rows are to JAX."""
    return _each(lambda a: jax.ShapeDtypeStruct((rows, *a.shape[1:]), a.dtype), x)


def _even(rows: int, most: int) -> int:
    """Rows at a time, at most `most`, for the cores to be done with all at about the same time."""
    cores = lanes.cores()

    def longest(at_once: int) -> int:
        return -(-rows // (at_once * cores)) * at_once

    return min(range(most, most // 2, -1), key=longest)


def _has_fixed_batch(model: Any) -> bool:
    inputs = getattr(getattr(model, "_graph", None) or model, "inputs", None) or ()
    return any(tensor.shape and tensor.shape[0] is not None for tensor in inputs)


def plan_for(model: Any) -> PredictPlan:
    """The model's plan, made anew when the make-up of models has changed since."""
    plan = model.plans.get("predict")
    if plan is None or plan.version != variable.structure_version:
        fresh = PredictPlan(model)
        if plan is not None and _compute_alike(plan, fresh):
            plan.version = fresh.version
        else:
            plan = model.plans["predict"] = fresh
    return plan


def _compute_alike(plan: PredictPlan, fresh: PredictPlan) -> bool:
    same_make_up = plan.variables == fresh.variables and plan.constants == fresh.constants
    return same_make_up and plan.pads == fresh.pads


def run_batch(plan: PredictPlan, x: Any) -> Any:
    """Outputs for the rows of `x`, in one go; NumPy arrays where rows were filled up."""
    leaves = jax.tree.leaves(x)
    rows = leaves[0].shape[0] if leaves and leaves[0].ndim else 1
    padded = 1 << (rows - 1).bit_length() if plan.pads and rows else rows
    if padded == rows:
        return plan(x)
    outputs = plan(_each(lambda a: _filled(a, padded), x))
    return _each(lambda a: np.asarray(a)[:rows], outputs)


def _filled(array: Any, rows: int) -> np.ndarray:
    """`array` with its last row repeated until there are `rows`."""
    if len(array) == rows:
        return array
    filled = np.empty((rows, *array.shape[1:]), array.dtype)
    filled[: len(array)] = array
    filled[len(array) :] = array[-1:]
    return filled


def predict(model: Any, feed: Any, callbacks: Any, steps: int | None = None) -> Any:
    """Outputs for all rows of a feed, as NumPy arrays in the structure that the model gives."""
    plan = plan_for(model)
    wants_batches = callbacks.wants_batches("predict")
    callbacks.on_predict_begin()
    with contextlib.nullcontext() if feed.size == 1 else heap.kept():
        if feed.arrays is not None and plan.pads and steps is None and not wants_batches:
            collected = _predict_arrays(plan, feed, callbacks)
        else:
            collected = _predict_batches(model, plan, feed, callbacks, steps)
        if len(collected) == 1:
            outputs = _each(np.asarray, collected[0])
        elif collected:
            outputs = _each(lambda *parts: np.concatenate([*map(np.asarray, parts)]), *collected)
    callbacks.on_predict_end()
    if not collected:
        raise ValueError("the data to predict on gave no batch")
    return outputs


def _predict_arrays(plan: PredictPlan, feed: Any, callbacks: Any) -> list[Any]:
    """Many batches a dispatch. Rows are independent, so how they are grouped is our choice."""
    x, rows = feed.arrays[0], feed.samples
    if rows <= feed.batch_size:
        outputs = run_batch(plan, x)
        callbacks.on_progress("predict", 1, {})
        return [outputs]
    size = 1 << (feed.batch_size.bit_length() - 1)
    lane = plan.lane(_specs(x, 1), size, rows)
    if lane is not None:
        return _predict_in_lanes(plan, lane, feed, callbacks)
    bytes_of_batch = size * sum(a.nbytes for a in jax.tree.leaves(x)) / rows
    chunk = size * max(1, min(_MOST_BATCHES, int(_CHUNK_BYTES / bytes_of_batch)))
    loop = None
    if chunk >= _FEWEST_BATCHES * size:
        loop = plan.loop(_specs(x, chunk), size)
    width = chunk if loop is not None else size
    collected = []
    for start in range(0, rows, width):
        part = _rows(x, start, start + width)
        count = min(width, rows - start)
        if loop is None:
            outputs = run_batch(plan, part)
        else:
            whole = _each(lambda a: _filled(a, chunk), part)
            outputs = _rows(loop(plan.values(), whole, -(-count // size)), 0, count)
        collected.append(outputs)
        callbacks.on_progress("predict", -(-(start + count) // feed.batch_size), {})
    return collected


def _predict_in_lanes(plan: PredictPlan, lane: Lane, feed: Any, callbacks: Any) -> list[Any]:
    """Each core takes rows of its own through the whole model."""
    x, values = feed.arrays[0], plan.values()

    def outputs(start: int) -> Any:
        part = _rows(x, start, start + lane.rows)
        found = lane.program(values, _each(lambda a: _filled(a, lane.rows), part))
        return _each(lambda a: np.asarray(a)[: feed.samples - start], found)

    starts = range(0, feed.samples, lane.rows)
    batches = -(-feed.samples // feed.batch_size)

    def progress(done: int) -> None:
        whole = done * lane.rows // feed.batch_size
        callbacks.on_progress("predict", batches if done == len(starts) else whole, {})

    return lanes.share(outputs, starts, progress, lane.most)


def _rows(arrays: Any, start: int, end: int) -> Any:
    return _each(lambda a: a[start:end] if end - start < len(a) else a, arrays)


def _each(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """`function` over the leaves, without `jax.tree.map`.

    That is compiled code which calls back, where Ctrl-C can get lost (jax 0.10.2); and a single
    array needs no way through JAX's trees at all.
    """
    if hasattr(structure, "shape"):
        return function(structure, *others)
    leaves, kind = jax.tree.flatten(structure)
    rows = zip(leaves, *map(jax.tree.leaves, others), strict=True)
    return jax.tree.unflatten(kind, [function(*row) for row in rows])


def _predict_batches(
    model: Any, plan: PredictPlan, feed: Any, callbacks: Any, steps: int | None
) -> list[Any]:
    """Batch by batch, exactly as the feed gives them."""
    wants_batches = callbacks.wants_batches("predict")
    collected: list[Any] = []
    with contextlib.closing(feed.batches((0, 0))) as batches:
        for number, batch in enumerate(batches):
            if steps is not None and number >= steps:
                break
            if wants_batches:
                callbacks.on_predict_batch_begin(number)
            outputs = run_batch(plan, batch[0])
            collected.append(outputs)
            if wants_batches:
                callbacks.on_predict_batch_end(number, {"outputs": outputs})
            else:
                callbacks.on_progress("predict", number + 1, {})
            if getattr(model, "stop_predicting", False):
                break
    return collected


def empty_outputs(model: Any, x: Any) -> Any:
    """Outputs of the right shapes for zero rows."""
    specs = jax.tree.map(
        lambda a: jax.ShapeDtypeStruct((1, *np.shape(a)[1:]), jnp.asarray(a).dtype), x
    )
    plan = plan_for(model)
    shapes = jax.eval_shape(plan.program, plan.values(), specs)
    return jax.tree.map(lambda s: np.zeros((0, *s.shape[1:]), s.dtype), shapes)
