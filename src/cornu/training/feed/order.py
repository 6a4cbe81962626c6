"""The order of rows: a function of a seed, never of what was drawn before.

So an epoch can be entered in its middle, on another machine or under another version of NumPy, and
goes on bit for bit.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

Mode = bool | Literal["batch"]
Seed = tuple[int, int]  # (seed of the run, steps that were done before this epoch)

_WORD = 2**64 - 1


def permutation(seed: Seed, n: int, batch_size: int | None = None, mode: Mode = True) -> np.ndarray:
    """The row numbers `0 .. n-1` in the order that `seed` means; int32 where they fit.

    The random words come from Philox-4x64 (Salmon et al., "Parallel random numbers", SC 2011),
    whose raw stream NumPy keeps stable over versions, which `Generator.permutation` is not. Each
    word gets its row number in the low bits, so that words differ and any sort gives one order.

    Args:
        seed: seed of the run, and any number that differs from epoch to epoch.
        n: how many rows.
        batch_size: rows of a batch; only `mode="batch"` asks for it.
        mode: True shuffles rows, False keeps them in order, `"batch"` shuffles whole batches and
            leaves the smaller last batch at the end.

    Raises:
        ValueError: if `mode` is none of these.
    """
    check_mode(mode)
    dtype = np.int32 if n < 2**31 else np.int64
    if not mode:
        return np.arange(n, dtype=dtype)
    if mode != "batch":
        return _shuffled(seed, n).astype(dtype)
    if batch_size is None:
        raise ValueError("shuffle='batch' needs a batch_size")
    whole = n // batch_size * batch_size
    rows = np.arange(n, dtype=dtype)
    rows[:whole] = (
        rows[:whole].reshape(-1, batch_size)[_shuffled(seed, n // batch_size)].reshape(-1)
    )
    return rows


def check_mode(mode: Any) -> None:
    """Raise ValueError unless `mode` is a way to shuffle."""
    if isinstance(mode, str) and mode != "batch":
        raise ValueError(f"shuffle must be True, False or 'batch'. Received: shuffle={mode!r}")


def _shuffled(seed: Seed, n: int) -> np.ndarray:
    key = np.array([part & _WORD for part in seed], dtype=np.uint64)
    words = np.random.Philox(key=key).random_raw(n)
    low = np.uint64((1 << max(n - 1, 0).bit_length()) - 1)
    numbered = (words & ~low) | np.arange(n, dtype=np.uint64)
    numbered.sort()
    return numbered & low


class Schedule:
    """Which items (rows or whole batches) make up each epoch of a source of `n` of them.

    Without `steps`, an epoch is one pass. With it, passes follow one another without end and an
    epoch is the next `steps` batches of them, so that `steps_per_epoch` neither leaves out data for
    ever nor runs short.

    Args:
        n: items of one pass.
        mode: as in `permutation`.
        batch_size: items of a step.
        steps: steps of one epoch; None for one pass.
    """

    def __init__(
        self,
        n: int,
        mode: Mode = False,
        batch_size: int = 1,
        steps: int | None = None,
    ) -> None:
        self.n, self.batch_size, self.steps = n, batch_size, steps
        self.mode: Mode = mode

    @property
    def length(self) -> int:
        """Items of one epoch."""
        return self.n if self.steps is None else self.steps * self.batch_size

    def items(self, seed: Seed) -> np.ndarray:
        """The item numbers of the epoch, in order."""
        run, done = seed
        if self.steps is None or self.n == 0:
            return permutation(seed, self.n, self.batch_size, self.mode)
        start = done * self.batch_size
        first, last = start // self.n, -(-(start + self.length) // self.n)
        passes = [
            permutation((run, k), self.n, self.batch_size, self.mode) for k in range(first, last)
        ]
        return np.concatenate(passes)[start % self.n :][: self.length]
