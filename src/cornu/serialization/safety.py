"""Whether the present call may turn code inside a config into functions.

Only the caller of the loading function can allow it, for that very call; nothing in a file can, and
there is no switch for the whole process.
"""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator

_code_allowed: contextvars.ContextVar[bool] = contextvars.ContextVar("code_allowed", default=False)


def is_safe() -> bool:
    """Whether code in configs, and paths and addresses in them, are refused."""
    return not _code_allowed.get()


@contextlib.contextmanager
def mode(safe: bool) -> Iterator[None]:
    """Inside, configs are read with (`safe`) or without the protection."""
    token = _code_allowed.set(safe is False)
    try:
        yield
    finally:
        _code_allowed.reset(token)
