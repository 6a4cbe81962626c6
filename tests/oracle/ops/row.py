"""A row of the tables of this folder: one call of one op, from which all the tests are made.

`row("sum", CUBE, axis=1)` is the call `ops.sum(CUBE, axis=1)`. NumPy arrays among the arguments are
the tensors: they are given as they are, in other dtypes, symbolically, and are differentiated by.
Everything else (numbers, lists, functions) is passed on as it stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import keras
import numpy as np

import cornu
from cornu.core.symbolic import KerasTensor


@dataclasses.dataclass(frozen=True)
class Row:
    """One call.

    Args:
        op: name below `ops`; `random.` and `activations.` stand before those of other rooms.
        args: positional arguments.
        kwargs: named arguments.
        unknown: for each tensor the axes whose size is unknown in the test of symbolic shapes; None
            means the first axis of the first tensor, and of all others that share its size there.
        gradient: whether the gradient is compared.
        symbolic: whether symbolic calls are compared.
        dtypes: whether the call is repeated with the tensors in other dtypes.
        half: whether values in bfloat16 are compared (LAPACK has none).
        tolerance: relative to the largest element, in float32.
    """

    op: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    unknown: tuple[tuple[int, ...], ...] | None = None
    gradient: bool = True
    symbolic: bool = True
    dtypes: bool = True
    half: bool = True
    tolerance: float = 1e-5

    def but(self, **changes: Any) -> Row:
        """The same call with other marks."""
        return dataclasses.replace(self, **changes)

    def __str__(self) -> str:
        shown = [_shown(value) for value in self.args]
        shown += [f"{key}={_shown(value)}" for key, value in self.kwargs.items()]
        return f"{self.op}({', '.join(shown)})"

    @property
    def tensors(self) -> list[np.ndarray]:
        """The arrays among the arguments, in order."""
        leaves = jax.tree.leaves((self.args, self.kwargs), is_leaf=_is_none)
        return [leaf for leaf in leaves if isinstance(leaf, np.ndarray)]

    def call(self, library: Any, tensors: Any) -> Any:
        """The op of `library`, cornu or keras, called with other tensors in place of the arrays."""
        leaves, structure = jax.tree.flatten((self.args, self.kwargs), is_leaf=_is_none)
        waiting = iter(tensors)
        filled = [next(waiting) if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
        args, kwargs = jax.tree.unflatten(structure, filled)
        return function(library, self.op)(*args, **kwargs)

    def symbols(self, make: Callable[..., Any], unknown: bool) -> list[Any]:
        """Symbolic tensors in place of the arrays."""
        shapes = [list(tensor.shape) for tensor in self.tensors]
        for shape, axes in zip(shapes, self._unknown_axes() if unknown else (), strict=False):
            for axis in axes:
                shape[axis] = None
        pairs = zip(shapes, self.tensors, strict=True)
        return [make(tuple(shape), dtype=str(tensor.dtype)) for shape, tensor in pairs]

    def _unknown_axes(self) -> tuple[tuple[int, ...], ...]:
        if self.unknown is not None:
            return self.unknown
        tensors = self.tensors
        first = tensors[0].shape[:1] if tensors else ()
        return tuple((0,) if first and t.shape[:1] == first else () for t in tensors)


def row(op: str, *args: Any, **kwargs: Any) -> Row:
    """A call of `ops.<op>`."""
    return Row(op, args, kwargs)


def rows(names: str, *args: Any, **kwargs: Any) -> list[Row]:
    """The same call of several ops."""
    return [Row(name, args, kwargs) for name in names.split()]


def function(library: Any, op: str) -> Callable[..., Any]:
    """The function behind a name; `random.` and `activations.` are rooms beside `ops`."""
    found: Any = library if op.startswith(("random.", "activations.")) else library.ops
    for part in op.split("."):
        found = getattr(found, part)
    return found


def symbolic(library: Any) -> Callable[..., Any]:
    """The class of symbolic tensors of `library`."""
    return KerasTensor if library is cornu else keras.KerasTensor


def in_dtype(tensor: np.ndarray, dtype: str) -> np.ndarray:
    """A float32 tensor in another dtype, such that its elements still differ."""
    if tensor.dtype != np.float32:
        return tensor
    target = jax.numpy.dtype(dtype)
    if dtype == "bool":
        return tensor > 0
    if target.kind in "iu":
        whole = np.round(np.nan_to_num(tensor * 3))
        return (np.abs(whole) if target.kind == "u" else whole).astype(target)
    return tensor.astype(target)


def _is_none(x: Any) -> bool:
    return x is None


def _shown(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}".replace(" ", "")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_shown(item) for item in value) + "]"
    return getattr(value, "__name__", repr(value))


def random(*shape: int, seed: int = 3) -> np.ndarray:
    """Normal float32 numbers of a shape, the same each time."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def fractions(*shape: int, seed: int = 4) -> np.ndarray:
    """float32 numbers between 0.1 and 0.9."""
    return np.random.default_rng(seed).uniform(0.1, 0.9, shape).astype("float32")


VECTOR, MATRIX, CUBE = random(5), random(3, 4), random(2, 3, 4)
POSITIVE = fractions(3, 4)
HOLES = np.where(MATRIX > 0.5, np.float32(np.nan), MATRIX)
BITS = np.array([[1, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 1]], "int32")
COMPLEX = (MATRIX + 1j * POSITIVE).astype("complex64")
