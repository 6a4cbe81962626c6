"""Function: the graph between symbolic tensors, as one operation to apply to new values."""

from __future__ import annotations

from typing import Any

from cornu.core import dtypes, graph, tree
from cornu.core.symbolic import KerasTensor, Node
from cornu.ops.operation import Operation
from cornu.ops.promotion import as_array


class Function(Operation):
    """Computes symbolic outputs anew for other values of symbolic inputs.

    Like a functional model, but it is no layer: it holds no weights and cannot be trained.

    Args:
        inputs: symbolic tensor, or a nest of them.
        outputs: symbolic tensor, or a nest of them, that depends on nothing but `inputs`.
        name: name in graphs; default `function`, `function_1`, ...

    Raises:
        ValueError: if the outputs need a tensor that is not among the inputs.
        TypeError: if an input or output is not symbolic.

    Example:
        >>> import cornu
        >>> x = cornu.KerasTensor((None, 2))
        >>> double = cornu.Function(x, x + x)
        >>> double(cornu.ops.ones((1, 2))).tolist()
        [[2.0, 2.0]]
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(structure):
                if not isinstance(x, KerasTensor):
                    raise TypeError(
                        f"{what} of a Function must be symbolic tensors. Received: "
                        f"{type(x).__name__}"
                    )
        self._given_inputs, self._given_outputs = inputs, outputs
        self._nodes = graph.order(self.inputs, self.outputs)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, flat."""
        return tree.flatten(self._given_inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, flat."""
        return tree.flatten(self._given_outputs)

    @property
    def operations(self) -> list[Operation]:
        """What computes, from the inputs to the outputs; each once."""
        found = {id(node.operation): node.operation for node in self._nodes if node.inputs}
        return list(found.values())

    def call(self, inputs: Any) -> Any:
        """The outputs for `inputs`, arrays nested like the symbolic inputs.

        Raises:
            ValueError: if the nesting or a shape is another.
        """
        values = self._checked(inputs)
        return graph.run(self._nodes, self.inputs, self._given_outputs, values, _call)

    def _checked(self, inputs: Any) -> list[Any]:
        if tree.structure_of(inputs) != tree.structure_of(self._given_inputs):
            raise ValueError(
                f"function '{self.name}' takes inputs nested as "
                f"{tree.map_structure(lambda x: x.name, self._given_inputs)}. Received: "
                f"{tree.structure_of(inputs)}"
            )
        values = []
        for x, given in zip(self.inputs, tree.flatten(inputs), strict=True):
            value = as_array(given)
            fits = value.ndim == x.ndim and all(
                want in (None, size) for want, size in zip(x.shape, value.shape, strict=True)
            )
            if not fits:
                raise ValueError(
                    f"function '{self.name}': input '{x.name}' has the shape {x.shape}. "
                    f"Received: an array of shape {value.shape}"
                )
            values.append(value.astype(dtypes.held(x.dtype)))
        return values

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shapes of the outputs for inputs of these shapes, nested like the inputs."""
        shapes = [input_shape] if tree.is_shape(input_shape) else _shapes_in(input_shape)
        leaves = [KerasTensor(s, x.dtype) for s, x in zip(shapes, self.inputs, strict=True)]
        spec = self.compute_output_spec(tree.pack_sequence_as(self._given_inputs, leaves))
        return tree.map_structure(lambda x: x.shape, spec)


def _shapes_in(structure: Any) -> list[Any]:
    """The shapes in a nest of them, in the order of `tree.flatten`."""
    if tree.is_shape(structure):
        return [structure]
    parts = (
        [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else structure
    )
    return [shape for part in parts for shape in _shapes_in(part)]


def _call(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return node.operation(*args, **kwargs)


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The symbolic tensors from which `tensor` comes: those of `Input`, or made by no operation.

    Args:
        tensor: symbolic tensor.

    Returns:
        A list, in the order in which operations take them; `[tensor]` for an input itself.

    Raises:
        TypeError: if `tensor` is not symbolic.
    """
    if not isinstance(tensor, KerasTensor):
        raise TypeError(f"tensor must be symbolic. Received: {type(tensor).__name__}")
    found: dict[int, KerasTensor] = {}
    seen: set[int] = set()
    pending = [tensor]
    while pending:
        x = pending.pop()
        if x.node is None or not x.node.inputs:
            found[id(x)] = x
        elif id(x.node) not in seen:
            seen.add(id(x.node))
            pending.extend(reversed(x.node.inputs))
    return list(found.values())
