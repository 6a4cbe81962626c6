"""Functional models as configs and back: the graph as a list of operations with their calls.

Each call holds its arguments as given, a symbolic one as `keras_history`: the operation that made
it, the number of that operation's call within this model, and the place among its outputs.
"""

from __future__ import annotations

from typing import Any

from cornu.core import naming
from cornu.core.symbolic import KerasTensor, Node
from cornu.errors import short
from cornu.layers.base.layer import Layer
from cornu.layers.core.input_layer import InputLayer
from cornu.models import op_records
from cornu.ops.operation import FunctionOperation, Operation
from cornu.serialization import codec

Place = tuple[str, int, int]


# -- writing ---------------------------------------------------------------------------------------


def graph_config(model: Any) -> dict[str, Any]:
    """Keras's config of a functional model."""
    writer = _Writer(model)
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": writer.layers(),
        "input_layers": writer.places(model._inputs),
        "output_layers": writer.places(model._outputs),
    }


class _Writer:
    def __init__(self, model: Any) -> None:
        self.operations: dict[int, Any] = {}
        self.nodes: dict[int, list[Node]] = {}
        self.inputs: dict[int, Place] = {}
        self.made_inputs: list[dict[str, Any]] = []
        for tensor in model._input_tensors:
            self._note_input(tensor)
        produced = {id(t.node) for t in model._input_tensors}
        for node in model._nodes:
            operation = node.operation
            if id(node) in produced and not isinstance(operation, InputLayer):
                continue  # the model begins behind this call
            self.operations[id(operation)] = operation
            self.nodes.setdefault(id(operation), []).append(node)
        for nodes in self.nodes.values():
            nodes.sort(key=lambda node: node.position)

    def _note_input(self, tensor: KerasTensor) -> None:
        """A place for an input that some operation made: an input layer of its own."""
        if tensor.node is not None and isinstance(tensor.node.operation, InputLayer):
            return
        name = naming.auto_name("input_layer")
        layer = InputLayer(batch_shape=tensor.shape, dtype=tensor.dtype, name=name)
        self.inputs[id(tensor)] = (name, 0, 0)
        record = codec.serialize(layer)
        self.made_inputs.append({**record, "name": name, "inbound_nodes": []})

    def layers(self) -> list[dict[str, Any]]:
        return [*self.made_inputs, *map(self._operation, self.operations.values())]

    def _operation(self, operation: Any) -> dict[str, Any]:
        nodes = self.nodes[id(operation)]
        if isinstance(operation, FunctionOperation):
            calls = [op_records.split(operation, node.args, node.kwargs) for node in nodes]
            record = op_records.record(operation, self._encode(calls[0].config))
            arguments = [(call.args, call.kwargs) for call in calls]
        else:
            record = codec.serialize(operation)
            arguments = [(node.args, node.kwargs) for node in nodes]
        record["name"] = operation.name
        record["inbound_nodes"] = [
            {"args": self._encode(list(args)), "kwargs": self._encode(kwargs)}
            for (args, kwargs), node in zip(arguments, nodes, strict=True)
            if not isinstance(node.operation, InputLayer)
        ]
        return record

    def _encode(self, value: Any) -> Any:
        if isinstance(value, KerasTensor):
            config = {"shape": list(value.shape), "dtype": value.dtype}
            history = list(self._place(value))
            return {
                "class_name": "__keras_tensor__",
                "config": {**config, "keras_history": history},
            }
        if isinstance(value, list | tuple):
            return [self._encode(item) for item in value]
        if isinstance(value, dict):
            return {key: self._encode(item) for key, item in value.items()}
        return codec.encode(value)

    def _place(self, tensor: KerasTensor) -> Place:
        if id(tensor) in self.inputs:
            return self.inputs[id(tensor)]
        assert tensor.node is not None
        operation = tensor.node.operation
        number = next(i for i, n in enumerate(self.nodes[id(operation)]) if n is tensor.node)
        return operation.name, number, tensor.index

    def places(self, structure: Any) -> Any:
        if isinstance(structure, KerasTensor):
            return list(self._place(structure))
        if isinstance(structure, dict):
            return {key: self.places(item) for key, item in structure.items()}
        return [self.places(item) for item in structure]


# -- reading ---------------------------------------------------------------------------------------


def read_graph(config: dict[str, Any]) -> tuple[Any, Any, list[Any]]:
    """Symbolic inputs and outputs of a config, and its operations in order.

    Raises:
        ValueError: if the config refers to what it does not hold.
    """
    reader = _Reader()
    records = config.get("layers")
    if not isinstance(records, list):
        raise ValueError("the config of a functional model lacks its 'layers'")
    for record in records:
        reader.make(record)
    reader.run()
    inputs = reader.tensors(config.get("input_layers"), "input_layers")
    outputs = reader.tensors(config.get("output_layers"), "output_layers")
    return inputs, outputs, list(reader.operations.values())


