"""The call protocol: which arguments are tensors, whether it is training, shapes for `build`."""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes, masks, tree
from cornu.core.scope import current
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable


class Frame(NamedTuple):
    """The call of an outer layer that the present call stands in."""

    training: bool | None
    trains_all: bool = False  # whether every trainable weight met here is being trained


_frame: contextvars.ContextVar[Frame | None] = contextvars.ContextVar("layer_call", default=None)


def outer() -> Frame | None:
    """The frame of the enclosing layer call, if any."""
    return _frame.get()


def enter(frame: Frame) -> contextvars.Token[Frame | None]:
    """Open a frame; give the token to `leave`."""
    return _frame.set(frame)


def leave(token: contextvars.Token[Frame | None]) -> None:
    """Close the frame."""
    _frame.reset(token)


class CallSignature(NamedTuple):
    """What a layer's `call` takes."""

    parameters: tuple[str, ...]  # positional ones, in order, without self
    accepts: frozenset[str]
    training_default: bool | None
    open_ended: bool  # takes *args
    open_keywords: bool  # takes **kwargs


@functools.lru_cache(maxsize=4096)
def call_signature(call: Callable[..., Any]) -> CallSignature:
    """The signature of an unbound `call`."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    default = next((p.default for p in named if p.name == "training"), None)
    return CallSignature(
        tuple(p.name for p in named if p.kind is not p.KEYWORD_ONLY),
        frozenset(p.name for p in named),
        None if default is inspect.Parameter.empty else default,
        any(p.kind is p.VAR_POSITIONAL for p in parameters),
        any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


@functools.lru_cache(maxsize=4096)
def build_parameters(build: Callable[..., Any]) -> tuple[str, ...] | None:
    """Names of what an unbound `build` takes; None where it takes *args or **kwargs."""
    parameters = list(inspect.signature(build).parameters.values())[1:]
    if any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters):
        return None
    return tuple(p.name for p in parameters)


def resolve_training(explicit: bool | None, default: bool | None) -> bool | None:
    """Explicit argument, else the enclosing call's, else the scope's, else `call`'s own default."""
    if explicit is not None:
        return explicit
    frame = _frame.get()
    if frame is not None and frame.training is not None:
        return frame.training
    scope = current()
    if scope is not None and scope.training is not None:
        return scope.training
    return default


def to_tensor(value: Any, dtype: str | None) -> Any:
    """Arrays, numbers and nested lists of them as JAX arrays; floats cast to `dtype` if given."""
    if isinstance(value, KerasTensor | str | bytes) or value is None or callable(value):
        return value
    if isinstance(value, Variable):
        value = value.value
    if not isinstance(value, jax.Array):
        if isinstance(value, bool | int | float) or not isinstance(
            value, np.ndarray | np.generic | list
        ):
            converted = _foreign(value)
            if converted is None:
                return value
            value = converted
        if isinstance(value, list):
            value = np.asarray(value)
        if value.dtype.kind not in "biufcV":
            return value
        value = jax.device_put(np.asarray(value, dtypes.held(value.dtype)))
    if dtype is not None and jnp.issubdtype(value.dtype, jnp.floating) and value.dtype != dtype:
        cast = value.astype(dtype)
        masks.set_mask(cast, masks.get_mask(value))
        return cast
    return value


def _foreign(value: Any) -> np.ndarray | None:
    """Arrays of other libraries (pandas, torch, TensorFlow), which say so by `__array__`."""
    if isinstance(value, bool | int | float) or not hasattr(value, "__array__"):
        return None
    return np.asarray(value)


def convert(structure: Any, dtype: str | None) -> Any:
    """`to_tensor` over lists, tuples and dicts; a plain list of numbers is one tensor."""
    if isinstance(structure, dict):
        return {key: convert(value, dtype) for key, value in structure.items()}
    if isinstance(structure, tuple | list):
        if isinstance(structure, list) and structure and _is_numbers(structure):
            return to_tensor(structure, dtype)
        items = [convert(item, dtype) for item in structure]
        return type(structure)(*items) if hasattr(structure, "_fields") else type(structure)(items)
    return to_tensor(structure, dtype)


def _is_numbers(x: Any) -> bool:
    while isinstance(x, list) and x:
        x = x[0]
    return isinstance(x, int | float | np.number)


def is_tensor(x: Any) -> bool:
    """Whether `x` is an array or a symbolic tensor."""
    return isinstance(x, jax.Array | KerasTensor)


def holds_tensors(structure: Any) -> bool:
    """Whether a nest is made of tensors (and None) only, with one at least."""
    leaves = tree.flatten(structure)
    return any(is_tensor(x) for x in leaves) and all(is_tensor(x) or x is None for x in leaves)


def shapes_of(structure: Any) -> Any:
    """The shapes of a nest of tensors; while shapes are inferred, the probe size is None again."""
    scope = current()
    probe = scope.probe if scope is not None and scope.abstract else None

    def shape(x: Any) -> Any:
        if x is None or not hasattr(x, "shape"):
            return None
        return tuple(None if dim == probe else dim for dim in x.shape) if probe else tuple(x.shape)

    if isinstance(structure, dict):
        return {key: shapes_of(value) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return [shapes_of(value) for value in structure]
    return shape(structure)


def shapes_as_lists(structure: Any) -> Any:
    """A nest of shapes in the form of JSON."""
    if isinstance(structure, dict):
        return {key: shapes_as_lists(value) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return [shapes_as_lists(value) for value in structure]
    return structure


def shapes_as_tuples(structure: Any) -> Any:
    """A nest of shapes out of JSON: each list of sizes becomes a tuple."""
    if isinstance(structure, dict):
        return {key: shapes_as_tuples(value) for key, value in structure.items()}
    if tree.is_shape(structure):
        return tuple(structure)
    if isinstance(structure, list | tuple):
        return [shapes_as_tuples(value) for value in structure]
    return structure
