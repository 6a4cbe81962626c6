"""Gradients with respect to all float tensors, against those of the real Keras's functions."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import cornu
from oracle.ops import compiled
from oracle.ops.differences import GRADIENT, Found
from oracle.ops.outcome import (
    Refused,
    attempt,
    different_specs,
    different_values,
    eager,
    traced,
)
from oracle.ops.row import Row
from oracle.ops.tables import TABLES

EACH = 1  # rows of an op


def weighed(result):
    """The sum of all floats of a result, each with a weight of its own."""
    total = jnp.float32(0)
    for x in jax.tree.leaves(result):
        if jnp.issubdtype(x.dtype, jnp.floating):
            weights = jnp.cos(jnp.arange(x.size, dtype="float32")).reshape(x.shape)
            total += jnp.sum(x.astype("float32") * weights)
    return total


def gradient(library, row: Row, places):
    """A function of the float tensors that gives the gradient by them."""

    def loss(floats):
        tensors = list(row.tensors)
        for place, x in zip(places, floats, strict=True):
            tensors[place] = x
        return weighed(eager(library, row, tensors))

    return jax.grad(loss)


def chosen(rows):
    """The first rows of each op that have a float tensor to differentiate by."""
    count = {}
    for row in rows:
        places = [i for i, tensor in enumerate(row.tensors) if tensor.dtype == np.float32]
        if not row.gradient or not places or count.get(row.op, 0) == EACH:
            continue
        results = [traced(library, row, row.tensors) for library in (cornu, keras)]
        if any(isinstance(result, Refused) for result in results):
            continue
        count[row.op] = count.get(row.op, 0) + 1
        yield row, places


@pytest.mark.parametrize("theme", TABLES)
def test_gradients(theme):
    found = Found(TABLES[theme])
    rows, functions, arguments = [], [], []
    for row, places in chosen(TABLES[theme]):
        floats = [row.tensors[place] for place in places]
        ours, theirs = (gradient(library, row, places) for library in (cornu, keras))
        specs = [_traced(function, floats) for function in (ours, theirs)]
        found.note(GRADIENT, row, different_specs(*specs))
        if not any(isinstance(spec, Refused) for spec in specs):
            rows.append(row)
            functions.append(lambda x, ours=ours, theirs=theirs: (ours(x), theirs(x)))
            arguments.append(floats)
    for row, results in zip(rows, compiled.run(functions, arguments), strict=True):
        found.note(GRADIENT, row, different_values(*results, 10 * row.tolerance))
    found.check(GRADIENT)


def _traced(function, floats):
    return attempt(lambda: jax.eval_shape(function, floats))
