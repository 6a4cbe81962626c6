"""What many layers do with the arguments of their constructors."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

_NO_ARGUMENTS = ("self", "__class__", "kwargs")  # though names in a constructor


def axis_sizes(value: Any, rank: int, name: str, layer_name: str) -> tuple[int, ...]:
    """One positive integer an axis, of one integer or of as many.

    Raises:
        ValueError: if it is neither.
    """
    entries = (value,) * rank if hasattr(value, "__index__") else value
    sizes = tuple(entries) if isinstance(entries, list | tuple) else ()
    sizes = sizes * rank if len(sizes) == 1 else sizes
    positive = all(hasattr(size, "__index__") and int(size) > 0 for size in sizes)
    if len(sizes) != rank or not positive:
        form = "a positive integer" if rank == 1 else f"a positive integer or {rank} of them"
        raise ValueError(
            f"`{name}` must be {form}. Received: {name}={value!r} (layer '{layer_name}')"
        )
    return tuple(int(size) for size in sizes)


def positive_integer(value: Any, name: str, layer_name: str) -> int:
    """`value` as an int.

    Raises:
        ValueError: if it is not a positive integer.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) <= 0:
        raise ValueError(
            f"`{name}` must be a positive integer. "
            f"Received: {name}={value!r} (layer '{layer_name}')"
        )
    return int(value)


def handed_on(names: dict[str, Any], without: Collection[str] = ()) -> dict[str, Any]:
    """The arguments of a constructor for that of its base class, which takes the same by name.

    Args:
        names: its `locals()`, before it has any others.
        without: names of those that are its own.
    """
    kept = {name: value for name, value in names.items() if name not in (*_NO_ARGUMENTS, *without)}
    return {**kept, **names.get("kwargs", {})}
