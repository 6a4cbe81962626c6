"""Lazy logs behave as the dict of floats that they become."""

from __future__ import annotations

import copy
import json
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from cornu.callbacks.logs import LazyLogs, find, lazy, missing, plain


def make() -> LazyLogs:
    return LazyLogs(loss=jnp.float32(0.5), n=np.int32(2), outputs=np.ones(3))


@pytest.mark.parametrize(
    "read",
    [
        lambda logs: logs["loss"],
        lambda logs: logs.get("loss"),
        lambda logs: logs.pop("loss"),
        lambda logs: dict(logs)["loss"],
        lambda logs: {**logs}["loss"],
        lambda logs: logs.copy()["loss"],
        lambda logs: next(iter(logs.values())),
        lambda logs: dict(logs.items())["loss"],
        lambda logs: (logs | {})["loss"],
        lambda logs: ({} | logs)["loss"],
        lambda logs: {"x": 1, **logs}["loss"],
        lambda logs: copy.deepcopy(logs)["loss"],
    ],
)
def test_every_way_to_read_gives_a_python_float(read: Any) -> None:
    value = read(make())
    assert type(value) is float
    assert value == 0.5


def test_it_prints_and_dumps_as_plain_numbers() -> None:
    logs = make()
    del logs["outputs"]
    assert repr(logs) == "{'loss': 0.5, 'n': 2.0}"
    assert json.loads(json.dumps(logs)) == {"loss": 0.5, "n": 2.0}
    assert logs == {"loss": 0.5, "n": 2}
    assert logs.get("none", 3) == 3


def test_arrays_stay_arrays() -> None:
    assert make()["outputs"].shape == (3,)


@pytest.mark.parametrize("value", [1, True, 0.5, "text", None])
def test_plain_values_are_left_alone(value: Any) -> None:
    assert plain(value) is value


def test_only_plain_dicts_are_wrapped() -> None:
    class Own(dict[str, Any]):
        pass

    own = Own()
    assert lazy(own) is own
    assert lazy(None) == {}
    assert isinstance(lazy({}), LazyLogs)


@pytest.mark.parametrize(
    ("asked", "there", "expected"),
    [
        ("loss", ["loss"], "loss"),
        ("val_acc", ["val_accuracy"], "val_accuracy"),
        ("accuracy", ["acc"], "acc"),
        ("acc", ["acc", "accuracy"], "acc"),
        ("lr", ["learning_rate"], "learning_rate"),
        ("val_los", ["val_loss"], None),
        ("acc", ["val_accuracy"], None),
    ],
)
def test_names_are_found_under_their_other_name(
    asked: str, there: list[str], expected: str | None
) -> None:
    assert find(dict.fromkeys(there), asked) == expected


def test_a_missing_name_is_answered_with_those_there_are() -> None:
    assert missing("val_los", ["loss", "val_loss"]) == (
        "no metric 'val_los'; available: loss, val_loss; did you mean 'val_loss'?"
    )
