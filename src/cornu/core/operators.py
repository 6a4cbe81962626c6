"""Slot: the Python operators of Variable and KerasTensor.

`ops` fills `TABLE` (it stands on a higher floor); the methods here only look functions up in it.
Who fills it is said by the root face.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


class Table(dict[str, Callable[..., Any]]):
    """Functions by name.

    Attributes:
        filler: the package that fills the table, imported when a function is first missing.
    """

    filler = ""

    def __missing__(self, name: str) -> Callable[..., Any]:
        filler, self.filler = self.filler, ""
        if not filler:
            raise KeyError(name)
        importlib.import_module(filler)
        return self[name]


TABLE = Table()

_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "true_divide",
    "floordiv": "floor_divide",
    "mod": "mod",
    "pow": "power",
    "matmul": "matmul",
    "and": "logical_and",
    "or": "logical_or",
    "xor": "logical_xor",
}
_COMPARISON = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
_UNARY = {"neg": "negative", "abs": "absolute", "invert": "logical_not", "pos": "positive"}


class Operators:
    """Gives a class Python's arithmetic by way of the ops in `TABLE`."""

    def __getitem__(self, key: Any) -> Any:
        return TABLE["get_item"](self, key)

    def __round__(self, ndigits: int | None = None) -> Any:
        return TABLE["round"](self, ndigits or 0)


def _forward(op: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: TABLE[op](self, other)


def _reflected(op: str) -> Callable[[Any, Any], Any]:
    return lambda self, other: TABLE[op](other, self)


def _equality(op: str, same: bool) -> Callable[[Any, Any], Any]:
    """`==` or `!=`: by value with what may be a tensor, by identity with anything else."""

    def compare(self: Any, other: Any) -> Any:
        if isinstance(other, Operators | int | float | list | tuple) or hasattr(other, "shape"):
            return TABLE[op](self, other)
        return (self is other) == same

    return compare


def _single(op: str) -> Callable[[Any], Any]:
    return lambda self: TABLE[op](self)


for _name, _op in _BINARY.items():
    setattr(Operators, f"__{_name}__", _forward(_op))
    setattr(Operators, f"__r{_name}__", _reflected(_op))
for _name, _op in _COMPARISON.items():
    setattr(Operators, f"__{_name}__", _forward(_op))
Operators.__eq__ = _equality("equal", same=True)  # type: ignore[method-assign]
Operators.__ne__ = _equality("not_equal", same=False)  # type: ignore[method-assign]
for _name, _op in _UNARY.items():
    setattr(Operators, f"__{_name}__", _single(_op))
# Defining __eq__ would otherwise take hashing away; identity is what sets and dicts need here.
Operators.__hash__ = object.__hash__  # type: ignore[method-assign]
