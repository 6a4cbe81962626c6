"""Plans: compiled programs for a model and a shape of data.

In-memory training runs as one program that loops over steps and gathers each batch by index; the
number of steps is an argument, so one compile serves any chunk, a single step included. That is why
batch-level callbacks and whole-epoch execution give the same bits. The smaller last batch has a
program of its own, compiled while the first chunk runs.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from cornu.core import compiled
from cornu.training.state import State
from cornu.training.step import Batch, Step

Logs = dict[str, Any]
Results = Callable[[State], Logs]


class LoopPlan:
    """Programs for arrays that lie on the device.

    Args:
        step: the pure step.
        results: logs of a state.
        batch_size: rows of a full batch.
    """

    def __init__(self, step: Step, results: Results, batch_size: int) -> None:
        def run(
            state: State, data: Batch, order: Any, start: Any, count: Any
        ) -> tuple[State, Logs]:
            def body(i: Any, state: State) -> State:
                rows = jax.lax.dynamic_slice(order, ((start + i) * batch_size,), (batch_size,))
                return step(state, take(data, rows))

            state = jax.lax.fori_loop(
                0, count, body, settle(step, state, take(data, order[:batch_size]))
            )
            return state, results(state)

        self._full = compiled.jit(run)
        self.batch_size = batch_size
        self.warm = False  # whether the loop has run once, that is, is compiled
        self._smaller = BatchPlan(logged(step, results))
        self._in_background: dict[Any, concurrent.futures.Future[Any]] = {}

    def prepare_last(self, state: State, batch: Batch) -> None:
        """Begin to compile the program of the smaller last batch, in the background."""
        key = signature(batch)
        if key in self._in_background:
            return
        lowered = self._smaller.program.lower(state, batch)
        pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="cornu-compile")
        self._in_background[key] = pool.submit(lowered.compile)
        pool.shutdown(wait=False)

    def run(
        self, state: State, data: Batch, order: Any, start: int, count: int
    ) -> tuple[State, Logs]:
        """`count` full batches from batch number `start` of `order`."""
        return self._full(state, data, order, start, count)

    def run_last(self, state: State, batch: Batch) -> tuple[State, Logs]:
        """The smaller last batch."""
        compiled_program = self._in_background.get(signature(batch))
        if compiled_program is not None:
            return compiled_program.result()(state, batch)
        return self._smaller.run(state, batch)


def signature(batch: Batch) -> tuple[Any, ...]:
    """What a compiled program for `batch` depends on."""
    return tuple((a.shape, str(a.dtype)) for a in jax.tree.leaves(batch))


def settle(step: Step, state: State, batch: Batch) -> State:
    """`state` with each value in the dtype that a step gives back, so that a loop can carry it."""
    after = jax.eval_shape(step, state, batch)
    return jax.tree.map(lambda a, b: jnp.asarray(a).astype(b.dtype), state, after)


def take(data: Batch, rows: Any) -> Batch:
    """Rows of every array."""
    return jax.tree.map(lambda a: jnp.take(a, rows, axis=0, mode="clip"), data)


Run = Callable[[State, Batch], tuple[State, Logs]]


def logged(step: Step, results: Results) -> Run:
    """`step`, giving its logs too."""

    def run(state: State, batch: Batch) -> tuple[State, Logs]:
        new = step(state, batch)
        return new, results(new)

    return run


class BatchPlan:
    """A program for batches that come one at a time; one compile a shape.

    Args:
        run: one step and its logs.
        eager: run it uncompiled, operation by operation.
    """

    def __init__(self, run: Run, eager: bool = False) -> None:
        self.program = run if eager else compiled.jit(run)

    def run(self, state: State, batch: Batch) -> tuple[State, Logs]:
        """One step."""
        return self.program(state, batch)
