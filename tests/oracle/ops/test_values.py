"""Every op against the real Keras: value, dtype, shape, error or not; eager and compiled alike."""

import functools

import keras
import pytest

import cornu
from oracle.ops import compiled
from oracle.ops.differences import CALL, HALVES, INTEGERS, VALUES, Found, reason
from oracle.ops.nn import ALIKE
from oracle.ops.outcome import (
    Refused,
    attempt,
    different_specs,
    different_values,
    eager,
    traced,
)
from oracle.ops.row import in_dtype
from oracle.ops.tables import TABLES

DTYPES = ("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float16", "bfloat16")
# Values too; of the others shape, dtype, error or not.
COMPUTED = ("int32", "bfloat16")
COMPUTED_THEMES = ("elementwise", "indexing", "linalg", "nn", "reduction", "shaping")


def both(row):
    """A function of the tensors that gives the result of Cornu and that of Keras."""
    return lambda tensors: (eager(cornu, row, tensors), eager(keras, row, tensors))


def values(rows_and_tensors, found, where=""):
    """Compares values, compiled; gives Cornu's results."""
    results = compiled.run(
        [both(row) for row, _ in rows_and_tensors], [tensors for _, tensors in rows_and_tensors]
    )
    for (row, _), (ours, theirs) in zip(rows_and_tensors, results, strict=True):
        found.note(VALUES, row, different_values(ours, theirs, row.tolerance), where)
    return [ours for ours, _ in results]


@pytest.mark.parametrize("theme", TABLES)
def test_calls(theme):
    found, traceable = Found(TABLES[theme]), []
    for row in TABLES[theme]:
        tensors = row.tensors
        ours, theirs = traced(cornu, row, tensors), traced(keras, row, tensors)
        if isinstance(theirs, Refused) and theirs.needs_values:
            ours, theirs = (
                attempt(functools.partial(eager, library, row, tensors))
                for library in (cornu, keras)
            )
            if not isinstance(ours, Refused) and not isinstance(theirs, Refused):
                found.note(VALUES, row, different_values(ours, theirs, row.tolerance))
        elif isinstance(ours, Refused) and ours.needs_values:
            ours = attempt(functools.partial(eager, cornu, row, tensors))
        elif not isinstance(ours, Refused) and not isinstance(theirs, Refused):
            traceable.append((row, tensors))
        found.note(CALL, row, different_specs(ours, theirs))
    results, seen = values(traceable, found), set()
    for (row, tensors), result in zip(traceable, results, strict=True):
        if row.op not in seen and row.op not in SEEN_OTHERWISE | ALIKE:
            at_once = eager(cornu, row, tensors)
            assert not different_specs(at_once, result), row
            assert not different_values(at_once, result, row.tolerance), row
        seen.add(row.op)
    found.check(CALL)


# Ops that say what their argument is: inside of compiled functions that is something else. And
# draws that are one compiled function of JAX either way, which takes seconds to compile twice.
SEEN_OTHERWISE = {
    *("is_tensor", "shape", "ndim", "size"),
    *("random.gamma", "random.beta", "random.binomial"),
}


@pytest.mark.parametrize("theme", TABLES)
def test_other_dtypes(theme):
    found, seen = Found(TABLES[theme]), set()
    computed = {dtype: [] for dtype in COMPUTED}
    for row in TABLES[theme]:
        skip = row.op in seen or not row.dtypes or reason(CALL, row)
        if skip or not any(t.dtype == "float32" for t in row.tensors):
            continue
        seen.add(row.op)
        for dtype in DTYPES:
            tensors = [in_dtype(tensor, dtype) for tensor in row.tensors]
            ours, theirs = traced(cornu, row, tensors), traced(keras, row, tensors)
            if isinstance(theirs, Refused) and theirs.needs_values:
                continue
            kind = HALVES if "float" in dtype else INTEGERS
            found.note(kind, row, different_specs(ours, theirs), f" in {dtype}")
            alike = not different_specs(ours, theirs) and not isinstance(ours, Refused)
            if (
                theme in COMPUTED_THEMES
                and dtype in COMPUTED
                and alike
                and (row.half or dtype != "bfloat16")
            ):
                computed[dtype].append((row, tensors))
    for dtype, rows_and_tensors in computed.items():
        if rows_and_tensors:
            values(rows_and_tensors, found, f" in {dtype}")
    found.check(HALVES, INTEGERS)
