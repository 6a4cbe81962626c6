"""Loops, branches and functions of functions. The functions use operators only, so that they fit
arrays and the symbolic tensors of both libraries."""

import functools
import operator

import numpy as np

from oracle.ops.row import CUBE, MATRIX, VECTOR, row

FLAG, COUNT = np.array(True), np.array(2, "int32")
ZERO = np.zeros((), "float32")


def adding(carry, x):
    """A step of a scan."""
    return carry + x, carry * 2


def twice(x):
    """A function of one tensor."""
    return x * 2


def combine(a, b):
    """An associative function."""
    return a + b


ROWS = [
    row("cond", FLAG, lambda: 1.0, lambda: 2.0).but(symbolic=False),
    row("cond", FLAG, functools.partial(twice, MATRIX), lambda: MATRIX),
    row("cond", False, lambda: MATRIX, lambda: -MATRIX),
    row("switch", COUNT, [lambda x: x, lambda x: x * 2, lambda x: x * 3], MATRIX).but(
        unknown=((), (0,))
    ),
    row("switch", 7, [lambda x, y: x, lambda x, y: y], MATRIX, MATRIX * 2),
    row("scan", adding, ZERO, VECTOR).but(unknown=((), (0,))),
    row("scan", adding, ZERO, VECTOR, reverse=True).but(unknown=((), (0,))),
    row("scan", adding, ZERO, xs=VECTOR, unroll=True).but(unknown=((), ())),
    row("scan", lambda c, _: (c * 2, c), VECTOR, length=3).but(unknown=((),)),
    row("scan", adding, ZERO),
    row("scan", 3, ZERO, VECTOR),
    row("associative_scan", combine, CUBE),
    row("associative_scan", combine, CUBE, reverse=True, axis=-1),
    row("associative_scan", operator.mul, MATRIX, axis=1),
    row("while_loop", lambda i, x: i < 5, lambda i, x: (i + 1, x * 2), (COUNT, MATRIX)).but(
        unknown=((), (0,)), gradient=False
    ),
    row("while_loop", lambda i: i < 50, lambda i: i + 1, COUNT, maximum_iterations=7),
    row("while_loop", lambda i: i < 50, lambda i: (i + 1,), [COUNT]),
    row("fori_loop", 0, 4, lambda i, x: x * 2, MATRIX),
    row("fori_loop", 0, 4, lambda i, x: x + i, COUNT),
    row("map", twice, MATRIX),
    row("map", lambda xs: xs[0] * xs[1], (MATRIX, MATRIX + 1)),
    row("vectorized_map", twice, MATRIX),
    row("vectorized_map", lambda xs: xs[0] * xs[1], (MATRIX, MATRIX + 1)),
]  # fmt: skip
