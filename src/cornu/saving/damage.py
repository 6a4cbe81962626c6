"""Errors of reading: a file that is damaged, or that a loader must not follow."""

from __future__ import annotations

LIMIT = 280  # characters of a message


class FileError(ValueError):
    """A model file cannot be read; the message says where, what was found and what was expected."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= LIMIT else f"{message[: LIMIT - 3]}...")


class DamagedError(FileError):
    """The content is not what was written: a checksum or the structure is wrong."""


class UnsafeError(FileError):
    """The file asks for something that loading never does."""


def shown(name: object, limit: int = 60) -> str:
    """A name out of a file, made fit for a message: printable and short."""
    text = "".join(c if c.isprintable() else "?" for c in str(name)[: limit + 1])
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def listed(names: object, limit: int = 4) -> str:
    """`a, b, c and 7 more`."""
    everything = [shown(name) for name in names]  # type: ignore[attr-defined]
    more = len(everything) - limit
    return ", ".join(everything[:limit]) + (f" and {more} more" if more > 0 else "")
