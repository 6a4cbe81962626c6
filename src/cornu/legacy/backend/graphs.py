"""Running and differentiating parts of a model's graph: `K.function`, `K.gradients`."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes, graph, tree
from cornu.core.scope import Scope
from cornu.core.symbolic import KerasTensor, Node, record
from cornu.errors import short
from cornu.ops.function import get_source_inputs
from cornu.ops.operation import Operation


class Function:
    """Computes symbolic outputs from arrays for symbolic inputs.

    Args:
        inputs: symbolic tensors; `K.learning_phase()` among them stands for a flag, 1 to train.
        outputs: a list of symbolic tensors, or one.
        updates: must be empty: `K.update` acts at once.
        name: not used.
        **session_kwargs: must be empty: there is no session that could take them.

    Raises:
        NotImplementedError: if there are updates or arguments for a session.
    """

    def __init__(
        self,
        inputs: Sequence[Any],
        outputs: Any,
        updates: Any = None,
        name: str | None = None,
        **session_kwargs: Any,
    ) -> None:
        if updates:
            raise NotImplementedError(
                "K.function takes no updates: `K.update` acts at once. To train, use `model.fit` "
                "or `model.train_on_batch`, or an optimizer's `stateless_apply` with `jax.grad`"
            )
        if session_kwargs:
            raise NotImplementedError(
                f"K.function has no TensorFlow session to pass {', '.join(session_kwargs)} to: "
                "list every tensor that is fed among `inputs`, and all that is wanted in `outputs`"
            )
        self.inputs, self.outputs, self.name = list(inputs), outputs, name
        self._tensors = [x for x in self.inputs if isinstance(x, KerasTensor)]
        self._nodes = graph.order(self._tensors, tree.flatten(outputs))

    def __call__(self, inputs: Sequence[Any]) -> Any:
        """NumPy arrays of the outputs for `inputs`, in the order of the declared ones."""
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"this function has {len(self.inputs)} input(s), but {len(inputs)} were given"
            )
        pairs = list(zip(self.inputs, inputs, strict=True))
        training = any(bool(value) for x, value in pairs if not isinstance(x, KerasTensor))
        values = [
            jnp.asarray(value, dtypes.held(x.dtype))
            for x, value in pairs
            if isinstance(x, KerasTensor)
        ]
        with Scope(training=training):
            results = graph.run(self._nodes, self._tensors, self.outputs, values, _call_node)
        return tree.map_structure(np.asarray, results)


def function(inputs: Sequence[Any], outputs: Any, updates: Any = None, **kwargs: Any) -> Function:
    """A `Function` from symbolic `inputs` to `outputs`."""
    return Function(inputs, outputs, updates, **kwargs)


def gradients(loss: KerasTensor, variables: Any) -> list[KerasTensor]:
    """Symbolic gradients of `loss` (summed, if it is no scalar) with respect to symbolic tensors.

    Args:
        loss: symbolic tensor.
        variables: symbolic tensors that it was computed from: inputs or outputs of layers.

    Raises:
        TypeError: if one of them is not symbolic: weights have `jax.grad` and `stateless_call`.
    """
    targets = variables if isinstance(variables, list | tuple) else [variables]
    for x in (loss, *targets):
        if not isinstance(x, KerasTensor):
            raise TypeError(
                "K.gradients is for symbolic tensors: a model's inputs and outputs of its layers. "
                f"Received: {short(x)}. For gradients of weights, use `jax.grad` of a function "
                "that calls `model.stateless_call`."
            )
    sources = get_source_inputs(loss)
    operation = _Gradient(loss, list(targets), sources)
    outputs = [KerasTensor(x.shape, x.dtype) for x in targets]
    return record(operation, (sources,), {}, outputs)


class _Gradient(Operation):
    def __init__(
        self, loss: KerasTensor, targets: list[KerasTensor], sources: list[KerasTensor]
    ) -> None:
        super().__init__(name=None)
        self.loss, self.targets, self.sources = loss, targets, sources

    def call(self, values: list[Any]) -> list[Any]:
        """Gradients at the targets, for values of the graph's inputs."""
        nodes = graph.order(self.sources, [self.loss, *self.targets])
        points = graph.run(nodes, self.sources, self.targets, values, _call_node)

        def loss_from(target: KerasTensor, point: Any) -> Any:
            # The target's value is given, so that what comes before it is constant.
            known = [*self.sources, target]
            return jnp.sum(graph.run(nodes, known, self.loss, [*values, point], _call_node))

        return [
            jax.grad(functools.partial(loss_from, target))(point)
            for target, point in zip(self.targets, points, strict=True)
        ]


def _call_node(node: Node, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return node.operation(*args, **kwargs)
