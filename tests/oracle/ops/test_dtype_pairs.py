"""Dtype promotion of every pair of dtypes, Python numbers among them, as the real Keras has it.

Only dtypes are asked for, all ops of a pair in one abstract run, so that nothing is compiled.
"""

import warnings

import jax
import keras
import numpy as np
import pytest

from cornu import ops

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32"),
    *("float16", "bfloat16", "float32"),
)
NUMBERS = (True, 3, 2.5)
BINARY = [
    "add",
    "arctan2",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "divide",
    "divide_no_nan",
    "equal",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "greater",
    "greater_equal",
    "heaviside",
    "hypot",
    "isclose",
    "lcm",
    "ldexp",
    "left_shift",
    "less",
    "less_equal",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "nextafter",
    "not_equal",
    "power",
    "right_shift",
    "subtract",
    "true_divide",
]
FEW = ("bool", "int8", "uint16", "bfloat16", "float32", *NUMBERS)
OTHERS = [
    "append",
    "average",
    "cdist",
    "clip",
    "concatenate",
    "correlate",
    "cross",
    "digitize",
    "dot",
    "einsum",
    "full_like",
    "hstack",
    "inner",
    "isin",
    "kron",
    "linspace",
    "logspace",
    "matmul",
    "outer",
    "searchsorted",
    "select",
    "solve",
    "stack",
    "take_along_axis",
    "tensordot",
    "trapezoid",
    "vdot",
    "vstack",
    "where",
]
SHAPES = {"kron": (2, 2), "solve": (2, 2), "cdist": (2, 2), "matmul": (2, 2), "cross": (2, 3)}


def call(library, name, x, y):
    """The op of a pair, with what else it asks for."""
    function = getattr(library, name)
    if name in ("concatenate", "stack", "hstack", "vstack"):
        return function([x, y])
    special = {
        "clip": lambda: function(x, y, y),
        "einsum": lambda: function("i,i->i", x, y),
        "tensordot": lambda: function(x, y, axes=1),
        "where": lambda: function(np.array([True, False]), x, y),
        "select": lambda: function([np.array([True, False])], [x], y),
        "average": lambda: function(x, weights=y),
        "trapezoid": lambda: function(x, y),
        "linspace": lambda: function(x, y, num=3),
        "logspace": lambda: function(x, y, num=3),
    }
    return special.get(name, lambda: function(x, y))()


def dtypes_of(library, names, x, y):
    """The dtype that each op gives for a pair, or the word "refused"."""

    def operand(value, name):
        if not isinstance(value, str):
            return value
        return np.ones(SHAPES.get(name, (2,)), jax.numpy.dtype(value))

    found = {}

    def every():
        for name in names:
            try:
                found[name] = str(call(library, name, operand(x, name), operand(y, name)).dtype)
            except Exception:
                found[name] = "refused"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jax.eval_shape(every)
    return found


def on_purpose(name, x, y):
    """Where Cornu's dtype differs from Keras's, or is none of Keras's."""
    if name in ("arctan2", "logaddexp", "logaddexp2"):
        return 2.5 in (x, y)  # Keras forgets there that Python numbers adapt to 16 bits
    if name == "ldexp":
        return y in ("bool", True)  # Keras refuses 2 ** False
    return name == "cdist" and (x, y) == ("bool", "bool")  # Keras refuses


def pairs(dtypes):
    """All pairs with an array among them."""
    return [(x, y) for x in dtypes for y in dtypes if isinstance(x, str) or isinstance(y, str)]


@pytest.mark.parametrize(
    ("names", "dtypes"), [(BINARY, (*DTYPES, *NUMBERS)), (OTHERS, FEW)], ids=["binary", "others"]
)
def test_every_pair(names, dtypes):
    wrong = []
    for x, y in pairs(dtypes):
        ours, theirs = (dtypes_of(library, names, x, y) for library in (ops, keras.ops))
        wrong += [
            f"{name} of {x} and {y}: {ours[name]}, not {theirs[name]}"
            for name in names
            if ours[name] != theirs[name] and not on_purpose(name, x, y)
        ]
    assert not wrong, "\n".join(wrong)
