"""What callbacks write for people, and what the place they write to can show."""

from __future__ import annotations

import dataclasses
import logging
import os
import sys
from typing import TextIO

from cornu.settings import settings

_NOTEBOOKS = ("ipykernel", "google", "colabtools", "pyodide_kernel")
_BARS = (("━", "━"), ("=", "."))  # done and to do; the second where the first cannot be encoded


def say(text: str) -> None:
    """Write one line to stdout, or to the log "cornu" where interactive logging is off."""
    if settings.interactive_logging:
        write(f"{text}\n")
    else:
        logging.getLogger("cornu").info(text.strip("\n"))


def write(text: str) -> None:
    """Write to stdout and flush; characters that it cannot encode become `?`."""
    stream = sys.stdout
    if stream is None:  # a process without a console
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
    stream.flush()


@dataclasses.dataclass(frozen=True)
class Screen:
    """What stdout can show.

    Attributes:
        live: whether a line can be drawn over again.
        colour: whether it understands colours.
        columns: width of a terminal; None where lines have no end.
        bar: characters for the done and the open part of a bar.
    """

    live: bool
    colour: bool
    columns: int | None
    bar: tuple[str, str]


def look() -> Screen:
    """What the present stdout can show."""
    stream = sys.stdout
    notebook = type(stream).__module__.split(".")[0] in _NOTEBOOKS
    terminal = _is_terminal(stream)
    live = (terminal or notebook or "PYCHARM_HOSTED" in os.environ) and settings.interactive_logging
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return Screen(
        live=live,
        colour=live and not plain,
        columns=_columns(stream) if terminal else None,
        bar=next(bar for bar in _BARS if _can_show(stream, bar[0])),
    )


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except (AttributeError, ValueError):  # a stand-in without isatty, or a closed file
        return False


def _columns(stream: TextIO) -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given):
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, AttributeError, ValueError):
        return 80


def _can_show(stream: TextIO | None, character: str) -> bool:
    encoding = getattr(stream, "encoding", None) or ("utf-8" if stream is not None else "ascii")
    try:
        character.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True
