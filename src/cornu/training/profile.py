"""What one training step costs: seconds, FLOPs and memory, by forward, backward and update.

Three programs are compiled for one batch and timed in turns: the forward pass with its loss, the
same with gradients, and the step that `fit` takes. What a part costs is the difference to the
program before it, so whatever XLA fuses across that border counts for the later one. FLOPs and
memory are what XLA says of the compiled programs. States are read and dropped: nothing is stored.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import io
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import compiled
from cornu.core.scope import Scope
from cornu.training import filling, loop, overridden, runner, state
from cornu.training.state import Binding, State
from cornu.training.step import Batch, train_step

_PREFIXES = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
_LOOPS = "XLA counts the body of a loop once, so FLOPs of recurrent layers are too low."
_OWN_STEP = "The model has a train_step of its own, whose parts cannot be told apart."


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a part of a training step costs.

    Attributes:
        seconds: median over the runs.
        flops: floating-point operations as XLA counts them in the compiled program (or before
            it was optimized, where it cannot say afterwards); None where it does not say.
    """

    seconds: float
    flops: float | None

    @property
    def rate(self) -> float | None:
        """FLOPs a second; None where there are none to divide."""
        return self.flops / self.seconds if self.flops and self.seconds > 0 else None

    def since(self, before: Cost) -> Cost:
        """What this costs beyond `before`: at least nothing, for medians have noise."""
        counted = self.flops is not None and before.flops is not None
        flops = max(self.flops - before.flops, 0.0) if counted else None  # type: ignore[operator]
        return Cost(max(self.seconds - before.seconds, 0.0), flops)


@dataclasses.dataclass(frozen=True)
class Memory:
    """Bytes of the compiled training step.

    Attributes:
        peak: what the device holds while the step runs: the sum of the others, less shared bytes.
        arguments: weights, optimizer's and metrics' values, and the batch.
        outputs: what the step returns: the new values.
        temporaries: the most that activations, gradients and whatever else lives only within the
            step take at one time; XLA also uses the memory of the outputs for them.
    """

    peak: int
    arguments: int
    outputs: int
    temporaries: int


@dataclasses.dataclass(frozen=True)
class Profile:
    """What one training step of a model costs; as text it is a table.

    Attributes:
        model: name of the model.
        device: kind of the device that the step ran on.
        rows: rows of the batch.
        runs: how often each program was timed.
        forward: the model in training mode and its loss; None if the model brings a `train_step`.
        backward: gradients; None likewise.
        update: the optimizer's work and the metrics; None likewise.
        step: the whole step.
        dtype: what most weights are computed in.
        matmul_rates: by dtype, FLOPs a second of a large product of square matrices here.
        memory: of the whole step; None where XLA does not say.
        remarks: what to know when reading the figures.
    """

    model: str
    device: str
    rows: int
    runs: int
    forward: Cost | None
    backward: Cost | None
    update: Cost | None
    step: Cost
    dtype: str
    matmul_rates: dict[str, float]
    memory: Memory | None
    remarks: tuple[str, ...] = ()

    def share(self, cost: Cost | None) -> float | None:
        """The rate of a part as a share of the machine's matmul rate in `dtype`."""
        rate = cost.rate if cost is not None else None
        return rate / self.matmul_rates[self.dtype] if rate is not None else None

    def __str__(self) -> str:
        return _table(self)


def profile_step(model: Any, batch: Batch, runs: int) -> Profile:
    """Compile and time the parts of a training step.

    Args:
        model: a compiled model, its losses lined up with its outputs.
        batch: (x, y, sample_weight) on the host.
        runs: how often to time each program.
    """
    binding = loop.bind_for_training(model)
    batch = runner.to_device(batch)
    values = state.read(binding, int(model.optimizer.iterations))
    own = overridden.has_own_step(model, "train")
    functions: list[Callable[[State, Batch], Any]] = []
    if own:
        functions.append(overridden.own_step(model, "train", binding))
    else:
        loss = _loss(model, binding)
        functions += [loss, _gradients(loss), train_step(model, model.optimizer, binding)]
    # The step comes first: it is what says clearly that a loss is missing.
    lowered = [compiled.jit(function).lower(values, batch) for function in functions[::-1]][::-1]
    programs = [program.compile() for program in lowered]
    seconds = _medians(programs, (values, batch), runs)
    costs = [Cost(*pair) for pair in zip(seconds, _flops(programs, lowered), strict=True)]
    remarks = [_OWN_STEP] if own else []
    if any(_has_loop(program) for program in programs):
        remarks.append(_LOOPS)
    dtype = _main_dtype(model)
    return Profile(
        model=model.name,
        device=jax.devices()[0].device_kind,
        rows=filling.row_count(batch[0]),
        runs=runs,
        forward=None if own else costs[0],
        backward=None if own else costs[1].since(costs[0]),
        update=None if own else costs[2].since(costs[1]),
        step=costs[-1],
        dtype=dtype,
        matmul_rates={kind: matmul_rate(kind) for kind in dict.fromkeys(("float32", dtype))},
        memory=_memory(programs[-1]),
        remarks=tuple(remarks),
    )


# -- the parts as pure functions -------------------------------------------------------------------


def _loss(model: Any, binding: Binding) -> Callable[[State, Batch], Any]:
    """(loss, values of what is not trained) of a batch in training mode."""

    def loss(values: State, batch: Batch) -> tuple[Any, tuple[Any, ...]]:
        x, y, sample_weight = batch
        stored = (*values.trainable, *values.frozen, *values.optimizer, *values.metrics)
        bound = zip(binding.all(), stored, strict=True)
        with Scope(bound, training=True, step=values.step) as scope:
            y_pred = model(x, training=True)
            found = model.compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True
            )
            scaled = model.optimizer.scale_loss(jnp.asarray(found))
        return scaled, tuple(scope.values[id(v)] for v in binding.frozen)

    return loss


