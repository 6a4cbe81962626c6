"""The words of all signatures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from jax import Array as Array

# What may be an array, a list or number that becomes one, a Variable or a symbolic tensor. A
# parameter of an op that is annotated `Tensor` is an input of the node in a saved graph; all other
# parameters are its config.
Tensor: TypeAlias = Any
Shape: TypeAlias = Sequence[int]
Axis: TypeAlias = int | Sequence[int] | None
DType: TypeAlias = Any
