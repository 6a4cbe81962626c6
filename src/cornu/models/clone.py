"""Copies of models: the same layers with new weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cornu.core import graph, tree
from cornu.errors import unexpected_keywords
from cornu.layers.base.layer import Layer
from cornu.layers.core.input_layer import InputLayer
from cornu.models.functional import Functional
from cornu.models.model import Model
from cornu.models.sequential import Sequential


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same make-up with new weights.

    Args:
        model: Sequential, functional, or a subclassed model that has a config.
        input_tensors: symbolic tensors to build the copy on; default: new inputs.
        clone_function: makes the copy of a layer; default: from its config.
        call_function: `(layer, *args, **kwargs)`, called instead of the layer.
        recursive: whether `clone_function` also sees the layers of nested models.
        **kwargs: none; an unknown keyword is an error.

    Raises:
        ValueError: for a `clone_function` on a subclassed model.
    """
    if kwargs:
        raise unexpected_keywords("clone_model", kwargs, ("clone_function", "input_tensors"))

    def copy(layer: Any) -> Any:
        if recursive and isinstance(layer, Functional | Sequential):
            return clone_model(layer, clone_function=clone_function, recursive=True)
        if clone_function is not None and not isinstance(layer, InputLayer):
            return clone_function(layer)
        if isinstance(layer, Functional | Sequential):
            return clone_model(layer)
        return type(layer).from_config(layer.get_config())

    if isinstance(model, Sequential):
        return _clone_sequential(model, copy, input_tensors)
    if isinstance(model, Functional):
        return _clone_functional(model, copy, input_tensors, call_function)
    if clone_function is not None or input_tensors is not None:
        raise ValueError(
            "`clone_function` and `input_tensors` need a Sequential or functional model. "
            f"Received: {type(model).__name__}"
        )
    return type(model).from_config(model.get_config())


def _clone_sequential(
    model: Sequential, copy: Callable[[Any], Any], input_tensors: Any
) -> Sequential:
    clone = (
        type(model)(name=model.name) if type(model) is Sequential else Sequential(name=model.name)
    )
    start = [layer for layer in model._stack if isinstance(layer, InputLayer)]
    if input_tensors is not None:
        clone.add(tree.flatten(input_tensors)[0], rebuild=False)
    elif start:
        clone.add(copy(start[0]), rebuild=False)
    for layer in model.layers:
        clone.add(copy(layer), rebuild=False)
    clone._rebuild()
    return clone


def _clone_functional(
    model: Functional, copy: Callable[[Any], Any], input_tensors: Any, call_function: Any
) -> Model:
    copies = {
        id(layer): copy(layer)
        for layer in model.layers
        if not (isinstance(layer, InputLayer) and input_tensors is not None)
    }
    if input_tensors is not None:
        inputs = tree.flatten(input_tensors)
    else:
        inputs = [copies[id(t.node.operation)].output for t in model.inputs if t.node is not None]

    def call(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        operation = node.operation
        if not isinstance(operation, Layer):
            return operation.fresh().symbolic_call(*args, **kwargs)
        target = copies[id(operation)]
        return call_function(target, *args, **kwargs) if call_function else target(*args, **kwargs)

    outputs = graph.run(model._nodes, model.inputs, model._outputs, inputs, call)
    return Functional(tree.pack_sequence_as(model._inputs, inputs), outputs, name=model.name)