def _gradients(loss: Callable[[State, Batch], Any]) -> Callable[[State, Batch], Any]:
    """`loss` and its gradients."""

    def gradients(values: State, batch: Batch) -> Any:
        def of_weights(trainable: tuple[Any, ...]) -> Any:
            return loss(values._replace(trainable=trainable), batch)

        return jax.value_and_grad(of_weights, has_aux=True)(values.trainable)

    return gradients


# -- measuring -------------------------------------------------------------------------------------


def _medians(programs: list[Any], arguments: tuple[Any, ...], runs: int) -> list[float]:
    """Median seconds of each program; they take turns, so that noise meets all."""
    for program in programs:
        jax.block_until_ready(program(*arguments))
    taken: list[list[float]] = [[] for _ in programs]
    for _ in range(runs):
        for program, seconds in zip(programs, taken, strict=True):
            start = time.perf_counter()
            jax.block_until_ready(program(*arguments))
            seconds.append(time.perf_counter() - start)
    return [statistics.median(seconds) for seconds in taken]


@functools.cache
def matmul_rate(dtype: str) -> float:
    """FLOPs a second of a product of large square matrices, measured once in a process.

    Args:
        dtype: of the factors and the product.
    """
    size = 768 if jax.default_backend() == "cpu" else 8192  # 10 ms here and there
    # Constant factors would flatter: chips save power on them and clock higher.
    block = np.random.default_rng(0).standard_normal((size // 16, size), np.float32)
    factor = jnp.tile(jnp.asarray(block, dtype), (16, 1))
    program = compiled.jit(jnp.matmul).lower(factor, factor).compile()
    (seconds,) = _medians([program], (factor, factor), 5)
    return 2 * size**3 / seconds


def _flops(programs: list[Any], lowered: list[Any]) -> list[float | None]:
    """What XLA counts in the compiled programs; where it cannot say, before it optimized them."""
    for stage in (programs, lowered):
        found = [(program.cost_analysis() or {}).get("flops", -1) for program in stage]
        if min(found) >= 0:  # XLA says -1 of calls into libraries that it cannot look into
            return found
    return [None] * len(programs)


def _memory(program: Any) -> Memory | None:
    found = program.memory_analysis()
    if found is None:
        return None
    arguments, outputs = found.argument_size_in_bytes, found.output_size_in_bytes
    temporaries = found.temp_size_in_bytes
    # Not `peak_memory_in_bytes`: on CPU it leaves the temporaries out.
    peak = arguments + outputs + temporaries - found.alias_size_in_bytes
    return Memory(peak, arguments, outputs, temporaries)


def _has_loop(program: Any) -> bool:
    return " while(" in (program.as_text() or "")


def _main_dtype(model: Any) -> str:
    """What most weights are computed in."""
    owners: dict[int, tuple[str, int]] = {}
    for layer in model.walk():  # parents first, so the layer that made a weight comes last
        owners.update({id(v): (layer.compute_dtype, v.size) for v in layer.weights})
    sizes: collections.Counter[str] = collections.Counter()
    for dtype, size in owners.values():
        sizes[dtype] += size
    return sizes.most_common(1)[0][0] if sizes else "float32"


# -- the table -------------------------------------------------------------------------------------


def _table(found: Profile) -> str:
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD)
    for title in ("part", "time", "of step", "FLOPs", "FLOP/s", f"of {found.dtype} matmul"):
        table.add_column(title, justify="left" if title == "part" else "right", no_wrap=True)
    for name in ("forward", "backward", "update", "step"):
        table.add_row(name, *_cells(found, getattr(found, name)))
    stream = io.StringIO()
    console = Console(
        file=stream, width=120, color_system=None, markup=False, highlight=False, emoji=False
    )
    console.print(
        f'One training step of "{found.model}": {found.rows} rows, {found.device}, '
        f"median of {found.runs}"
    )
    console.print(table)
    for line in _notes(found):
        console.print(line)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines() if line.strip())


def _cells(found: Profile, cost: Cost | None) -> list[str]:
    if cost is None:
        return ["-"] * 5
    return [
        _scaled_seconds(cost.seconds),
        _percent(cost.seconds / found.step.seconds),
        _scaled(cost.flops),
        _scaled(cost.rate),
        _percent(found.share(cost)),
    ]


def _notes(found: Profile) -> list[str]:
    rates = ", ".join(f"{dtype} {_scaled(r)}FLOP/s" for dtype, r in found.matmul_rates.items())
    lines = [f" Matmul rate of this machine: {rates}"]
    if found.memory is not None:
        parts = dataclasses.asdict(found.memory)
        listed = ", ".join(f"{name} {_scaled(size)}B" for name, size in parts.items())
        lines.append(f" Memory of the step: {listed}")
    return [*lines, *(f" {remark}" for remark in found.remarks)]


def _scaled_seconds(seconds: float) -> str:
    for factor, unit in ((1.0, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def _scaled(amount: float | None) -> str:
    """Three figures and a decimal prefix, `12.3 G`; `-` for what is not known."""
    if amount is None:
        return "-"
    for factor, prefix in _PREFIXES:
        if amount >= factor:
            return f"{amount / factor:.3g} {prefix}"
    return f"{amount:.3g} "


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
