"""Rematerialization: compute again in the backward pass instead of keeping what lies between.

`remat(f)` is `jax.checkpoint` for code on objects: what `f` assigns, the losses it notes and the
masks it hands on leave the checkpointed program as results, as traced values must. `RematScope`
says which layers made inside it do so when they are called.

T. Chen, B. Xu, C. Zhang and C. Guestrin, Training deep nets with sublinear memory cost, 2016.
"""

from __future__ import annotations

import contextvars
import copy
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np

from cornu.core import masks, tree
from cornu.core.scope import Scope, current
from cornu.core.symbolic import any_symbolic

_MODES = ("full", "activations", "larger_than", "list_of_layers", None)
_EXPENSIVE = ("dot_general", "conv_general_dilated")

_open: contextvars.ContextVar[RematScope | None] = contextvars.ContextVar("remat", default=None)
_inside: contextvars.ContextVar[bool] = contextvars.ContextVar("inside_remat", default=False)


def remat(f: Callable[..., Any]) -> Callable[..., Any]:
    """`f`, of which the backward pass computes the inner values again instead of keeping them.

    Args:
        f: a function of arrays (or a layer): what it returns must be arrays too. It may read and
            assign variables.

    Returns:
        A function of the same arguments and results.

    Example:
        >>> import jax, cornu
        >>> wave = cornu.remat(lambda x: cornu.ops.sin(cornu.ops.sin(x)))
        >>> float(jax.grad(wave)(0.0))
        1.0
    """
    return _checkpointed(f, policy=None)


def _checkpointed(f: Callable[..., Any], policy: Any) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args, kwargs):
            return f(*args, **kwargs)
        call, arrays = _on_arrays(f, args, kwargs)
        outer = current()
        assigned: list[int] = []

        def inner(arrays: list[Any], their_masks: list[Any]) -> Any:
            if outer is None:
                return call(arrays), None
            with Scope() as scope:
                scope.inherit(outer)
                for array, mask in zip(arrays, their_masks, strict=True):
                    masks.set_mask(array, mask)
                outputs = call(arrays)
                assigned[:] = scope.values
                found = [masks.get_mask(x) for x in tree.flatten(outputs)]
                return outputs, (list(scope.values.values()), scope.losses, found)

        token = _inside.set(True)
        try:
            outputs, noted = jax.checkpoint(inner, policy=policy)(
                arrays, [masks.get_mask(array) for array in arrays]
            )
        finally:
            _inside.reset(token)
        if outer is not None:
            values, losses, found = noted
            outer.values.update(zip(assigned, values, strict=True))
            outer.losses.extend(losses)
            for output, mask in zip(tree.flatten(outputs), found, strict=True):
                masks.set_mask(output, mask)
        return outputs

    return functools.update_wrapper(run, f)


def _on_arrays(
    f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[[list[Any]], Any], list[Any]]:
    """`f` of those arguments as a function of the arrays among them, and these."""
    leaves, structure = jax.tree.flatten((args, kwargs), is_leaf=lambda x: x is None)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, jax.Array | np.ndarray)]

    def call(arrays: list[Any]) -> Any:
        filled = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            filled[place] = array
        inner_args, inner_kwargs = jax.tree.unflatten(structure, filled)
        return f(*inner_args, **inner_kwargs)

    return call, [leaves[place] for place in places]


class RematScope:
    """Layers made inside are rematerialized when they run, inside the scope or later.

    Of layers that hold layers the outermost is: its inner values are computed again as one. Models
    are not: their layers are, one by one.

    Args:
        mode: "full": every layer; "activations": every layer, but results of matrix products and
            convolutions are kept, so that only the cheap rest is computed again; "larger_than":
            layers with an output of more than `output_size_threshold` elements (all rows of the
            batch count); "list_of_layers": those named in `layer_names`; None: no layer.
        output_size_threshold: see `mode`.
        layer_names: see `mode`.

    Raises:
        ValueError: for another mode.

    Example:
        >>> import cornu
        >>> with cornu.RematScope(mode="full"):
        ...     block = cornu.layers.Dense(64, activation="gelu")
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: Sequence[str] | None = None,
    ) -> None:
        if mode not in _MODES:
            raise ValueError(f"mode must be one of {_MODES}. Received: mode={mode!r}")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())
        self._tokens: list[contextvars.Token[RematScope | None]] = []

    def __enter__(self) -> RematScope:
        self._tokens.append(_open.set(self))
        return self

    def __exit__(self, *exc: object) -> None:
        _open.reset(self._tokens.pop())

    def __deepcopy__(self, memo: Any) -> RematScope:
        return RematScope(self.mode, self.output_size_threshold, self.layer_names)

    def __reduce__(self) -> Any:
        return RematScope, (self.mode, self.output_size_threshold, self.layer_names)

    def applied(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The `call` of a layer called `name`, rematerialized if the mode says so."""
        unlisted = self.mode == "list_of_layers" and name not in self.layer_names
        if self.mode is None or unlisted or _inside.get():
            return call
        if self.mode == "larger_than":
            return functools.partial(_run_by_size, call, self.output_size_threshold)
        return _checkpointed(call, policy=_is_expensive if self.mode == "activations" else None)


def _run_by_size(call: Callable[..., Any], threshold: int, /, *args: Any, **kwargs: Any) -> Any:
    if any_symbolic(args, kwargs):
        return call(*args, **kwargs)
    on_arrays, arrays = _on_arrays(call, args, kwargs)
    outer = current()
    with Scope(abstract=True) as scope:
        if outer is not None:
            scope.inherit(outer)
            scope.draws = copy.deepcopy(outer.draws)  # looking at shapes uses up no randomness
        shapes = jax.eval_shape(on_arrays, arrays)
    large = any(math.prod(x.shape) > threshold for x in jax.tree.leaves(shapes))
    return (remat(call) if large else call)(*args, **kwargs)


def _is_expensive(primitive: Any, *args: Any, **kwargs: Any) -> bool:
    del args, kwargs
    return primitive.name in _EXPENSIVE


def current_scope() -> RematScope | None:
    """The innermost open `RematScope` of this thread."""
    return _open.get()
