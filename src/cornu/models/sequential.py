"""Sequential: a plain stack of layers."""

from __future__ import annotations

from typing import Any

from cornu.core import tree
from cornu.core.symbolic import KerasTensor
from cornu.errors import short
from cornu.layers.base import calling
from cornu.layers.base.layer import Layer
from cornu.layers.core.input_layer import InputLayer
from cornu.models.functional import Functional
from cornu.models.model import Model
from cornu.serialization import codec
from cornu.serialization.registry import CustomObjectScope


class Sequential(Model):
    """Layers called one after the other.

    Args:
        layers: the layers, first to last; more can follow with `add`.
        trainable: whether gradients update the weights.
        name: default `sequential`, `sequential_1`, ...

    The weights are made when the input's shape is known: from an `Input`, from `input_shape` or
    `input_dim` of the first layer, from `build`, or from the first data.
    """

    untracked = Model.untracked | {"_chain", "_graph"}

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(trainable=trainable, name=name)
        self._stack: list[Layer] = []
        self._graph: Functional | None = None
        # What each layer gave when it was put on top, so that adding the next calls none again.
        self._chain: list[Any] = []
        for layer in layers or ():
            self.add(layer, rebuild=False)
        self._rebuild()

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Put `layer` on top.

        Raises:
            TypeError: if it is no layer.
            ValueError: if its name is taken.
        """
        if (
            isinstance(layer, KerasTensor)
            and layer.node
            and isinstance(layer.node.operation, InputLayer)
        ):
            layer = layer.node.operation
        if isinstance(layer, type) and issubclass(layer, Layer):
            raise TypeError(f"`add` takes a layer, not its class: write {layer.__name__}(...)")
        if not isinstance(layer, Layer):
            raise TypeError(f"`add` takes a layer. Received: {short(layer)}")
        if not self._stack and not isinstance(layer, InputLayer) and layer._batch_input_shape:
            dtype = layer.input_dtype if not getattr(layer, "takes_ids", False) else "int32"
            self._stack.append(InputLayer(batch_shape=layer._batch_input_shape, dtype=dtype))
        elif not self._stack and isinstance(layer, Functional):
            self._stack.append(
                InputLayer(batch_shape=layer.inputs[0].shape, dtype=layer.inputs[0].dtype)
            )
        elif self._stack and isinstance(layer, InputLayer):
            raise ValueError(f"an Input can only stand first in a Sequential (model '{self.name}')")
        if any(layer.name == other.name for other in self._stack):
            raise ValueError(f"a layer named '{layer.name}' is already in model '{self.name}'")
        self._stack.append(layer)
        if rebuild:
            self._rebuild()
        else:
            self.built = False
            self._graph = None

    def pop(self, rebuild: bool = True) -> Layer | None:
        """Take the last layer off and return it."""
        if not self._stack:
            return None
        layer = self._stack.pop()
        del self._chain[len(self.layers) :]
        self.built = False
        self._graph = None
        if rebuild:
            self._rebuild()
        return layer

    def _rebuild(self) -> None:
        self.built = False
        self._graph = None
        if self._stack and isinstance(self._stack[0], InputLayer) and len(self._stack) > 1:
            self.build()

    @property
    def layers(self) -> list[Layer]:
        """The layers without the input layer."""
        return [layer for layer in self._stack if not isinstance(layer, InputLayer)]

    def build(self, input_shape: Any = None) -> None:
        """Make all weights for inputs of this shape (with the batch axis)."""
        if not self._stack:
            raise ValueError(f"Sequential model '{self.name}' has no layers: `add` some first")
        if isinstance(self._stack[0], InputLayer):
            start = self._stack[0]
        elif input_shape is None:
            raise ValueError(
                f"Sequential model '{self.name}' does not know its input's shape: start with "
                "`Input(shape)`, or call `build(input_shape)`"
            )
        else:
            start = InputLayer(batch_shape=tuple(input_shape), dtype=self._input_dtype())
            self._stack.insert(0, start)
            self._chain.clear()
        x: Any = self._chain[-1] if self._chain else start.output
        for layer in self.layers[len(self._chain) :]:
            try:
                x = layer(x)
            except NotImplementedError:
                self._stack.remove(start) if input_shape is not None else None
                return
            self._chain.append(x)
        self._graph = Functional(start.output, x)
        self.built = True

    def _input_dtype(self) -> str:
        first = self.layers[0]
        return "int32" if getattr(first, "takes_ids", False) else first.input_dtype

    def build_for(self, *args: Any, **kwargs: Any) -> None:
        """Build for the given inputs, keeping the batch size free."""
        if self.built or not self._stack:
            return
        inputs = args[0] if args else kwargs["inputs"]
        if not calling.is_tensor(inputs):
            Model.build_for(self, *args, **kwargs)
            return
        self.build((None, *inputs.shape[1:]))

    def call(
        self, inputs: Any, training: bool | None = None, mask: Any = None, **kwargs: Any
    ) -> Any:
        """Call the layers one after the other."""
        if not self._stack:
            raise ValueError(f"Sequential model '{self.name}' has no layers: `add` some first")
        if self._graph is not None:
            return self._graph.call(inputs, training=training, mask=mask)
        for layer in self.layers:
            inputs = layer(inputs)
        return inputs

    def _known(self, what: str) -> Functional:
        if self._graph is None:
            raise AttributeError(
                f"Sequential model '{self.name}' is not built yet, so it has no `{what}`: start "
                "it with "
                "`Input(shape)`, or call `build(input_shape)`"
            )
        return self._graph

    def graph_outputs(self) -> Any:
        """The symbolic output, once built."""
        return self._graph.output if self._graph is not None else None

    @property
    def inputs(self) -> list[KerasTensor]:
        """Symbolic inputs."""
        return self._known("inputs").inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """Symbolic outputs."""
        return self._known("outputs").outputs

    @property
    def input(self) -> Any:
        """Symbolic input."""
        return self._known("input").input

    @property
    def output(self) -> Any:
        """Symbolic output."""
        return self._known("output").output

    @property
    def input_shape(self) -> Any:
        """Shape of the input."""
        return self._known("input_shape").input_shape

    @property
    def output_shape(self) -> Any:
        """Shape of the output."""
        return self._known("output_shape").output_shape

    @property
    def input_dtype(self) -> str:
        """Dtype that float inputs are cast to."""
        return self.compute_dtype

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return self._known("input_names").input_names

    @property
    def output_names(self) -> list[str]:
        """Names of the layers that make the outputs."""
        return self._known("output_names").output_names

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output for inputs of the given shape."""
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return tree.map_structure(lambda d: d, tuple(input_shape))

    def get_config(self) -> dict[str, Any]:
        """Layers and name, from which `from_config` makes an equal model."""
        config: dict[str, Any] = {"name": self.name, "trainable": self.trainable}
        config["dtype"] = codec.encode(self.dtype_policy)
        config["layers"] = [codec.serialize(layer) for layer in self._stack]
        if self._graph is not None:
            config["build_input_shape"] = list(self._graph.input_shape)
        return config

    def get_build_config(self) -> dict[str, Any] | None:
        """The input's shape, once it is known."""
        if self._graph is None:
            return None
        return {"input_shape": calling.shapes_as_lists(self._graph.input_shape)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Sequential:
        """The model of a config, with new weights."""
        with CustomObjectScope(custom_objects or {}):
            model = cls(name=config.get("name"))
            for layer in config.get("layers", ()):
                model.add(codec.decode(layer), rebuild=False)
        model._rebuild()
        if not model.built and config.get("build_input_shape") and model._stack:
            model.build(tuple(config["build_input_shape"]))
        return model
