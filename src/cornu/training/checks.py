"""Checks of what users feed in: on the host, once per array, before anything is computed.

Each is nearly free (milliseconds for 100 MB) and one function; messages name the argument, the place
and the fix. `config.set_check_inputs(False)` turns the checks of values off.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from cornu import losses
from cornu import metrics as metric_functions
from cornu.core import tree
from cornu.errors import BadInputError, warn
from cornu.settings import settings

# -- arguments -------------------------------------------------------------------------------------

_COUNTS = ("epochs", "batch_size", "steps_per_epoch", "validation_steps", "validation_batch_size")


def check_fit_arguments(arguments: dict[str, Any]) -> None:
    """Numbers of epochs, rows and steps that cannot be meant."""
    for name in _COUNTS:
        check_count(name, arguments[name])
    for name in ("initial_epoch", "initial_step"):
        value = arguments[name]
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
            raise ValueError(f"{name} must be an integer >= 0, got {value!r}")
    split = arguments["validation_split"]
    if split and not (isinstance(split, float) and 0 < split < 1):
        raise ValueError(f"validation_split must be a number between 0 and 1, got {split!r}")


def check_count(name: str, value: Any) -> None:
    """None or a positive integer."""
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be a positive int, got {value!r} ({type(value).__name__})")
    if value < 1:
        raise ValueError(f"{name} must be a positive int, got {value!r}")


# -- compile ---------------------------------------------------------------------------------------

_FROM_LOGITS = ("BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy")


def check_compile(model: Any, loss: Any) -> None:
    """A loss that cannot fit the activation of the model's last layer."""
    if isinstance(loss, dict | list | tuple):
        return
    kind = _loss_kind(loss)
    for layer in _last_layers(model):
        activation = getattr(getattr(layer, "activation", None), "__name__", None)
        if activation == "softmax" and getattr(layer, "units", None) == 1:
            raise ValueError(
                f"layer '{layer.name}' is Dense(1) with softmax, which always outputs 1: use "
                "activation='sigmoid', or one unit for each class"
            )
        if kind not in _FROM_LOGITS:
            continue
        from_logits = _option(loss, "from_logits")
        if from_logits and activation in ("softmax", "sigmoid"):
            raise ValueError(
                f"the loss has from_logits=True, but layer '{layer.name}' ends in {activation}: drop one "
                "of the two"
            )
        if not from_logits and activation == "linear" and hasattr(layer, "units"):
            warn(
                f"the loss expects probabilities, but layer '{layer.name}' has no activation: set "
                "from_logits=True in the loss, or end in softmax or sigmoid"
            )


def _last_layers(model: Any) -> list[Any]:
    outputs = getattr(model, "_outputs", None)
    if outputs is not None:
        return [t.node.operation for t in tree.flatten(outputs) if t.node is not None]
    stack = getattr(model, "_stack", None)
    return [stack[-1]] if stack else []


def _loss_kind(loss: Any) -> str:
    """The class name of a built-in loss, however it was given."""
    if loss is None:
        return ""
    found = losses.get(loss)
    name = getattr(found, "__name__", type(found).__name__)
    return _FUNCTION_KINDS.get(name, name)


_FUNCTION_KINDS = {
    "binary_crossentropy": "BinaryCrossentropy",
    "categorical_crossentropy": "CategoricalCrossentropy",
    "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
    "mean_squared_error": "MeanSquaredError",
    "mean_absolute_error": "MeanAbsoluteError",
}


def _option(loss: Any, name: str) -> Any:
    """An argument of a loss object, wherever the object keeps it."""
    for holder in (loss, getattr(loss, "fn", None)):
        if hasattr(holder, name):
            return getattr(holder, name)
    return getattr(loss, "_fn_kwargs", {}).get(name)


def check_metric_names(metrics: Any, weighted_metrics: Any) -> None:
    """Names of metrics that nothing goes by; reported at `compile` rather than at `fit`."""
    for item in (*tree.flatten(metrics), *tree.flatten(weighted_metrics)):
        if isinstance(item, str) and item.lower() not in _RESOLVED_LATER:
            metric_functions.get(item)


_RESOLVED_LATER = ("accuracy", "acc", "crossentropy", "ce")

# -- data ------------------------------------------------------------------------------------------


