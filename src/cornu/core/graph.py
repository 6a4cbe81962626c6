"""Graphs of nodes: put them in order, run them on new values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cornu.core import tree
from cornu.core.symbolic import KerasTensor, Node


class DisconnectedError(ValueError):
    """An output cannot be computed from the given inputs."""


def order(inputs: Sequence[KerasTensor], outputs: Sequence[KerasTensor]) -> list[Node]:
    """The nodes between inputs and outputs, each after those it needs; input nodes included.

    Deeper nodes (farther from the outputs) come first, and among equals those met first when
    walking back from the outputs.

    Raises:
        DisconnectedError: if an output needs a tensor that does not come from `inputs`.
    """
    given = {id(tensor) for tensor in inputs}
    finished: list[Node] = []
    seen: set[int] = set()

    def visit(tensor: KerasTensor, needed_by: Any) -> None:
        node = tensor.node
        if node is None:
            if id(tensor) in given:
                return
            raise DisconnectedError(f"tensor {tensor.name} {tensor.shape} was made by no layer")
        if id(node) in seen:
            return
        seen.add(id(node))
        if id(tensor) not in given:
            if not node.inputs:
                raise DisconnectedError(
                    f"the outputs need Input '{node.operation.name}' (used by '{needed_by}'), "
                    "which is not among the model's inputs: pass that very Input object, or "
                    "add it to `inputs`"
                )
            for source in node.inputs:
                visit(source, node.operation.name)
        finished.append(node)

    for tensor in (*outputs, *inputs):
        visit(tensor, "outputs")
    return _by_depth(finished, given)


def _by_depth(nodes: list[Node], given: set[int]) -> list[Node]:
    depth: dict[int, int] = {}
    for node in reversed(nodes):
        mine = depth.setdefault(id(node), 0)
        if any(id(t) in given for t in tree.flatten(node.outputs)):
            continue
        for source in node.inputs:
            if source.node is not None:
                depth[id(source.node)] = max(depth.get(id(source.node), 0), mine + 1)
    return sorted(nodes, key=lambda node: -depth[id(node)])


def run(
    nodes: Sequence[Node],
    inputs: Sequence[KerasTensor],
    outputs: Any,
    values: Sequence[Any],
    call: Callable[[Node, tuple[Any, ...], dict[str, Any]], Any],
) -> Any:
    """Compute `outputs` (a nest) for `values` of `inputs`; `call` runs one node."""
    known: dict[int, Any] = {id(t): value for t, value in zip(inputs, values, strict=True)}

    def fill(x: Any) -> Any:
        return known[id(x)] if isinstance(x, KerasTensor) else x

    for node in nodes:
        results = tree.flatten(node.outputs)
        if all(id(t) in known for t in results):
            continue
        args, kwargs = tree.map_structure(fill, (node.args, node.kwargs))
        computed = call(node, args, kwargs)
        for tensor, value in zip(results, tree.flatten(computed), strict=True):
            known[id(tensor)] = value
    return tree.map_structure(fill, outputs)
