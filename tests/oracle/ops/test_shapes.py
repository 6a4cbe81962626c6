"""Static shapes and dtypes of symbolic calls: those of arrays, and Keras's for unknown sizes."""

import keras
import pytest

import cornu
from cornu.core import tree
from oracle.ops.differences import SYMBOLIC, Found
from oracle.ops.outcome import Refused, attempt, different_specs, plain, specs, traced
from oracle.ops.row import symbolic
from oracle.ops.tables import TABLES


def called(library, row, unknown):
    """The symbolic result of a call, or its error."""

    def call():
        result = row.call(library, row.symbols(symbolic(library), unknown))
        return tree.map_structure(lambda x: x if hasattr(x, "shape") else plain(x), result)

    return attempt(call)


def fits(result, real):
    """Whether each known size is that of the real result."""
    pairs = list(zip(specs(result), specs(real), strict=True))
    return all(
        dtype == real_dtype and len(shape) == len(real_shape)
        and all(a is None or a == b for a, b in zip(shape, real_shape, strict=True))
        for (shape, dtype), (real_shape, real_dtype) in pairs
    )  # fmt: skip


EACH = 4  # rows of an op
TOLD = ("is_tensor", "shape", "ndim", "size")  # what is known without computing


def chosen(rows):
    """The first rows of each op that have tensors to stand for."""
    count = dict.fromkeys(TOLD, EACH)
    for row in rows:
        if row.symbolic and row.tensors and count.setdefault(row.op, 0) < EACH:
            count[row.op] += 1
            yield row


@pytest.mark.parametrize("theme", TABLES)
def test_symbolic_calls(theme):
    rows = list(chosen(TABLES[theme]))
    found = Found(rows)
    for row in rows:
        real, known = traced(cornu, row, row.tensors), called(cornu, row, unknown=False)
        if isinstance(real, Refused):
            assert real.needs_values or isinstance(known, Refused), row
            continue
        found.note(SYMBOLIC, row, different_specs(known, real))
        unknown = called(cornu, row, unknown=True)
        if not isinstance(unknown, Refused):
            assert fits(unknown, real), (row, unknown, real)
        if not different_specs(called(keras, row, unknown=False), real):  # or Keras errs
            theirs = called(keras, row, unknown=True)
            found.note(SYMBOLIC, row, different_specs(unknown, theirs), " of unknown sizes")
    found.check(SYMBOLIC)


def test_sizes_of_symbolic_tensors():
    x = cornu.KerasTensor((None, 3))
    assert cornu.ops.shape(x) == (None, 3) and cornu.ops.ndim(x) == 2 and cornu.ops.is_tensor(x)
