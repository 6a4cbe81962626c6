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
BINARY = (
    "add arctan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor divide "
    "divide_no_nan equal floor_divide fmax fmin fmod gcd greater greater_equal heaviside hypot "
    "isclose lcm ldexp left_shift less less_equal logaddexp logaddexp2 logical_and logical_or "
    "logical_xor maximum minimum mod multiply nextafter not_equal power right_shift subtract "
    "true_divide append clip concatenate cross dot einsum inner isin kron matmul outer stack "
    "tensordot vdot where full_like select take_along_axis trapezoid average digitize "
    "searchsorted hstack vstack linspace logspace cdist solve correlate"
).split()
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


def dtypes_of(library, x, y):
    """The dtype that each op gives for a pair, or the word "refused"."""

    def operand(value, name):
        if not isinstance(value, str):
            return value
        return np.ones(SHAPES.get(name, (2,)), jax.numpy.dtype(value))

    found = {}

    def every():
        for name in BINARY:
            try:
                result = call(library, name, operand(x, name), operand(y, name))
                found[name] = str(result.dtype)
            except (TypeError, ValueError, AttributeError, OverflowError, IndexError):
                found[name] = "refused"
            except NotImplementedError:
                found[name] = "refused"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jax.eval_shape(every)
    return found


PAIRS = [
    (a, b) for a in (*DTYPES, *NUMBERS) for b in (*DTYPES, *NUMBERS) if str in (type(a), type(b))
]


def test_every_pair():
    wrong = {}
    for x, y in PAIRS:
        ours, theirs = dtypes_of(ops, x, y), dtypes_of(keras.ops, x, y)
        for name in BINARY:
            if ours[name] != theirs[name]:
                key = f"{name}: {ours[name]}, not {theirs[name]}"
                wrong.setdefault(key, []).append((x, y))
    for key, pairs in wrong.items():
        print(key, pairs)
    assert not wrong
