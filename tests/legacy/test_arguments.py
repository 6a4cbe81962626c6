"""Old argument names become today's."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from cornu.legacy import arguments
from cornu.legacy.arguments import translate

CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], tuple[Any, ...], dict[str, Any]]] = [
    (
        "Dense",
        (),
        {"output_dim": 3, "init": "uniform"},
        (),
        {"units": 3, "kernel_initializer": "random_uniform"},
    ),
    (
        "Dense",
        (3,),
        {"bias": False, "W_regularizer": "l2"},
        (3,),
        {"use_bias": False, "kernel_regularizer": "l2"},
    ),
    ("Dense", (3,), {"input_dim": 4}, (3,), {"input_dim": 4}),
    ("Dropout", (), {"p": 0.5}, (), {"rate": 0.5}),
    ("GaussianNoise", (), {"sigma": 0.5}, (), {"stddev": 0.5}),
    (
        "Conv2D",
        (8, 3, 5),
        {"border_mode": "same"},
        (),
        {"filters": 8, "kernel_size": (3, 5), "padding": "same"},
    ),
    (
        "Conv2D",
        (),
        {"nb_filter": 8, "nb_row": 3, "nb_col": 5},
        (),
        {"filters": 8, "kernel_size": (3, 5)},
    ),
    ("Conv2D", (8, (3, 3)), {"subsample": (2, 2)}, (8, (3, 3)), {"strides": (2, 2)}),
    ("Conv2D", (8, (3, 3)), {"dim_ordering": "th"}, (8, (3, 3)), {"data_format": "channels_first"}),
    ("Conv1D", (), {"nb_filter": 8, "filter_length": 2}, (), {"filters": 8, "kernel_size": 2}),
    (
        "Conv3D",
        (8, 1, 2, 3),
        {"border_mode": "valid"},
        (),
        {"filters": 8, "kernel_size": (1, 2, 3), "padding": "valid"},
    ),
    ("MaxPooling1D", (), {"pool_length": 3, "stride": 2}, (), {"pool_size": 3, "strides": 2}),
    ("MaxPooling2D", (), {"border_mode": "same"}, (), {"padding": "same"}),
    (
        "LSTM",
        (8,),
        {"inner_activation": "tanh", "consume_less": "cpu"},
        (8,),
        {"recurrent_activation": "tanh"},
    ),
    ("LSTM", (8,), {"input_dim": 3}, (8,), {"input_shape": (None, 3)}),
    (
        "ConvLSTM2D",
        (8, 3, 2),
        {"inner_activation": "tanh", "border_mode": "same", "consume_less": "cpu"},
        (),
        {
            "filters": 8,
            "kernel_size": (3, 2),
            "recurrent_activation": "tanh",
            "padding": "same",
        },
    ),
    (
        "GRU",
        (),
        {"output_dim": 8, "input_length": 5, "input_dim": 3},
        (),
        {"units": 8, "input_shape": (5, 3)},
    ),
    (
        "Embedding",
        (9, 4),
        {"init": "normal", "input_length": 5},
        (9, 4),
        {"embeddings_initializer": "random_normal", "input_length": 5},
    ),
    ("BatchNormalization", (), {"mode": 0, "gamma_init": "one"}, (), {"gamma_initializer": "one"}),
    ("fit", ("x", "y"), {"nb_epoch": 4}, ("x", "y"), {"epochs": 4}),
    ("fit", ("x", "y"), {"workers": 4}, ("x", "y"), {}),
    ("compile", ("sgd", "mse", ["mae"]), {}, ("sgd", "mse"), {"metrics": ["mae"]}),
    ("compile", ("sgd", "mse", [0.5, 1.0]), {}, ("sgd", "mse", [0.5, 1.0]), {}),
    ("Unheard", (1,), {"init": 2}, (1,), {"init": 2}),
]


@pytest.fixture(autouse=True)
def nothing_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arguments, "_noted", set())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args", "kwargs", "new_args", "new_kwargs"), CALLS)
def test_translate(
    name: str,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    new_args: tuple[Any, ...],
    new_kwargs: dict[str, Any],
) -> None:
    given = dict(kwargs)
    assert translate(name, args, kwargs) == (new_args, new_kwargs)
    assert kwargs == given


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "args", "kwargs"), [case[:3] for case in CALLS])
def test_today_s_arguments_stay(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    once = translate(name, args, kwargs)
    if name != "BatchNormalization":
        assert translate(name, *once) == once


def test_each_spelling_warns_once_and_names_the_new_one() -> None:
    with pytest.warns(
        UserWarning, match="Dense: `output_dim`: old spelling, write `units`"
    ) as seen:
        translate("Dense", (), {"output_dim": 3})
    assert [warning.filename for warning in seen] == [__file__]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        translate("Dense", (), {"output_dim": 3})


def test_today_s_spelling_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        translate("Dense", (3,), {"kernel_initializer": "zeros"})
        translate("Conv2D", (3, 3), {"padding": "same"})


def test_both_spellings_at_once_are_an_error() -> None:
    with pytest.raises(TypeError, match="both 'units' and its old name 'output_dim'"):
        translate("Dense", (), {"output_dim": 3, "units": 3})


def test_a_call_that_meant_something_else_is_pointed_out() -> None:
    with pytest.warns(UserWarning, match=r"strides=3.*write kernel_size=\(3, 3\)"):
        assert translate("Conv2D", (8, 3, 3), {}) == ((8, 3, 3), {})
