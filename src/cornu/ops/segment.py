"""Sums, products and extrema of rows that share a segment number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import jax

from cornu.ops.declare import op
from cornu.ops.promotion import as_array
from cornu.types import Array, Tensor


class Segment(Protocol):
    """An op that reduces the rows of each segment."""

    def __call__(
        self,
        data: Tensor,
        segment_ids: Tensor,
        num_segments: int | None = None,
        sorted: bool = False,
    ) -> Array:
        """Apply it."""
        ...


def _segment(name: str, function: Callable[..., Any], what: str) -> Segment:
    def call(
        data: Tensor, segment_ids: Tensor, num_segments: int | None = None, sorted: bool = False
    ) -> Array:
        ids = as_array(segment_ids).astype("int32")
        if ids.ndim != 1:
            raise ValueError(f"segment_ids must have one axis. Received shape {ids.shape}")
        if num_segments is None:
            num_segments = int(ids.max(initial=-1)) + 1
        return function(as_array(data), ids, num_segments, indices_are_sorted=sorted)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"""{what} of the rows of each segment.

    Args:
        data: (n, ...).
        segment_ids: (n,), integers; rows with ids outside of [0, num_segments) are left out.
        num_segments: size of the result; needed inside `jit`; default: as many as occur.
        sorted: promises that the ids ascend, for speed.
    """
    return op("math")(call)


segment_sum = _segment("segment_sum", jax.ops.segment_sum, "Sum")
segment_prod = _segment("segment_prod", jax.ops.segment_prod, "Product")
segment_max = _segment("segment_max", jax.ops.segment_max, "Largest element")
segment_min = _segment("segment_min", jax.ops.segment_min, "Smallest element")
