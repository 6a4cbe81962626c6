"""Plans: compiled programs for a model and a shape of data.

In-memory training runs as one program that loops over steps and gathers each batch by index; the
numbers of steps and of passes over them are arguments, so one compile serves any chunk, from a
single step to several epochs. That is why all ways to run them give the same bits. (Where a loop
on the device is slow, the program is one step and the host loops; the same holds.) The smaller last
batch is filled up where that is exact and cheap (see `filling.py`); else it has a program of its
own, compiled while the first chunk runs.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.core
import jax.numpy as jnp

from cornu.callbacks.logs import Entry
from cornu.core import compiled
from cornu.training import filling
from cornu.training.pace import Pace
from cornu.training.state import State
from cornu.training.step import Batch, Step

Logs = dict[str, Any]
Results = Callable[[State], Logs]


@dataclasses.dataclass(frozen=True)
class LoopProgram:
    """A program that runs many steps.

    Attributes:
        run: `(state, data, orders, samples, row, start, count, passes)` -> state and logs: `count`
            batches from batch number `start` of the order in `row` of `orders`, of which `samples`
            rows count; then as many with the next order, `passes` times in all. Metrics begin each
            pass as they are given. Logs have an axis of passes in front.
        most_passes: how many passes it can log.
        pace: how long its steps take.
    """

    run: Callable[..., tuple[State, Logs]]
    most_passes: int
    pace: Pace = dataclasses.field(default_factory=Pace)


_MOST_CARRIED = 1 << 20  # bytes of a state that a loop on a CPU carries
_MOST_ARRAYS = 100  # of a state that a loop on a GPU carries
_MOST_SMALL = 1 << 17  # values of an array in a program of small products
_MOST_PASSES = 64
_MOST_LOGGED = 1 << 16  # bytes of the logs of all passes


class LoopPlan:
    """Programs for arrays that lie on the device.

    Args:
        step: the pure step.
        results: logs of a state.
        batch_size: rows of a full batch.
        fills: whether the smaller last batch is to be filled up, if the step allows it.
    """

    def __init__(self, step: Step, results: Results, batch_size: int, fills: bool = False) -> None:
        self.batch_size = batch_size
        self._fills = fills
        self._step = step
        self._results = results
        self._traces: dict[Any, Any] = {}
        self._programs: dict[Any, LoopProgram] = {}
        self._smaller = BatchPlan(logged(step, results))
        self._in_background: dict[Any, concurrent.futures.Future[Any]] = {}

    def program(self, state: State, data: Batch) -> LoopProgram:
        """The program for these arrays."""
        key = signature(data)
        if key not in self._programs:
            self._programs[key] = self._make_program(state, data)
        return self._programs[key]

    def fills(self, state: State, data: Batch) -> bool:
        """Whether the smaller last batch is filled up; traces the step, if that is still due."""
        self._trace(state, data)
        return self._fills

    def prepare_last(self, state: State, batch: Batch) -> None:
        """Begin to compile the program of the smaller last batch, in the background."""
        key = signature(batch)
        if key in self._in_background:
            return
        lowered = self._smaller.program.lower(state, batch)
        pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="cornu-compile")
        self._in_background[key] = pool.submit(lowered.compile)
        pool.shutdown(wait=False)

    def run_last(self, state: State, batch: Batch) -> tuple[State, Logs]:
        """The smaller last batch."""
        compiled_program = self._in_background.get(signature(batch))
        if compiled_program is not None:
            return compiled_program.result()(state, batch)
        return self._smaller.run(state, batch)

    def _make_program(self, state: State, data: Batch) -> LoopProgram:
        """The program for these arrays; the step is traced once for all that follows."""
        size = self.batch_size
        traced, structure = self._trace(state, data)

        def step(
            state: State, data: Batch, orders: Any, samples: Any, row: Any, number: Any
        ) -> State:
            rows = jax.lax.dynamic_slice(orders, (row, number * size), (1, size))[0]
            counted = (jnp.minimum(samples - number * size, size),) if self._fills else ()
            leaves = jax.tree.leaves((state, take(data, rows), *counted))
            outputs = jax.core.eval_jaxpr(traced.jaxpr, traced.consts, *leaves)
            return settle(jax.tree.unflatten(structure, outputs), state)

        if loops_well(traced.jaxpr) and _carries_well(state):
            small = _is_small(traced.jaxpr)
            return _looped_on_device(step, self._results, state, small)
        return looped_on_host(step, self._results, donates=jax.default_backend() != "cpu")

    def _trace(self, state: State, data: Batch) -> tuple[Any, Any]:
        """The step as a program for one batch of `data`, and the structure of what it gives."""
        batch = jax.tree.map(
            lambda a: jax.ShapeDtypeStruct((self.batch_size, *a.shape[1:]), a.dtype), data
        )
        key = signature(batch)
        if key not in self._traces:
            traced, after = self._trace_batch(state, batch)
            self._traces[key] = traced, jax.tree.structure(after)
        return self._traces[key]

    def _trace_batch(self, state: State, batch: Batch) -> tuple[Any, Any]:
        trace = jax.make_jaxpr(self._step, return_shape=True)
        if self._fills:
            try:
                return trace(state, batch, jax.ShapeDtypeStruct((), "int32"))
            except filling.CannotFill:
                self._fills = False
        return trace(state, batch)


def _looped_on_device(
    step: Callable[..., State], results: Results, state: State, small: bool
) -> LoopProgram:
    kinds = jax.eval_shape(results, state)
    size = sum(math.prod(a.shape) * a.dtype.itemsize for a in jax.tree.leaves(kinds))
    most = max(1, min(_MOST_PASSES, _MOST_LOGGED // max(size, 1)))

    def run(
        state: State, data: Batch, orders: Any, samples: Any, row: Any, start: Any, count: Any,
        passes: Any,
    ) -> tuple[State, Logs]:  # fmt: skip
        state = jax.tree.map(jnp.asarray, state)
        fresh = state.metrics

        def one_pass(k: Any, carried: tuple[State, Logs]) -> tuple[State, Logs]:
            def body(i: Any, state: State) -> State:
                return step(state, data, orders, samples, row + k, start + i)

            state, noted = carried
            state = jax.lax.fori_loop(0, count, body, state._replace(metrics=fresh))
            return state, jax.tree.map(lambda a, b: a.at[k].set(b), noted, results(state))

        noted = jax.tree.map(lambda a: jnp.zeros((most, *a.shape), a.dtype), kinds)
        return jax.lax.fori_loop(0, passes, one_pass, (state, noted))

    return LoopProgram(compiled.jit(run, small=small), most)


def looped_on_host(step: Callable[..., State], results: Results, donates: bool) -> LoopProgram:
    """A program of one step, called by the host for each.

    Args:
        step: (state, data, order, samples, number) -> state.
        results: logs of a state.
        donates: whether a step may write over the state before it, in a copy of the first one:
            a state of many gigabytes then stands in memory twice, however far the host runs ahead.
    """

    def single(
        state: State, data: Batch, orders: Any, samples: Any, row: Any, number: Any
    ) -> tuple[State, Logs]:
        new = step(state, data, orders, samples, row, number)
        return new, jax.tree.map(lambda a: jnp.asarray(a)[None], results(new))

    program = compiled.jit(single, donate_argnums=0 if donates else ())
    copy = compiled.jit(lambda state: jax.tree.map(jnp.copy, state))

    def run(
        state: State, data: Batch, orders: Any, samples: int, row: int, start: int, count: int,
        passes: int,
    ) -> tuple[State, Logs]:  # fmt: skip
        assert passes == 1
        logs: Logs = {}
        state = copy(state) if donates else state
        for number in range(start, start + count):
            state, logs = program(state, data, orders, samples, row, number)
        return state, logs

    return LoopProgram(run, 1)


def pass_logs(logs: Logs, k: int) -> Logs:
    """The logs of pass `k`, from those of all passes that a `LoopProgram` gives."""
    return jax.tree.map(lambda a: Entry(a, k) if a.ndim == 1 else a[k], logs)


def _carries_well(state: State) -> bool:
    """Whether a loop on the device is a good place for a state of this size.

    XLA's CPU compiler copies much of what a loop carries in each turn: 254 copies, 12 of 290 ms, in
    a step of a transformer with 1 M weights. Called from the host, a step that is so large costs
    less: values are handed over, and the call takes about as long as copying a megabyte.

    On a GPU the host reads back in each turn whether there is another, and launches nothing
    meanwhile: 4 of 47 ms in a step of GPT-2, of 1,250 kernels. The step of a small model takes less
    time than its call from the host, 0.08 against 0.27 ms; what has many arrays has many kernels.
    """
    arrays = jax.tree.leaves(state)
    if jax.default_backend() == "cpu":
        return sum(a.nbytes for a in arrays) <= _MOST_CARRIED
    return len(arrays) <= _MOST_ARRAYS


def loops_well(jaxpr: Any) -> bool:
    """Whether a loop on the device is a good place for the step.

    Inside of loops, XLA's CPU compiler has its fast convolutions for one order of axes only, which
    the gradients of `ops.conv` keep for images with steps of 1. Others are hundreds of times slower
    there: a small CNN's step took 360 to 490 ms, and 6 ms outside (batch 64, 8x8x32).
    """
    return jax.default_backend() != "cpu" or not _has_slow_convolution(jaxpr)


def _has_slow_convolution(jaxpr: Any) -> bool:
    return any(e.primitive.name == "conv_general_dilated" for e in _equations(jaxpr))


def _is_small(jaxpr: Any) -> bool:
    """Whether all that the step computes are small arrays."""
    return all(getattr(result, "size", 0) <= _MOST_SMALL for result in _results(jaxpr))


def largest_result(jaxpr: Any) -> int:
    """Bytes of the largest array that the step computes."""
    sizes = (
        result.size * result.dtype.itemsize
        for result in _results(jaxpr)
        if hasattr(result, "size") and hasattr(result.dtype, "itemsize")
    )
    return max(sizes, default=0)


def _results(jaxpr: Any) -> Iterator[Any]:
    return (variable.aval for e in _equations(jaxpr) for variable in e.outvars)


def _equations(jaxpr: Any) -> Iterator[Any]:
    """All equations, those of inner programs included."""
    for equation in jaxpr.eqns:
        yield equation
        for parameter in equation.params.values():
            for value in parameter if isinstance(parameter, list | tuple) else (parameter,):
                inner = getattr(value, "jaxpr", value)
                if hasattr(inner, "eqns"):
                    yield from _equations(inner)


def signature(batch: Batch) -> tuple[Any, ...]:
    """What a compiled program for `batch` depends on."""
    return tuple((a.shape, a.dtype) for a in jax.tree.leaves(batch))


def settle(new: State, old: State) -> State:
    """`new` with each value in the dtype of `old`, so that a loop can carry it."""
    return jax.tree.map(lambda a, b: a.astype(b.dtype), new, old)


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
