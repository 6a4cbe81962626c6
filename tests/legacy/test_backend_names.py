"""`K` has every function of Keras 2.2.4's backend, with its arguments; some say what to use now."""

from __future__ import annotations

import builtins
import inspect
import json
import pathlib

import pytest

from cornu import backend as K
from cornu.core.symbolic import KerasTensor

FACTS: dict[str, list[str] | None] = json.loads(
    (pathlib.Path(__file__).parent / "keras-2.2.4-backend.json").read_text()
)
# Where Keras 3 kept the function and named its one argument otherwise.
RENAMED = {"set_epsilon": "value", "set_floatx": "value"}
# Defaults that Keras 3 added.
MORE_DEFAULTS = {"clip"}


@pytest.mark.parametrize("name", FACTS)
def test_function_takes_the_arguments_of_keras_2(name: str) -> None:
    found, expected = getattr(K, name), FACTS[name]
    if expected is None:
        return
    own = list(inspect.signature(found).parameters.values())
    for place, text in enumerate(expected):
        argument, _, default = text.lstrip("*").partition("=")
        if name in RENAMED:
            argument = RENAMED[name]
        assert own[place].name == argument
        if name not in MORE_DEFAULTS:
            has = own[place].default
            assert ("" if has is inspect.Parameter.empty else repr(has)) == default


def test_hidden_functions_of_python() -> None:
    for name in ("all", "any", "sum", "slice"):
        assert getattr(K, f"py_{name}") is getattr(builtins, name)


def test_has_arg() -> None:
    def fn(a: int, *, b: int = 1, **rest: int) -> None:
        del a, b, rest

    assert K.has_arg(fn, "a")
    assert K.has_arg(fn, "b")
    assert not K.has_arg(fn, "rest")
    assert not K.has_arg(fn, "c")
    assert K.has_arg(fn, "c", accept_all=True)


def test_transpose_shape() -> None:
    assert K.transpose_shape((2, 5, 6, 3), "channels_first", (1, 2)) == (2, 3, 5, 6)
    assert K.transpose_shape([2, 5, 3], "channels_first", [1]) == [2, 3, 5]
    assert K.transpose_shape((2, 5, 3), "channels_last", (1,)) == (2, 5, 3)


@pytest.mark.parametrize(
    ("call", "instead"),
    [
        (lambda: K.get_session(), "K.get_value"),
        (lambda: K.ctc_label_dense_to_sparse([[1]], [1]), "ops.ctc_loss"),
        (lambda: K.function([KerasTensor((1,))], [], updates=[1]), "model.fit"),
        (lambda: K.function([KerasTensor((1,))], [], feed_dict={}), "`inputs`"),
    ],
)
def test_what_needs_a_graph_says_what_to_use_instead(call, instead: str) -> None:
    with pytest.raises(NotImplementedError, match=instead):
        call()
