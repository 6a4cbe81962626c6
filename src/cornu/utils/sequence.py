"""Sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_SIDES = ("pre", "post")


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences made equally long: shorter ones are filled, longer ones cut.

    Args:
        sequences: lists or arrays; their items are numbers, or arrays of one shape.
        maxlen: length of the result; default: that of the longest.
        dtype: of the result; `object` for texts of any length.
        padding: "pre" or "post": the side that is filled.
        truncating: "pre" or "post": the side that is cut.
        value: what to fill with.

    Returns:
        Array of shape (len(sequences), maxlen, *shape of an item).

    Raises:
        ValueError: naming the first sequence that does not fit.

    Example:
        >>> pad_sequences([[1], [2, 3]]).tolist()
        [[0, 1], [2, 3]]
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        if side not in _SIDES:
            raise ValueError(f"{name} must be 'pre' or 'post'. Received: {name}={side!r}")
    lengths = _lengths(sequences)
    if maxlen is None:
        maxlen = max(lengths, default=0)
    first = next((i for i, length in enumerate(lengths) if length), None)
    item_shape = () if first is None else np.asarray(sequences[first]).shape[1:]
    padded = _filled((len(lengths), maxlen, *item_shape), value, dtype)
    for i, sequence in enumerate(sequences):
        if not lengths[i] or not maxlen:
            continue
        cut = sequence[-maxlen:] if truncating == "pre" else sequence[:maxlen]
        row = np.asarray(cut, dtype=dtype)
        if row.shape[1:] != item_shape:
            raise ValueError(
                f"sequence {i} has items of shape {row.shape[1:]}, those before it {item_shape}"
            )
        place = slice(maxlen - len(row), maxlen) if padding == "pre" else slice(0, len(row))
        padded[i, place] = row
    return padded


def _lengths(sequences: Any) -> list[int]:
    if not hasattr(sequences, "__len__"):
        raise ValueError(
            f"sequences must be a list or array of sequences. Received: {type(sequences).__name__}"
        )
    for i, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(
                f"sequences must hold lists or arrays; number {i} is {type(sequence).__name__}"
            )
    return [len(sequence) for sequence in sequences]


def _filled(shape: tuple[int, ...], value: Any, dtype: Any) -> np.ndarray:
    is_text = np.issubdtype(np.dtype(dtype), np.str_) or np.dtype(dtype) == object
    if isinstance(value, str) and not is_text:
        raise ValueError(f"value is text, which dtype {dtype} cannot hold: pass dtype=object")
    return np.full(shape, value, dtype=dtype)
