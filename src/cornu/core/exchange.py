"""Two paths change places in one step, where the system can do that."""

from __future__ import annotations

import ctypes
import os

_HERE = -100  # the folder that relative paths start from, in calls of the `at` family
_EXCHANGE = 2


def exchange(first: str, second: str) -> bool:
    """Let two files or folders of one file system change places, at no moment missing.

    Args:
        first: path of the one.
        second: path of the other.

    Returns:
        Whether it was done; False where the system or the file system cannot.
    """
    call = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if call is None:
        return False
    return call(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0
