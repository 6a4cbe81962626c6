"""What a process gathers while models are made, and how to let go of it."""

from __future__ import annotations

import gc

from cornu.core import naming, random


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names and the global random generator again, as in a new process.

    Args:
        free_memory: also collect objects that nothing refers to any more.
    """
    naming.reset()
    random.reset_global_generator()
    if free_memory:
        gc.collect()
