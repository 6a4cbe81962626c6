"""`device`: where arrays are made."""

from __future__ import annotations

import jax
import pytest

import cornu


@pytest.mark.parametrize("name", ["cpu:0", "CPU", jax.devices("cpu")[0]])
def test_arrays_are_made_there(name) -> None:
    with cornu.device(name):
        x = cornu.ops.ones((2,)) + 1
        variable = cornu.Variable([1.0])
    assert x.devices() == variable.value.devices() == {jax.devices("cpu")[0]}


@pytest.mark.parametrize("name", ["cpu:99", "warp:0", "cpu:x"])
def test_a_device_that_is_not_there(name: str) -> None:
    with pytest.raises(ValueError, match=rf"no device '{name}'; there are: \['cpu:0'"):
        cornu.device(name)


def test_a_number_is_no_device() -> None:
    with pytest.raises(TypeError, match="text like 'gpu:0'"):
        cornu.device(0)
