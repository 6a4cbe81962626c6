"""Quantiles of more numbers than fit in memory, from a summary of bounded size."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np


class Summary(NamedTuple):
    """Values in ascending order, each with the weight of the numbers it stands for.

    A summary keeps about `1 / epsilon` values, evenly spread over the numbers' order. Two are
    joined by sorting their values together and, if there are more than that, taking evenly spread
    ones again.
    """

    values: np.ndarray
    weights: np.ndarray

    @classmethod
    def empty(cls) -> Self:
        """The summary of no numbers."""
        return cls(np.zeros(0), np.zeros(0))

    @classmethod
    def of(cls, numbers: np.ndarray, epsilon: float) -> Self:
        """The summary of an array: of its sorted numbers every `(size * epsilon)`-th."""
        numbers = np.sort(np.asarray(numbers, np.float64), axis=None)
        share = max(numbers.size / (1 / epsilon), 1.0)
        step = int(share)
        values = numbers[step - 1 :: step]
        return cls(values, np.full(values.size, share))

    def joined(self, other: Summary, epsilon: float) -> Summary:
        """The summary of both's numbers."""
        values = np.concatenate([self.values, other.values])
        weights = np.concatenate([self.weights, other.weights])
        order = np.argsort(values, kind="stable")
        return Summary(values[order], weights[order])._thinned(epsilon)

    def _thinned(self, epsilon: float) -> Summary:
        """As few values as `epsilon` allows, interpolated at even steps of the weight."""
        if self.values.size * epsilon < 1:
            return self
        reached = np.cumsum(self.weights)
        shares = epsilon + np.arange(0, 1, epsilon)
        values = np.interp(shares, reached / reached[-1], self.values)
        weights = np.diff(np.interp(shares, reached / reached[-1], reached), prepend=0)
        return Summary(values, weights)

    def quantiles(self, parts: int) -> np.ndarray:
        """The values that cut the numbers into `parts` of equal weight.

        Args:
            parts: how many.

        Returns:
            `parts - 1` values in ascending order; where the summary has fewer values than `parts`,
            all of them but the last.
        """
        if self.values.size < parts:
            return self.values[:-1]
        reached = np.cumsum(self.weights)
        return np.interp(np.arange(1, parts) / parts, reached / reached[-1], self.values)