def has_no_rows(x: Any) -> bool:
    """Whether `x` is arrays with zero rows."""
    leaves = tree.flatten(x)
    return bool(leaves) and all(isinstance(a, np.ndarray) and a.ndim and not len(a) for a in leaves)


def check_feed(model: Any, feed: Any, objective: Any, role: str) -> None:
    """Targets there, values finite and in range: of whole arrays, or of a stream's first batch."""
    x, y, sample_weight = feed.arrays if feed.arrays is not None else feed.peek()
    del sample_weight
    if objective is not None:
        _check_targets_given(objective, y, role)
    if not settings.check_inputs:
        return
    for name, array in _named(x, "x"):
        _check_finite(name, array)
        _hint_bytes(model, name, array)
    _check_ids(model, x)
    for name, array in _named(y, "y"):
        _check_finite(name, array)
    if objective is not None and y is not None:
        targets = objective.align(y, "y")
        for term in objective.losses:
            name = "y" if len(targets) == 1 else f"y['{objective.names[term.output]}']"
            _check_labels(name, targets[term.output], term)
        _check_accuracy(objective)


def _check_targets_given(objective: Any, y: Any, role: str) -> None:
    if not objective.losses:
        return
    targets = objective.align(y, "y")
    for term in objective.losses:
        if targets[term.output] is None:
            raise BadInputError(
                f"targets are missing: the model was compiled with a loss, but {role} got y=None; pass y, "
                "or data that gives (x, y)"
            )


def _named(structure: Any, name: str) -> Iterator[tuple[str, np.ndarray]]:
    if isinstance(structure, dict):
        for key, value in structure.items():
            yield from _named(value, f"{name}['{key}']")
    elif isinstance(structure, list | tuple):
        for i, value in enumerate(structure):
            yield from _named(value, f"{name}[{i}]")
    elif isinstance(structure, np.ndarray):
        yield name, structure


def _check_finite(name: str, array: np.ndarray) -> None:
    if array.dtype.kind != "f" or not array.size:
        return
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):  # one NaN or inf makes the whole sum so
            return
    bad = ~np.isfinite(array)
    count = int(bad.sum())
    if not count:
        return
    place = tuple(int(i) for i in np.argwhere(bad)[0])
    kind = "NaN" if np.isnan(array[place]) else "infinite"
    index = ", ".join(map(str, place))
    raise BadInputError(
        f"{name}[{index}] is {kind} ({count:,} of {array.size:,} values): clean the data, for example with "
        "np.nan_to_num"
    )


_hinted: set[str] = set()


def _hint_bytes(model: Any, name: str, array: np.ndarray) -> None:
    if array.dtype != np.uint8 or array.ndim < 3 or not array.size or "bytes" in _hinted:
        return
    kinds = {type(layer).__name__ for layer in model.walk()}
    if kinds & {"Rescaling", "Normalization", "Embedding", "Lambda", "BatchNormalization"}:
        return
    if array.max() > 1:
        _hinted.add("bytes")
        warn(
            f"{name} holds bytes in 0..{array.max()}: training goes better on {name} / 255, or with Rescaling"
        )


def _check_ids(model: Any, x: Any) -> None:
    for name, array, layer in _embedded(model, x):
        if not array.size:
            continue
        if array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
            raise BadInputError(
                f"{name} goes into Embedding '{layer.name}' but holds fractions, no whole ids"
            )
        low, high = array.min(), array.max()
        if low < 0 or high >= layer.input_dim:
            wrong = (array < 0) | (array >= layer.input_dim)
            row = int(np.argwhere(wrong)[0][0])
            value = int(array[wrong][0])
            limit = f"must be in 0..{layer.input_dim - 1}"
            raise BadInputError(
                f"id {value} at {name} row {row} is out of range for Embedding '{layer.name}': ids {limit}"
            )


def _embedded(model: Any, x: Any) -> Iterator[tuple[str, np.ndarray, Any]]:
    """Arrays that go straight into an Embedding, with that layer."""
    arrays = list(_named(x, "x"))
    graph = getattr(model, "_graph", None) or model
    nodes = getattr(graph, "_nodes", None)
    if nodes is None:
        return
    inputs = {id(t): i for i, t in enumerate(graph.inputs)}
    if isinstance(x, dict):
        names = graph.input_names
        arrays = [(f"x['{n}']", x[n]) for n in names if isinstance(x.get(n), np.ndarray)]
    if len(arrays) != len(inputs):
        return
    for node in nodes:
        if (
            type(node.operation).__name__ == "Embedding"
            and node.inputs
            and id(node.inputs[0]) in inputs
        ):
            name, array = arrays[inputs[id(node.inputs[0])]]
            yield name, array, node.operation


