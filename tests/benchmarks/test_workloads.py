"""The workloads are the same networks on the same data under Cornu and under the real Keras."""

from __future__ import annotations

import importlib

import keras
import numpy as np
import pytest

import cornu


@pytest.mark.parametrize("name", ["mlp", "vgg", "lstm", "transformer"])
def test_both_libraries_get_the_same(name):
    make = importlib.import_module(name).make
    model, x, y = make(cornu)
    theirs, their_x, their_y = make(keras)
    for a, b in zip([*_listed(x), y], [*_listed(their_x), their_y], strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.count_params() == theirs.count_params()
    shapes = [variable.shape for variable in model.trainable_variables]
    assert shapes == [tuple(variable.shape) for variable in theirs.trainable_variables]
    assert type(model.optimizer).__name__ == type(theirs.optimizer).__name__


def _listed(x):
    return x if isinstance(x, list) else [x]
