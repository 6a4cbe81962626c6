"""What `compile()` was given, and its resolution against the model's outputs.

Losses and metrics may be given once, in a list, or in a dict by output name. `Objective` lines them
up with the flat outputs, once, when the outputs and targets have been seen.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import jax

from cornu import losses as losses_module
from cornu import metrics as metrics_module
from cornu.core import tree
from cornu.errors import BadInputError, did_you_mean, short
from cornu.losses.loss import Loss
from cornu.metrics.metric import Metric
from cornu.metrics.reduction import Mean
from cornu.training import filling


@dataclasses.dataclass
class CompiledSpec:
    """The arguments of `compile`, as given; the optimizer is an object."""

    optimizer: Any
    loss: Any = None
    loss_weights: Any = None
    metrics: Any = None
    weighted_metrics: Any = None
    run_eagerly: bool = False
    steps_per_execution: int = 1
    jit_compile: Any = "auto"
    auto_scale_loss: bool = True


@dataclasses.dataclass
class OutputTerm:
    """One loss on one output."""

    output: int
    loss: Loss
    weight: float | None
    tracker: Metric | None  # mean of this term's loss, where the model has several outputs
    classes: int | None  # size of the output's last axis


@dataclasses.dataclass
class MetricTerm:
    """One metric on one output, or on all of them (`output` None)."""

    output: int
    metric: Metric
    weighted: bool
    reported: bool = False  # whether a doubt about it has been voiced


class Objective:
    """Losses and metrics, lined up with the outputs.

    Args:
        spec: what `compile` was given.
        y: targets (symbolic or real), a nest or None.
        y_pred: outputs (symbolic or real), a nest.
        names: names of the flat outputs.
    """

    def __init__(self, spec: CompiledSpec, y: Any, y_pred: Any, names: Sequence[str]) -> None:
        self.names = list(names)
        self.structure = tree.structure_of(y_pred)
        self.keys = sorted(y_pred) if isinstance(y_pred, dict) else None
        self.loss_tracker = Mean(name="loss")
        self.log_names: dict[int, str] = {}  # by id of the metric, where it is not its own name
        targets = self.align(y, "y")
        outputs = tree.flatten(y_pred)
        several = len(outputs) > 1
        per_loss = self._per_output(spec.loss, "loss")
        weights = self._per_output(spec.loss_weights, "loss_weights")
        self.losses = [
            OutputTerm(
                i,
                _as_loss(item),
                None if weights[i] is None else float(weights[i]),
                Mean(name=f"{self.names[i]}_loss") if several else None,
                outputs[i].shape[-1] if outputs[i].shape else None,
            )
            for i, item in enumerate(per_loss)
            if item is not None
        ]
        used: set[str] = {"loss"}
        self.metrics = [
            *self._metric_terms(spec.metrics, False, targets, outputs, several, used),
            *self._metric_terms(spec.weighted_metrics, True, targets, outputs, several, used),
        ]

    # -- lining up ---------------------------------------------------------------------------------

    def align(self, values: Any, what: str) -> list[Any]:
        """A nest of targets or weights as a flat list, one entry for each output."""
        count = self.structure.num_leaves
        if values is None:
            return [None] * count
        if isinstance(values, dict):
            keys = (
                self.keys if self.keys is not None and set(values) <= set(self.keys) else self.names
            )
            unknown = [k for k in values if k not in keys]
            if unknown:
                raise BadInputError(
                    f"{what} has keys {sorted(values)}; the outputs are {list(keys)}"
                )
            if what == "y" and len(values) < count:
                missing = [k for k in keys if k not in values]
                raise BadInputError(f"{what} lacks targets for outputs {missing}")
            return [values.get(k) for k in keys]
        flat = tree.flatten(values) if isinstance(values, list | tuple) else [values]
        if len(flat) == 1 and count > 1 and what != "y":
            return flat * count
        if len(flat) != count:
            raise BadInputError(
                f"{what} holds {len(flat)} array(s), but the model has {count} output(s): "
                f"{', '.join(self.names)}"
            )
        return flat

    def _per_output(self, given: Any, what: str) -> list[Any]:
        count = len(self.names)
        if given is None:
            return [None] * count
        if isinstance(given, dict):
            keys = (
                self.keys if self.keys is not None and set(given) <= set(self.keys) else self.names
            )
            for key in given:
                if key not in keys:
                    raise ValueError(
                        f"{what} has a key '{key}' that is no output{did_you_mean(key, keys)} "
                        f"Outputs: {', '.join(keys)}"
                    )
            return [given.get(key) for key in keys]
        if isinstance(given, list | tuple):
            if len(given) != count:
                raise ValueError(
                    f"{what} has {len(given)} entries, but the model has {count} output(s): "
                    f"{', '.join(self.names)}"
                )
            return list(given)
        return [given] * count

    def _metric_terms(
        self,
        given: Any,
        weighted: bool,
        targets: list[Any],
        outputs: list[Any],
        several: bool,
        used: set[str],
    ) -> list[MetricTerm]:
        terms = []
        for i, group in enumerate(self._metric_groups(given)):
            for item in group:
                metric = _as_metric(item, targets[i], outputs[i])
                if targets[i] is not None:
                    metric.build(targets[i], _shaped_like(outputs[i], targets[i]))
                name = f"{self.names[i]}_{metric.name}" if several else metric.name
                unique, n = name, 1
                while unique in used:
                    unique, n = f"{name}_{n}", n + 1
                used.add(unique)
                self.log_names[id(metric)] = unique
                terms.append(MetricTerm(i, metric, weighted))
        return terms

    def _metric_groups(self, given: Any) -> list[list[Any]]:
        count = len(self.names)
        if given is None:
            return [[] for _ in range(count)]
        if isinstance(given, dict):
            groups = self._per_output(given, "metrics")
        elif not isinstance(given, list | tuple):
            groups = [given] * count
        elif count == 1:
            groups = (
                [given[0]] if len(given) == 1 and isinstance(given[0], list | tuple) else [given]
            )
        elif (
            any(isinstance(item, list | tuple | None.__class__) for item in given)
            or len(given) == count
        ):
            if len(given) != count:
                raise ValueError(
                    f"metrics has {len(given)} entries, but the model has {count} outputs"
                )
            groups = list(given)
        else:
            raise ValueError(
                f"metrics must have one entry for each of the {count} outputs, or be a dict by "
                "output "
                f"name ({', '.join(self.names)}). Received {len(given)} entries"
            )
        return [
            [] if g is None else list(g) if isinstance(g, list | tuple) else [g] for g in groups
        ]

    # -- computing ---------------------------------------------------------------------------------

    def metric_objects(self) -> list[Metric]:
        """All metrics, the loss's mean first, in the order of the logs."""
        trackers = [term.tracker for term in self.losses if term.tracker is not None]
        return [self.loss_tracker, *trackers, *(term.metric for term in self.metrics)]

    def loss(self, y: Any, y_pred: Any, sample_weight: Any) -> jax.Array | None:
        """The weighted sum of the losses of all outputs; notes each in its tracker."""
        targets = self.align(y, "y")
        weights = self.align(sample_weight, "sample_weight")
        outputs = tree.flatten(y_pred)
        total = None
        for term in self.losses:
            i = term.output
            if targets[i] is None:
                raise BadInputError(
                    f"targets are missing: the model has a loss on output '{self.names[i]}', "
                    "but y is None"
                )
            counted = filling.weights(weights[i], outputs[i])
            value = term.loss(targets[i], outputs[i], sample_weight=counted)
            value = filling.corrected(value, term.loss, outputs[i])
            if term.tracker is not None:
                term.tracker.update_state(value, sample_weight=filling.row_count(outputs[i]))
            if term.weight is not None:
                value = value * term.weight
            total = value if total is None else total + value
        return total

    def update_metrics(self, y: Any, y_pred: Any, sample_weight: Any) -> None:
        """Note one batch in every metric."""
        targets = self.align(y, "y")
        weights = self.align(sample_weight, "sample_weight")
        outputs = tree.flatten(y_pred)
        for term in self.metrics:
            i = term.output
            if targets[i] is None:
                continue
            weight = filling.weights(weights[i] if term.weighted else None, outputs[i])
            term.metric.update_state(targets[i], outputs[i], sample_weight=weight)

    def log_name(self, metric: Metric) -> str:
        """The name that a metric goes by in logs."""
        return self.log_names.get(id(metric), metric.name)

    def results(self) -> dict[str, Any]:
        """The value of every metric by log name; metrics that give a dict add its entries."""
        logs: dict[str, Any] = {}
        for metric in self.metric_objects():
            value = metric.result()
            if isinstance(value, dict):
                logs.update(value)
            else:
                logs[self.log_name(metric)] = value
        return logs


