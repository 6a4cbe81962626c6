from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cornu import utils


@utils.register_keras_serializable("tests")
class Point:
    def __init__(self, x: int) -> None:
        self.x = x

    def get_config(self) -> dict[str, Any]:
        return {"x": self.x}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Point:
        return cls(**config)


def test_registered_objects_go_through_a_config() -> None:
    form = utils.serialize_keras_object({"points": [Point(3)], "rate": 0.5})
    found = utils.deserialize_keras_object(form)
    assert found["rate"] == 0.5
    assert found["points"][0].x == 3
    assert utils.get_registered_name(Point) == "tests>Point"
    assert utils.get_registered_object("tests>Point") is Point


def test_custom_objects_for_one_call_or_for_a_block() -> None:
    class Unregistered(Point):
        pass

    form = utils.serialize_keras_object(Unregistered(4))
    with pytest.raises(ValueError, match="Unregistered"):
        utils.deserialize_keras_object(form)
    table = {"Unregistered": Unregistered}
    assert type(utils.deserialize_keras_object(form, custom_objects=table)) is Unregistered
    with utils.custom_object_scope(table):
        assert type(utils.deserialize_keras_object(form)) is Unregistered


def test_unknown_keywords() -> None:
    with pytest.raises(TypeError, match="did you mean 'custom_objects'"):
        utils.deserialize_keras_object({}, custom_object={})


def test_one_seed_for_all() -> None:
    utils.set_random_seed(3)
    first = np.random.rand(2).tolist()
    utils.set_random_seed(3)
    assert np.random.rand(2).tolist() == first


@pytest.mark.parametrize("data", [(1,), (1, 2), (1, 2, 3), ({"a": 1}, [2])])
def test_pack_and_unpack_are_opposites(data: tuple[Any, ...]) -> None:
    packed = utils.pack_x_y_sample_weight(*data)
    assert utils.unpack_x_y_sample_weight(packed) == (*data, None, None)[:3]


def test_a_misspelt_name() -> None:
    with pytest.raises(AttributeError, match="did you mean 'to_categorical'"):
        _ = utils.to_categoricals
