"""Tests here compare Cornu with the real Keras, which starts afresh for each of them too."""

from __future__ import annotations

import keras
import pytest


@pytest.fixture(autouse=True)
def same_start_of_keras() -> None:
    """Automatic names and global state of the real Keras are reset."""
    keras.utils.clear_session(free_memory=False)
