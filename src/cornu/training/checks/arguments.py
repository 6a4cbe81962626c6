"""Numbers of epochs, rows and steps that cannot be meant."""

from __future__ import annotations

from typing import Any

from cornu.errors import short

_COUNTS = ("epochs", "batch_size", "steps_per_epoch", "validation_steps", "validation_batch_size")


def check_fit_arguments(arguments: dict[str, Any]) -> None:
    """The numbers among the arguments of `fit`."""
    for name in _COUNTS:
        check_count(name, arguments[name])
    for name in ("initial_epoch", "initial_step"):
        value = arguments[name]
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < 0:
            raise ValueError(f"{name} must be an integer >= 0, got {short(value)}")
    split = arguments["validation_split"]
    if split and not (isinstance(split, float) and 0 < split < 1):
        raise ValueError(f"validation_split must be a number between 0 and 1, got {short(split)}")


def check_count(name: str, value: Any) -> None:
    """None or a positive integer."""
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        kind = type(value).__name__
        raise TypeError(f"{name} must be a positive int, got {short(value)} ({kind})")
    if value < 1:
        raise ValueError(f"{name} must be a positive int, got {short(value)}")
