"""What all tests share: one CPU, no window, an empty home, the same start each time."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator

# Before anything imports JAX, Keras, matplotlib or Cornu: they read these once.
_home = tempfile.mkdtemp(prefix="cornu-tests-")
atexit.register(shutil.rmtree, _home, ignore_errors=True)
os.environ["KERAS_BACKEND"] = "jax"
os.environ["KERAS_HOME"] = _home
os.environ["XDG_CACHE_HOME"] = _home
os.environ["MPLBACKEND"] = "Agg"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np
import pytest

from cornu.core import naming
from cornu.core.random import set_random_seed
from cornu.settings import settings


@pytest.fixture(autouse=True)
def same_start() -> Iterator[None]:
    """Automatic names, seeds and settings do not leak from one test into the next."""
    before = dict(vars(settings))
    naming.reset()
    set_random_seed(1)
    yield
    for name, value in before.items():
        setattr(settings, name, value)


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers for test data, the same in each run."""
    return np.random.default_rng(1)