def _check_labels(name: str, target: Any, term: Any) -> None:
    """Labels outside of what the loss can mean."""
    if not isinstance(target, np.ndarray) or not target.size:
        return
    kind = _loss_kind(term.loss)
    if kind == "SparseCategoricalCrossentropy":
        _check_class_ids(name, target, term)
    elif kind == "BinaryCrossentropy":
        low, high = float(target.min()), float(target.max())
        if low < 0 or high > 1:
            found = ", ".join(f"{v:g}" for v in np.unique(target)[:5])
            raise BadInputError(f"{name}: binary targets must be in [0, 1]; found {found}")


def _check_class_ids(name: str, target: np.ndarray, term: Any) -> None:
    classes = term.classes
    ignored = _option(term.loss, "ignore_class")
    labels = target if ignored is None else target[target != ignored]
    if not labels.size or classes is None:
        return
    if labels.dtype.kind == "f" and not np.array_equal(labels, np.floor(labels)):
        raise BadInputError(
            f"{name}: labels must be whole numbers; for probabilities use categorical_crossentropy"
        )
    low, high = int(labels.min()), int(labels.max())
    if low >= 0 and high < classes:
        return
    if tuple(target.shape[1:]) == (classes,):
        return  # one-hot: the loss itself says so
    if low >= 1 and high == classes:
        raise BadInputError(
            f"{name}: labels are {low}..{high}, but {classes} outputs mean 0..{classes - 1}: subtract 1, or "
            f"use {classes + 1} units"
        )
    wrong = (labels < 0) | (labels >= classes)
    row = int(np.argwhere((target < 0) | (target >= classes))[0][0])
    raise BadInputError(
        f"{name}: label {int(labels[wrong].flat[0])} at row {row}; {classes} classes -> 0..{classes - 1}. "
        "Use ignore_class for padding."
    )


_REGRESSION = (
    "MeanSquaredError",
    "MeanAbsoluteError",
    "Huber",
    "LogCosh",
    "MeanAbsolutePercentageError",
)


def _check_accuracy(objective: Any) -> None:
    kinds = {term.output: _loss_kind(term.loss) for term in objective.losses}
    for term in objective.metrics:
        name = type(term.metric).__name__
        if (
            name.endswith("Accuracy")
            and kinds.get(term.output) in _REGRESSION
            and not term.reported
        ):
            term.reported = True
            warn(
                f"metric '{term.metric.name}' counts exact matches, which says nothing in regression: use 'mae'"
            )


def check_split(y: Any, validation_y: Any) -> None:
    """A validation split whose labels are not those of the training rows (sorted data)."""
    if not isinstance(y, np.ndarray) or not isinstance(validation_y, np.ndarray):
        return
    if (
        y.dtype.kind not in "iub"
        or y.size > 10_000_000
        or y.ndim > 2
        or (y.ndim == 2 and y.shape[1] != 1)
    ):
        return
    train, held_out = (
        set(np.unique(y)[:1000].tolist()),
        set(np.unique(validation_y)[:1000].tolist()),
    )
    if len(train | held_out) <= 100 and held_out - train:
        unseen = ", ".join(map(str, sorted(held_out - train)[:5]))
        warn(
            f"validation_split takes the last rows, and classes {unseen} stand only there: the data look "
            "sorted; shuffle x and y first"
        )


def check_changed(model: Any, before: dict[str, Any], learning_rate: float) -> None:
    """After the first epoch: weights that no gradient reached."""
    if not learning_rate:
        return
    still = [
        v.path
        for v in model.trainable_variables
        if v.path in before
        and v.size
        and np.array_equal(np.asarray(before[v.path]), np.asarray(v.stored))
    ]
    if still:
        names = ", ".join(still[:5])
        warn(
            f"no gradient reaches: {names}{' ...' if len(still) > 5 else ''} (unchanged after an epoch); is the "
            "layer used, or behind a stop_gradient?"
        )
