"""Initializers: what weights are before training."""

from typing import TYPE_CHECKING, Any

import numpy as np

from cornu.core.variable import Variable
from cornu.errors import explain_missing_names
from cornu.initializers.constant import Constant as Constant
from cornu.initializers.constant import Ones as Ones
from cornu.initializers.constant import Zeros as Zeros
from cornu.initializers.draws import GlorotNormal as GlorotNormal
from cornu.initializers.draws import GlorotUniform as GlorotUniform
from cornu.initializers.draws import HeNormal as HeNormal
from cornu.initializers.draws import HeUniform as HeUniform
from cornu.initializers.draws import LecunNormal as LecunNormal
from cornu.initializers.draws import LecunUniform as LecunUniform
from cornu.initializers.draws import RandomNormal as RandomNormal
from cornu.initializers.draws import RandomUniform as RandomUniform
from cornu.initializers.draws import TruncatedNormal as TruncatedNormal
from cornu.initializers.draws import VarianceScaling as VarianceScaling
from cornu.initializers.initializer import Initializer as Initializer
from cornu.initializers.structured import STFT as STFT
from cornu.initializers.structured import Identity as Identity
from cornu.initializers.structured import Orthogonal as Orthogonal
from cornu.serialization.family import Family
from cornu.types import Array

IdentityInitializer = Identity
OrthogonalInitializer = Orthogonal
STFTInitializer = STFT
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
stft = STFT
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

family = Family(
    "initializer",
    "keras.initializers",
    [
        Constant, Identity, Ones, STFT, Zeros, GlorotNormal, GlorotUniform, HeNormal, HeUniform,
        LecunNormal, LecunUniform, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal,
        VarianceScaling,
    ],
    {
        "IdentityInitializer": Identity,
        "OrthogonalInitializer": Orthogonal,
        "STFTInitializer": STFT,
        "one": Ones,
        "zero": Zeros,
        "normal": RandomNormal,
        "uniform": RandomUniform,
    },
)  # fmt: skip


def get(identifier: Any) -> Any:
    """The initializer meant by a name, a config, a class, a function `(shape, dtype)`, or None.

    An array stands for itself: the weight must have its shape.

    Raises:
        UnknownNameError: if a name is not known.
        TypeError: if it is nothing of the above.
    """
    if isinstance(identifier, Array | np.ndarray | Variable):
        return Constant.of_array(identifier)
    return family.get(identifier)


def serialize(initializer: Any) -> Any:
    """A JSON-ready form of an initializer."""
    return family.serialize(initializer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The initializer behind such a form.

    Raises:
        UnknownNameError: if its name is not known.
    """
    return family.get(family.deserialize(config, custom_objects))


if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
