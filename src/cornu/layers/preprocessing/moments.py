"""Mean and variance of numbers that come in parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_CHUNK = 1 << 20  # numbers that stand in memory as float64 at a time


class Moments:
    """Mean and variance over some axes of all arrays added, in float64 on the host.

    Parts are joined by the pairwise rule, which loses no digits where the mean is large beside the
    deviation, as sums of squares would.

    Args:
        axes: the axes that are averaged over, from the front; axis 0 is always one of them.

    Source: Chan, Golub & LeVeque, "Updating formulae and a pairwise algorithm for computing sample
    variances", 1979.
    """

    def __init__(self, axes: Sequence[int]) -> None:
        self.axes = tuple(axes)
        self.count = 0
        self.mean: np.ndarray | None = None
        self._squares: np.ndarray | None = None  # sum of squared distances from the mean

    @property
    def variance(self) -> np.ndarray | None:
        """Mean squared distance from the mean; None before anything was added."""
        return None if self._squares is None else self._squares / self.count

    def add(self, values: np.ndarray) -> None:
        """Take the rows of an array in."""
        rows = max(1, _CHUNK * len(values) // max(values.size, 1))
        for start in range(0, len(values), rows):
            self._add(np.asarray(values[start : start + rows], np.float64))

    def _add(self, part: np.ndarray) -> None:
        count = int(np.prod([part.shape[axis] for axis in self.axes]))
        if not count:
            return
        mean = part.mean(self.axes, keepdims=True)
        squares = np.square(part - mean).sum(self.axes)
        mean = mean.squeeze(self.axes)
        if self.mean is None or self._squares is None:
            self.count, self.mean, self._squares = count, mean, squares
            return
        total = self.count + count
        apart = mean - self.mean
        self.mean = self.mean + apart * (count / total)
        self._squares = self._squares + squares + np.square(apart) * (self.count * (count / total))
        self.count = total
