"""Operation: anything that can stand in a graph of symbolic calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cornu.core import naming, remat, symbolic, tree
from cornu.serialization.configurable import Configurable


class Operation(Configurable):
    """Base of layers, and of ops that users write as classes.

    Args:
        name: name in graphs; default: one made from the class name.
    """

    def __init__(self, name: str | None = None) -> None:
        name = name or naming.auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name must be a string without '/'. Received: name={name!r}")
        self.name = name
        self._inbound_nodes: list[symbolic.Node] = []
        self._remat = remat.current_scope()

    @property
    def inbound_nodes(self) -> list[symbolic.Node]:
        """The calls of this operation on symbolic tensors, in order."""
        return self._inbound_nodes

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute, or note the call in the graph where a symbolic tensor is among the arguments."""
        if symbolic.any_symbolic(args, kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.rematerialized_call(self.call, *args, **kwargs)(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `call`")

    def rematerialized_call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """`fn`, made to compute its inner values again where a `RematScope` wants it.

        Args:
            fn: the `call` of this operation.
            *args: what it is going to be called with.
            **kwargs: the same.
        """
        del args, kwargs
        return fn if self._remat is None else self._remat.applied(self.name, fn)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Infer the outputs and note the call in the graph."""
        outputs = self.compute_output_spec(*args, **kwargs)
        return symbolic.record(self, args, kwargs, outputs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs for symbolic inputs."""
        return symbolic.infer(self.call, args, kwargs)

    @property
    def input(self) -> Any:
        """The symbolic input of the first call."""
        node = self._first_node("input")
        inputs = node.inputs
        return inputs[0] if len(inputs) == 1 else inputs

    @property
    def output(self) -> Any:
        """The symbolic output of the first call."""
        outputs = self._first_node("output").outputs
        leaves = tree.flatten(outputs)
        return leaves[0] if len(leaves) == 1 else outputs

    def _first_node(self, what: str) -> symbolic.Node:
        if not self.inbound_nodes:
            raise AttributeError(
                f"'{self.name}' has no `{what}`: it has not been called on a symbolic tensor"
            )
        return self.inbound_nodes[0]


class FunctionOperation(Operation):
    """One symbolic call of a function of `ops`; what a saved graph names by the op's own name."""

    def __init__(self, function: Callable[..., Any], op_name: str, home: str = "") -> None:
        super().__init__(name=naming.auto_name(op_name))
        self.function = function
        self.op_name = op_name
        self.home = home

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself."""
        return self.function(*args, **kwargs)

    def fresh(self) -> FunctionOperation:
        """The same operation with no calls noted, for a copy of a graph."""
        return FunctionOperation(self.function, self.op_name, self.home)
