"""What `compile` can say already: losses that do not fit the last layers, names of metrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cornu import losses
from cornu import metrics as metric_functions
from cornu.core import tree
from cornu.errors import warn

_PROBABILITIES = (
    losses.binary_crossentropy,
    losses.categorical_crossentropy,
    losses.sparse_categorical_crossentropy,
)
_RESOLVED_LATER = ("accuracy", "acc", "crossentropy", "ce")


def check_compile(model: Any, loss: Any) -> None:
    """Losses that cannot fit the activation of the layer they look at.

    Raises:
        ValueError: for a softmax over one unit, and for logits that are none.
    """
    for layer, item in _pairs(model, loss):
        activation = _activation(layer)
        if activation == "softmax" and getattr(layer, "units", None) == 1:
            raise ValueError(
                f"layer '{layer.name}' is Dense(1) with softmax, which always outputs 1: use "
                "activation='sigmoid', or one unit for each class"
            )
        if item is None or formula(item) not in _PROBABILITIES:
            continue
        from_logits = option(item, "from_logits")
        if from_logits and activation in ("softmax", "sigmoid"):
            raise ValueError(
                f"the loss has from_logits=True, but layer '{layer.name}' ends in {activation}: "
                "drop one of the two"
            )
        if not from_logits and activation == "linear" and hasattr(layer, "units"):
            warn(
                f"the loss expects probabilities, but layer '{layer.name}' has no activation: set "
                "from_logits=True in the loss, or end in softmax or sigmoid"
            )


def check_metric_names(metrics: Any, weighted_metrics: Any) -> None:
    """Names of metrics that nothing goes by; reported at `compile` rather than at `fit`."""
    for item in (*tree.flatten(metrics), *tree.flatten(weighted_metrics)):
        if isinstance(item, str) and item.lower() not in _RESOLVED_LATER:
            metric_functions.get(item)


def formula(loss: Any) -> Callable[..., Any] | None:
    """The public function behind a built-in loss, however it was given; else what was given."""
    found = losses.get(loss)
    return getattr(found, "fn", found)


def option(loss: Any, name: str) -> Any:
    """An argument that a loss object was made with."""
    return getattr(loss, "fn_kwargs", {}).get(name)


def _pairs(model: Any, loss: Any) -> Iterator[tuple[Any, Any]]:
    """Each last layer with the loss on its output; nothing where that is not known yet."""
    last = _last_layers(model)
    names = [layer.name for layer in last]
    if isinstance(loss, dict):
        given = [loss.get(name) for name in names]
    elif isinstance(loss, list | tuple):
        given = list(loss)
    else:
        given = [loss] * len(last)
    if len(given) == len(last):
        yield from zip(last, given, strict=True)


def _last_layers(model: Any) -> list[Any]:
    outputs = getattr(model, "_outputs", None)
    if outputs is not None:
        return [t.node.operation for t in tree.flatten(outputs) if t.node is not None]
    stack = getattr(model, "_stack", None)
    return [stack[-1]] if stack else []


def _activation(layer: Any) -> str | None:
    if type(layer).__name__ == "Softmax":
        return "softmax"
    return getattr(getattr(layer, "activation", None), "__name__", None)