class _Waiting(Exception):
    """A call needs the outcome of one that has not been made yet."""


class _Reader:
    def __init__(self) -> None:
        self.operations: dict[str, Any] = {}
        self.made: dict[str, list[list[Any]]] = {}  # outputs of each call, by name
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def make(self, record: Any) -> None:
        """Make one operation; its calls are noted for `run`."""
        if not isinstance(record, dict) or not isinstance(record.get("config"), dict):
            raise ValueError("an entry of 'layers' is no record of a layer")
        operation = op_records.find(record) or codec.deserialize(record)
        name = record.get("name", getattr(operation, "name", None))
        if not isinstance(name, str) or name in self.operations:
            raise ValueError(f"layer name {short(name)} is missing or used twice")
        if not isinstance(operation, op_records.PlainOp | Operation):
            raise ValueError(f"{short(name)} is no layer, but {short(type(operation).__name__)}")
        self.operations[name] = operation
        self.made[name] = []
        if isinstance(operation, InputLayer):
            self.made[name].append([operation.output])
            return
        for call in record.get("inbound_nodes") or ():
            if not isinstance(call, dict):
                raise ValueError(f"a call of layer {short(name)} is no record")
            self.calls.append((name, call))

    def run(self) -> None:
        """Make the calls, each once its arguments are there, those of a layer in their order."""
        pending = self.calls
        while pending:
            later: list[tuple[str, dict[str, Any]]] = []
            stopped: set[str] = set()
            for name, call in pending:
                try:
                    if name in stopped:
                        raise _Waiting
                    self._call(name, call)
                except _Waiting:
                    stopped.add(name)
                    later.append((name, call))
            if len(later) == len(pending):
                raise ValueError(f"layer {short(later[0][0])} needs a tensor that nothing makes")
            pending = later

    def _call(self, name: str, call: dict[str, Any]) -> None:
        args = self._decode(call.get("args", []))
        kwargs = self._decode(call.get("kwargs", {}))
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise ValueError(f"a call of layer {short(name)} has no arguments")
        operation = self.operations[name]
        if isinstance(operation, op_records.PlainOp):
            outputs = operation.call(args, kwargs)
        else:
            # Keras notes `training=False` by itself; its models go by the call around them then.
            kwargs = {k: v for k, v in kwargs.items() if not (k == "training" and v is False)}
            if not isinstance(operation, Layer):
                kwargs = {k: v for k, v in kwargs.items() if v is not None}
            outputs = operation(*args, **_accepted(operation, kwargs))
        self.made[name].append(_flat(outputs))

    def _decode(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._decode(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("class_name") == "__keras_tensor__":
            return self._tensor(value.get("config", {}).get("keras_history"))
        if "class_name" in value and "config" in value:
            return codec.decode(value)
        return {key: self._decode(item) for key, item in value.items()}

    def _tensor(self, place: Any) -> KerasTensor:
        if not _is_place(place) or place[0] not in self.made:
            raise ValueError(f"the config refers to a tensor {short(place)}, which it lacks")
        name, number, index = place
        if number >= len(self.made[name]):
            raise _Waiting
        outputs = self.made[name][number]
        if not 0 <= index < len(outputs) or number < 0:
            raise ValueError(f"layer {short(name)} has no output {index} in its call {number}")
        return outputs[index]

    def tensors(self, structure: Any, what: str) -> Any:
        """The tensors of `input_layers` or `output_layers`, nested as there."""
        if _is_place(structure):
            try:
                return self._tensor(structure)
            except _Waiting:
                raise ValueError(f"'{what}' names a call that there is not") from None
        if isinstance(structure, dict):
            return {key: self.tensors(item, what) for key, item in structure.items()}
        if isinstance(structure, list) and structure:
            return [self.tensors(item, what) for item in structure]
        raise ValueError(f"'{what}' of the config is {short(structure)}")


def _is_place(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 3
        and isinstance(value[0], str)
        and type(value[1]) is int
        and type(value[2]) is int
    )


def _flat(outputs: Any) -> list[Any]:
    if isinstance(outputs, list | tuple):
        return [leaf for item in outputs for leaf in _flat(item)]
    if isinstance(outputs, dict):
        return [leaf for key in sorted(outputs) for leaf in _flat(outputs[key])]
    return [outputs]


def _accepted(operation: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Without `mask=None` and `training=None`, which Keras notes and which say nothing."""
    return {k: v for k, v in kwargs.items() if v is not None or k not in ("mask", "training")}
