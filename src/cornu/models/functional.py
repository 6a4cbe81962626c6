"""Functional: a model given by the graph between its inputs and its outputs."""

from __future__ import annotations

import inspect
from typing import Any

from cornu.core import dtypes, graph, masks, naming, tree
from cornu.core.symbolic import KerasTensor, Node
from cornu.errors import short, warn
from cornu.layers.base import calling
from cornu.layers.base.layer import Layer
from cornu.models import functional_config
from cornu.models import model as model_module
from cornu.models.model import Model
from cornu.models.trainable import Trainable
from cornu.serialization import registry


class Functional(Model):
    """A model from symbolic inputs to symbolic outputs.

    Args:
        inputs: symbolic tensor or nest of them, made by `Input` or found inside a graph.
        outputs: symbolic tensor or nest of them that depends on `inputs`.
        name: default `functional`, `functional_1`, ...

    Raises:
        ValueError: if the outputs need an input that is not given.
    """

    untracked = Model.untracked | {"_nodes", "_inputs", "_outputs", "_input_tensors"}
    _inputs: Any
    _outputs: Any
    _input_tensors: list[KerasTensor]
    _nodes: list[Node]
    _layers: list[Layer]

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
        adopt(self, inputs, outputs, name=name, **kwargs)

    @staticmethod
    def adopt(
        model: Any, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any
    ) -> None:
        """Turn an instance of a user's Model subclass into a functional model in place."""
        if not isinstance(model, Functional):
            base = type(model)
            members = {
                "untracked": Functional.untracked,
                "__module__": base.__module__,
                "_stands_for": registry.saved_class(base),
            }
            if base.call is Model.call:
                members["call"] = Functional.call
            model.__class__ = type(base.__name__, (base, Functional), members)
        adopt(model, inputs, outputs, name=name, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to do: the graph is built already."""
        self.built = True

    @property
    def layers(self) -> list[Layer]:
        """The layers of the graph, from the inputs to the outputs."""
        return list(self._layers)

    @property
    def operations(self) -> list[Any]:
        """Layers and ops of the graph, from the inputs to the outputs."""
        return list({id(node.operation): node.operation for node in self._nodes}.values())

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs, flat."""
        return list(self._input_tensors)

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs, flat."""
        return tree.flatten(self._outputs)

    def graph_outputs(self) -> Any:
        """The symbolic outputs as they were given."""
        return self._outputs

    @property
    def input(self) -> Any:
        """Symbolic inputs as they were given."""
        return self._inputs

    @property
    def output(self) -> Any:
        """Symbolic outputs as they were given."""
        return self._outputs

    @property
    def input_shape(self) -> Any:
        """Shapes of the inputs."""
        return tree.map_structure(lambda t: t.shape, self._inputs)

    @property
    def output_shape(self) -> Any:
        """Shapes of the outputs."""
        return tree.map_structure(lambda t: t.shape, self._outputs)

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs, flat."""
        return [t.node.operation.name if t.node else t.name for t in self._input_tensors]

    @property
    def output_names(self) -> list[str]:
        """Names of the operations that make the outputs, flat."""
        return [t.node.operation.name if t.node else t.name for t in self.outputs]

    def get_config(self) -> dict[str, Any]:
        """The graph; for a subclass with a constructor of its own that constructor's arguments."""
        if _is_graph_class(registry.saved_class(type(self))):
            return functional_config.graph_config(self)
        return super().get_config()

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """The model of a config, with new weights."""
        with registry.CustomObjectScope(custom_objects or {}):
            if "layers" not in config or not _is_graph_class(cls):
                return super().from_config(config)
            inputs, outputs, operations = functional_config.read_graph(config)
            name, trainable = config.get("name"), config.get("trainable", True)
            model = cls(inputs, outputs, name=name, trainable=trainable)
            model._order_as(operations)
            return model

    def _order_as(self, operations: list[Any]) -> None:
        """Keep the order of a file: its weights are listed by it."""
        place = {id(operation): i for i, operation in enumerate(operations)}
        self._layers.sort(key=lambda layer: place.get(id(layer), len(place)))

    def get_build_config(self) -> dict[str, Any] | None:
        """Nothing to say: the graph is built already."""
        return {"input_shape": None}

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Run the graph on `inputs`."""
        values = self._arrange(inputs)
        if mask is not None:
            for value, one in zip(values, tree.flatten(mask), strict=False):
                masks.set_mask(value, one)
        return graph.run(
            self._nodes,
            self._input_tensors,
            self._outputs,
            values,
            lambda node, args, kwargs: _call_node(node, args, kwargs, training),
        )

    def _arrange(self, inputs: Any) -> list[Any]:
        """`inputs` in the order of the model's inputs, with their ranks and dtypes."""
        expected = self._input_tensors
        names = self.input_names
        if isinstance(inputs, dict) and not isinstance(self._inputs, dict):
            values = self._by_name(inputs, names)
        elif isinstance(inputs, dict):
            extra = [key for key in inputs if key not in self._inputs]
            if extra:
                warn(f"inputs {', '.join(map(repr, extra))} are not used by model '{self.name}'")
            missing = [key for key in self._inputs if key not in inputs]
            if missing:
                raise ValueError(
                    f"model '{self.name}' misses inputs {missing}; received keys {sorted(inputs)}"
                )
            values = tree.flatten({key: inputs[key] for key in self._inputs})
        else:
            values = tree.flatten(inputs)
        if len(values) != len(expected):
            raise ValueError(
                f"model '{self.name}' has {len(expected)} input(s) ({', '.join(names)}), "
                f"but {len(values)} were given"
            )
        return [self._fit_input(v, t, n) for v, t, n in zip(values, expected, names, strict=True)]

    def _by_name(self, inputs: dict[str, Any], names: list[str]) -> list[Any]:
        missing = [name for name in names if name not in inputs]
        if missing:
            raise ValueError(
                f"model '{self.name}' has inputs {names}; the dict given has keys {sorted(inputs)}"
            )
        extra = [key for key in inputs if key not in names]
        if extra:
            warn(f"inputs {', '.join(map(repr, extra))} are not used by model '{self.name}'")
        return [inputs[name] for name in names]

    def _fit_input(self, value: Any, expected: KerasTensor, name: str) -> Any:
        if value is None:
            return None
        value = calling.to_tensor(value, None)
        if not hasattr(value, "shape"):
            raise TypeError(
                f"input '{name}' of model '{self.name}' must be an array. Received: {short(value)}"
            )
        mask = masks.get_mask(value)
        shape, wanted = tuple(value.shape), expected.shape
        if len(shape) == len(wanted) + 1 and shape[-1] == 1:
            value = value[..., 0] if not isinstance(value, KerasTensor) else value.squeeze(-1)
        elif (
            len(shape) == len(wanted) - 1 and wanted[-1] == 1 and not isinstance(value, KerasTensor)
        ):
            value = value[..., None]
        shape = tuple(value.shape)
        if len(shape) != len(wanted) or any(
            w is not None and s is not None and w != s for s, w in zip(shape, wanted, strict=True)
        ):
            raise ValueError(
                f"input '{name}' of model '{self.name}' has shape {shape}, expected {wanted}"
                f"{_channel_hint(shape, wanted)}"
            )
        if not isinstance(value, KerasTensor) and value.dtype != dtypes.held(expected.dtype):
            value = value.astype(dtypes.held(expected.dtype))
            masks.set_mask(value, mask)
        return value


def adopt(model: Any, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any) -> None:
    """Set `model` up as the graph from `inputs` to `outputs`."""
    name = name or naming.auto_name(
        "functional" if type(model) is Functional else type(model).__name__
    )
    Layer.__init__(model, name=name, **kwargs)
    Trainable.__init__(model)
    model.autocast = False
    for what, nest in (("inputs", inputs), ("outputs", outputs)):
        for tensor in tree.flatten(nest):
            if not isinstance(tensor, KerasTensor):
                raise ValueError(
                    f"`{what}` of a functional model must be symbolic tensors (from `Input`, or "
                    "a layer "
                    f"called on one). Received: {short(tensor)}"
                )
    model._inputs, model._outputs = inputs, outputs
    model._input_tensors = tree.flatten(inputs)
    model._nodes = graph.order(model._input_tensors, tree.flatten(outputs))
    operations = {id(node.operation): node.operation for node in model._nodes}.values()
    model._layers = [operation for operation in operations if isinstance(operation, Layer)]
    _check_unique([operation.name for operation in operations], name)
    model.built = True


def _is_graph_class(cls: type) -> bool:
    """Whether the constructor takes a graph, as that of `Model(inputs, outputs)` does."""
    names = list(inspect.signature(cls.__init__).parameters)[1:3]
    return names in (["inputs", "outputs"], ["args", "kwargs"])


def _check_unique(names: list[str], model_name: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"names must be unique in model '{model_name}'; used more than once: {twice}"
        )


def _call_node(
    node: Node, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool | None
) -> Any:
    operation = node.operation
    if isinstance(operation, Layer):
        return operation(*args, **kwargs)
    return operation.call(*args, **kwargs)


def _channel_hint(shape: tuple[Any, ...], wanted: tuple[Any, ...]) -> str:
    if len(shape) == len(wanted) == 4 and (shape[2], shape[3], shape[1]) == tuple(wanted[1:]):
        return "; the data look channels-first: np.moveaxis(x, 1, -1)"
    if len(shape) == len(wanted) - 1:
        return "; a missing batch axis (x[None]) or channel axis (x[..., None])?"
    return ""


model_module.FUNCTIONAL.append(Functional)
