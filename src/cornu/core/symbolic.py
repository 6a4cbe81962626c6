"""Symbolic tensors: shapes and dtypes that flow through layers and ops before there is data.

`infer` runs the very function that will compute, abstractly (`jax.eval_shape`), so no shape rule is
written twice. Unknown sizes are stood in for by a probe size; a second run with another probe tells
which output sizes depend on it. `apply` records what was called, which is how functional models
come about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax

from cornu.core import dtypes, naming, tree
from cornu.core.operators import TABLE, Operators
from cornu.core.scope import Scope
from cornu.core.variable import Variable

# Highly composite, so that reshapes which split an unknown size by a small factor still trace.
_PROBES = (720, 1440, 5040, 10080, 2520)


class KerasTensor(Operators):
    """A tensor that has a shape and a dtype but no value yet.

    Args:
        shape: sizes; None where unknown.
        dtype: name of the dtype.
        sparse, ragged: accepted for Keras's sake; only False is supported.
        record_history: unused; kept for the signature.
        name: shown in messages.
    """

    def __init__(
        self,
        shape: Any,
        dtype: Any = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        del record_history, kwargs
        self.shape: tuple[int | None, ...] = tuple(shape)
        self.dtype = dtypes.standardize(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.name = name or naming.auto_name("keras_tensor")
        self.node: Node | None = None
        self.index = 0

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def _keras_history(self) -> tuple[Any, int, int]:
        if self.node is None:
            return (None, 0, 0)
        return (self.node.operation, self.node.position, self.index)

    def reshape(self, newshape: Any) -> Any:
        """`ops.reshape` of it."""
        return TABLE["reshape"](self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """`ops.squeeze` of it."""
        return TABLE["squeeze"](self, axis)

    def __bool__(self) -> bool:
        raise TypeError(
            "a symbolic tensor has no value yet, so it cannot decide a Python `if` or `while`: use "
            "`ops.where` or `ops.cond`, or put the code into a Layer's `call`."
        )

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(
            "a symbolic tensor has no value yet, so it cannot become a NumPy array: use functions "
            "of `ops` instead of NumPy's, or put the code into a Layer's `call`."
        )

    def __float__(self) -> float:
        raise TypeError("a symbolic tensor has no value yet; it cannot become a float.")

    def __int__(self) -> int:
        raise TypeError("a symbolic tensor has no value yet; it cannot become an int.")

    def __iter__(self) -> Any:
        raise TypeError("iterating over a symbolic tensor is not possible; use `ops.unstack`.")

    def __len__(self) -> int:
        raise TypeError("a symbolic tensor has no length yet; read its `shape`.")

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


class Node:
    """One call of an operation: what went in, what came out."""

    def __init__(
        self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.outputs = outputs
        nodes: list[Node] = operation.inbound_nodes
        self.position = len(nodes)
        nodes.append(self)
        for index, tensor in enumerate(tree.flatten(outputs)):
            if isinstance(tensor, KerasTensor):
                tensor.node = self
                tensor.index = index

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic tensors among the arguments, in order."""
        return [x for x in tree.flatten((self.args, self.kwargs)) if isinstance(x, KerasTensor)]


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is symbolic."""
    return isinstance(x, KerasTensor)


def any_symbolic(*structures: Any) -> bool:
    """Whether a symbolic tensor is anywhere in the arguments."""
    for structure in structures:
        if isinstance(structure, KerasTensor):
            return True
        if isinstance(structure, list | tuple):
            if any_symbolic(*structure):
                return True
        elif isinstance(structure, dict) and any_symbolic(*structure.values()):
            return True
    return False


def infer(
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    training: bool | None = None,
) -> Any:
    """The outputs of `fn` as symbolic tensors, without computing anything.

    Sizes unknown in the inputs are unknown in the outputs where they depend on them. A size
    computed as `min(unknown, 5)` counts as 5.
    """
    leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=lambda x: x is None)
    symbolic = [i for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]
    known = {d for i in symbolic for d in leaves[i].shape}
    probes = [p for p in _PROBES if p not in known][:2]

    def run(probe: int) -> Any:
        def call(arrays: list[Any]) -> Any:
            filled = list(leaves)
            for i, array in zip(symbolic, arrays, strict=True):
                filled[i] = array
            with Scope(abstract=True, training=training, probe=probe) as scope:
                pending = [leaves[i] for i in symbolic]
                for tensor, array in zip(pending, arrays, strict=True):
                    mask = getattr(tensor, "_keras_mask", None)
                    if mask is not None:
                        scope.masks[id(array)] = (
                            array,
                            jax.numpy.ones(_fill(mask.shape, probe), bool),
                        )
                full_args, full_kwargs = jax.tree.unflatten(structure, filled)
                return jax.tree.map(_as_array, fn(*full_args, **full_kwargs))

        specs = [
            jax.ShapeDtypeStruct(_fill(leaves[i].shape, probe), dtypes.held(leaves[i].dtype))
            for i in symbolic
        ]
        return jax.eval_shape(call, specs)

    first = run(probes[0])
    if None not in known:
        return jax.tree.map(lambda out: KerasTensor(out.shape, out.dtype), first)
    second = run(probes[1])

    def merge(a: Any, b: Any) -> KerasTensor:
        shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
        return KerasTensor(shape, a.dtype)

    return jax.tree.map(merge, first, second)


def _as_array(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else jax.numpy.asarray(x)


def _fill(shape: tuple[int | None, ...], probe: int) -> tuple[int, ...]:
    return tuple(probe if dim is None else dim for dim in shape)


def record(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
    """Note that `operation` made `outputs` out of the arguments; gives `outputs` back."""
    Node(operation, args, kwargs, outputs)
    return outputs
