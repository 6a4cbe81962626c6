"""Config behaves as the one of Keras."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import keras
import pytest

from cornu.utils import Config


def changes(config: Any) -> None:
    config.use_ema = True
    config["seed"] = 1
    config.update({"a": [1, 2]}, b=None)
    config.pop("momentum")
    del config["b"]


LOOKS: list[Callable[[Any], Any]] = [
    *(repr, len, list, lambda c: c.as_dict(), lambda c: c.to_json(), lambda c: list(c.keys())),
    lambda c: list(c.values()),
    lambda c: list(c.items()),
    lambda c: ("seed" in c, "nope" in c, c.get("nope", 3), c.seed, c["use_ema"], c.frozen),
]


@pytest.mark.parametrize("look", LOOKS)
def test_looks_like_keras(look: Callable[[Any], Any]) -> None:
    configs = [kind(learning_rate=0.1, momentum=0.9) for kind in (Config, keras.utils.Config)]
    for config in configs:
        changes(config)
    assert look(configs[0]) == look(configs[1])


CHANGES: list[Callable[[Any], Any]] = [
    lambda c: setattr(c, "a", 2),
    lambda c: c.__setitem__("a", 2),
    lambda c: c.__delitem__("a"),
    lambda c: c.pop("a"),
    lambda c: c.update(a=2),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", [Config, keras.utils.Config], ids=["cornu", "keras"])
def test_a_frozen_config_refuses_changes(kind: Any, change: Callable[[Any], Any]) -> None:
    config = kind(a=1)
    config.freeze()
    assert config.frozen
    with pytest.raises(ValueError, match="frozen"):
        change(config)
    assert config.as_dict() == {"a": 1}
    config.unfreeze()
    change(config)
    assert config.as_dict() != {"a": 1}


def test_missing_entries() -> None:
    config = Config(momentum=0.9)
    with pytest.raises(AttributeError, match="did you mean 'momentum'"):
        _ = config.momentun
    with pytest.raises(KeyError):
        _ = config["nope"]
    with pytest.raises(AttributeError, match="frozen"):
        config.frozen = True
    with pytest.raises(TypeError):
        Config(a=object()).to_json()


def test_copies_are_equal_and_apart() -> None:
    config = Config(a=[1])
    config.freeze()
    for twin in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert twin == config
        assert twin.frozen
        assert twin.a is not config.a
    assert config != Config(a=[2])
