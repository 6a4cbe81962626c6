"""The plans of a model: which steps to compile, for which kind of data; each compiled once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax

from cornu.core import heap
from cornu.training import checks, filling, overridden, runner, step
from cornu.training.plan import BatchPlan, LoopPlan, logged
from cornu.training.state import Binding, State

Kind = Literal["train", "test"]


def on_device(model: Any, kind: Kind, feed: Any) -> bool:
    """Whether steps loop over arrays on the device; else batches are handed over one by one."""
    if model.run_eagerly or overridden.has_own_step(model, kind):
        return False
    whole_passes = feed.samples is not None and feed.size == -(-feed.samples // feed.batch_size)
    return whole_passes and feed.arrays is not None


def make_run(
    model: Any, kind: Kind, binding: Binding, feed: Any, keep_finite: bool = False
) -> runner.ArrayRun | runner.StreamRun:
    """What runs the steps of this kind over `feed`."""
    heap.prepare(binding.size + _values_in_batch(feed))
    run = runner.ArrayRun if on_device(model, kind, feed) else runner.StreamRun
    return run(plan_for(model, kind, binding, feed, keep_finite), feed)


def _values_in_batch(feed: Any) -> int:
    if feed.arrays is None:
        return 0
    rows = min(feed.batch_size, feed.samples)
    return sum(a.size // max(len(a), 1) * rows for a in jax.tree.leaves(feed.arrays))


def plan_for(model: Any, kind: Kind, binding: Binding, feed: Any, keep_finite: bool = False) -> Any:
    """The plan that suits `feed`."""
    if on_device(model, kind, feed):
        return for_arrays(model, kind, binding, feed, keep_finite)
    return for_batches(model, kind, binding, keep_finite)


def for_arrays(
    model: Any, kind: Kind, binding: Binding, feed: Any, keep_finite: bool = False
) -> LoopPlan:
    """The plan that loops over arrays on the device."""
    size = min(feed.batch_size, feed.samples)
    fills = filling.pays(feed.samples, size) and filling.is_exact(model, kind)
    return _cached(
        model,
        (kind, size, fills, keep_finite),
        binding,
        lambda: LoopPlan(
            # Not for streams: a generator may draw from NumPy in its thread meanwhile.
            checks.without_numpy_draws(model, _step(model, kind, binding, keep_finite)),
            _results(model, binding),
            size,
            fills,
        ),
    )


def for_batches(model: Any, kind: Kind, binding: Binding, keep_finite: bool = False) -> BatchPlan:
    """The plan for batches that come one at a time."""

    def make() -> BatchPlan:
        if overridden.has_own_step(model, kind):
            return BatchPlan(overridden.own_step(model, kind, binding), model.run_eagerly)
        one_step = _step(model, kind, binding, keep_finite)
        return BatchPlan(logged(one_step, _results(model, binding)), model.run_eagerly)

    return _cached(model, (kind, None, keep_finite), binding, make)


def _step(model: Any, kind: Kind, binding: Binding, keep_finite: bool) -> step.Step:
    if kind == "test":
        return step.test_step(model, binding)
    train = step.train_step(model, model.optimizer, binding)
    return step.skip_non_finite(train, binding) if keep_finite else train


def _results(model: Any, binding: Binding) -> Callable[[State], dict[str, Any]]:
    return lambda state: step.results(model, binding, state)


def _cached(model: Any, kind: tuple[Any, ...], binding: Binding, make: Callable[[], Any]) -> Any:
    key = (*kind, binding.key())
    if key not in model.plans:
        model.plans[key] = make()
    return model.plans[key]