def _as_loss(item: Any) -> Loss:
    found = losses_module.get(item)
    if isinstance(found, Loss):
        return found
    name = getattr(found, "__name__", type(found).__name__)
    return losses_module.LossFunctionWrapper(found, name=name)


def _shaped_like(output: Any, target: Any) -> jax.ShapeDtypeStruct:
    """A symbolic output with the target's sizes where its own are unknown."""
    known = (
        (*target.shape, *[1] * len(output.shape))
        if target is not None
        else (1,) * len(output.shape)
    )
    shape = [known[i] if size is None else size for i, size in enumerate(output.shape)]
    return jax.ShapeDtypeStruct(tuple(shape), output.dtype)


_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


def _as_metric(item: Any, target: Any, output: Any) -> Metric:
    if isinstance(item, str) and item.lower() in (*_ACCURACY, *_CROSSENTROPY):
        return _by_output(item, target, output)
    if isinstance(item, Metric):
        return item
    found = metrics_module.get(item)
    if inspect.isclass(found):
        found = found()
    name = item if isinstance(item, str) else None
    if isinstance(found, Metric):
        if name is not None:
            found.name = name
        return found
    if not callable(found):
        raise TypeError(f"a metric must be a name, a Metric or a function. Received: {short(item)}")
    return metrics_module.from_function(found, target, _shaped_like(output, target), name=name)


def _by_output(item: str, target: Any, output: Any) -> Metric:
    """The accuracy or cross-entropy that fits the shapes of target and output."""
    family = "accuracy" if item.lower() in _ACCURACY else "crossentropy"
    output_shape = tuple(output.shape)
    target_shape = tuple(target.shape) if target is not None else output_shape
    if not output_shape or output_shape[-1] == 1:
        kind = "Binary"
    elif len(target_shape) < len(output_shape) or (target_shape and target_shape[-1] == 1):
        kind = "SparseCategorical"
    else:
        kind = "Categorical"
    suffix = "Accuracy" if family == "accuracy" else "Crossentropy"
    cls: Callable[..., Metric] = getattr(metrics_module, f"{kind}{suffix}")
    return cls(name=item)
