"""Random numbers: `keras.random`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cornu.core.random import SeedGenerator as SeedGenerator
from cornu.errors import explain_missing_names
from cornu.random.draws import beta as beta
from cornu.random.draws import binomial as binomial
from cornu.random.draws import categorical as categorical
from cornu.random.draws import dropout as dropout
from cornu.random.draws import gamma as gamma
from cornu.random.draws import normal as normal
from cornu.random.draws import randint as randint
from cornu.random.draws import shuffle as shuffle
from cornu.random.draws import truncated_normal as truncated_normal
from cornu.random.draws import uniform as uniform
from cornu.serialization import registry

registry.register_own("keras.random", (SeedGenerator,))

if not TYPE_CHECKING:
    __getattr__ = explain_missing_names(__name__)
