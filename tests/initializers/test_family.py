"""Getting initializers by what users write."""

import numpy as np
import pytest

from cornu import initializers
from cornu.errors import UnknownNameError
from cornu.initializers import GlorotUniform, Identity, Ones, Orthogonal, RandomUniform, Zeros


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("zeros", Zeros),
        ("Zeros", Zeros),
        ("one", Ones),
        ("uniform", RandomUniform),
        ("glorot_uniform", GlorotUniform),
        ("IdentityInitializer", Identity),
        (Orthogonal, Orthogonal),
        ({"class_name": "Zeros"}, Zeros),
        ({"class_name": "glorot_uniform", "config": {"seed": 1}}, GlorotUniform),
    ],
)
def test_get(identifier, expected) -> None:
    assert type(initializers.get(identifier)) is expected


def test_get_leaves_none_objects_and_functions_alone() -> None:
    ones = Ones()

    def fill(shape, dtype=None):
        return np.ones(shape, dtype)

    assert initializers.get(None) is None
    assert initializers.get(ones) is ones
    assert initializers.get(fill) is fill


def test_unknown_names_get_a_suggestion() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'glorot_uniform'"):
        initializers.get("glorot_unifrom")


@pytest.mark.parametrize("identifier", [3, [1, 2], object()])
def test_nonsense_is_refused(identifier) -> None:
    with pytest.raises(TypeError, match="could not understand initializer"):
        initializers.get(identifier)


@pytest.mark.parametrize(
    "name", sorted({cls.__name__ for cls in initializers.family.names.values()})
)
def test_every_initializer_survives_its_config(name) -> None:
    cls = getattr(initializers, name)
    seeded = "seed" in cls().get_config()
    before = cls(seed=3) if seeded else cls()
    after = initializers.deserialize(initializers.serialize(before))
    assert type(after) is cls
    shape = (4, 1, 3) if name == "STFT" else (4, 3)
    np.testing.assert_array_equal(after(shape), before(shape))


def test_a_gain_survives_its_config() -> None:
    again = initializers.deserialize(initializers.serialize(Identity(2.0)))
    assert again((1, 1)).tolist() == [[2.0]]
