"""Model: a layer that can be compiled, fitted, evaluated and asked for predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from cornu.core import naming, tree
from cornu.core.symbolic import KerasTensor
from cornu.errors import did_you_mean
from cornu.layers.base import calling
from cornu.layers.base.layer import Layer
from cornu.models import summary
from cornu.models.stored import Stored
from cornu.models.trainable import Trainable
from cornu.serialization import codec, registry


class Model(Stored, Trainable, Layer):
    """Layers with training on top.

    Subclass it and define `call`, or make a functional model: `Model(inputs, outputs, name=None)`.
    """

    untracked = Layer.untracked | Trainable.untracked

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """A Functional where inputs and outputs are given; else what was asked for."""
        if cls is Model and _is_functional(args, kwargs):
            return FUNCTIONAL[0].__new__(FUNCTIONAL[0], *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if _is_functional(args, kwargs):
            # A subclass that calls `super().__init__(inputs, outputs)` becomes a functional model.
            from_functional(self, *args, **kwargs)
            return
        Layer.__init__(self, *args, **kwargs)
        Trainable.__init__(self)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs; subclasses define it."""
        raise NotImplementedError(
            f"model '{self.name}' ({type(self).__name__}) defines no `call(self, inputs)`"
        )

    def rematerialized_call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """`fn` as it is: a model's layers are rematerialized, one by one."""
        del args, kwargs
        return fn

    @property
    def layers(self) -> list[Layer]:
        """Layers held directly, in the order in which they were attached."""
        return [layer for layer in self.sublayers() if isinstance(layer, Layer)]

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of this shape (with the batch axis), by tracing `call`."""
        if self.built or input_shape is None:
            return
        spec = tree.map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape)
        args = (
            spec
            if isinstance(input_shape, tuple | list) and not tree.is_shape(input_shape)
            else [spec]
        )
        parameters = calling.call_signature(type(self).call).parameters
        positional = [p for p in parameters if p not in ("training", "mask")]
        self.trace((spec,) if len(positional) <= 1 else tuple(args), {})

    def trace(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Run `call` abstractly on symbolic arguments; builds everything that is unbuilt."""
        with naming.root_scope(self._path):
            self._infer(args, kwargs)
        self.built = True

    def build_for(self, *args: Any, **kwargs: Any) -> None:
        """Trace `call` once, so that every nested layer has its place and its weights."""
        if self.built:
            return
        if type(self).build is not Model.build:
            super().build_for(*args, **kwargs)
            return
        self._path = naming.current_path()
        self._build_shapes = _shapes(self, args, kwargs)
        self.trace(*tree.map_structure(_symbol, (args, kwargs)))

    def graph_outputs(self) -> Any:
        """The symbolic outputs, where the model is a graph; else None."""
        return None

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """The layer of this name or at this index.

        Raises:
            ValueError: if there is none.
        """
        if (name is None) == (index is None):
            raise ValueError(
                f"give either `name` or `index`. Received: name={name!r}, index={index!r}"
            )
        layers = self.layers
        if index is not None:
            if not -len(layers) <= index < len(layers):
                raise ValueError(
                    f"index {index} is out of range: the model has {len(layers)} layers"
                )
            return layers[index]
        for layer in layers:
            if layer.name == name:
                return layer
        names = [layer.name for layer in layers]
        raise ValueError(
            f"no layer named '{name}'{did_you_mean(str(name), names)} Layers: "
            f"{', '.join(names[:20])}"
        )

    def summary(
        self,
        line_length: int | None = None,
        positions: Any = None,
        print_fn: Callable[..., Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and parameter counts.

        Args:
            line_length: width in characters; default 80, or more for a wide table.
            positions: shares of the width that the columns end at.
            print_fn: called with the text instead of printing it.
            expand_nested: whether to show the layers inside nested models.
            show_trainable: whether to add a column with Y or N.
            layer_range: names of the first and last layer to show.
        """
        summary.show(
            self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range
        )

    def to_json(self, **kwargs: Any) -> str:
        """The config of the model as JSON, which `models.model_from_json` reads.

        Args:
            **kwargs: for `json.dumps`.
        """
        return json.dumps(codec.serialize(self), **kwargs)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """A model made with the arguments of a config; a graph's config makes a functional model.

        Args:
            config: of `get_config`.
            custom_objects: the user's classes and functions by name.
        """
        with registry.CustomObjectScope(custom_objects or {}):
            if cls is Model and "layers" in config:
                return FUNCTIONAL[0].from_config(config)
            return super().from_config(config)

    def reset_states(self) -> None:
        """Reset the states of stateful layers in the model."""
        for layer in self.walk():
            if layer is not self and hasattr(layer, "reset_states"):
                layer.reset_states()

    @property
    def metrics(self) -> list[Any]:
        """Metrics of `compile` and those that the layers hold."""
        compiled = self.compiled_metric_objects()
        return list({id(m): m for m in [*compiled, *super().metrics]}.values())


# Filled by `functional.py`, which stands above this file.
FUNCTIONAL: list[Any] = []


def from_functional(model: Any, *args: Any, **kwargs: Any) -> None:
    """Set `model`, of a user's subclass, up as a functional model."""
    FUNCTIONAL[0].adopt(model, *args, **kwargs)


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or {"inputs", "outputs"} <= set(kwargs)
    )


def _shapes(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """What `get_build_config` says of a call: one `input_shape`, or a shape an argument."""
    given = model._tensor_arguments(args, kwargs)
    shapes = {name: calling.shapes_of(value) for name, value in given.items()}
    if len(shapes) == 1:
        return {"input_shape": next(iter(shapes.values()))}
    return {f"{name}_shape": shape for name, shape in shapes.items()}


def _symbol(value: Any) -> Any:
    if isinstance(value, KerasTensor) or not calling.is_tensor(value):
        return value
    value = value if hasattr(value, "dtype") else np.asarray(value)
    return KerasTensor(value.shape, value.dtype)
