"""Sliding windows over a series."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cornu.training.feed.py_dataset import PyDataset


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> PyDataset:
    """Batches of windows over a series, for `fit`, `evaluate` and `predict`.

    Args:
        data: time along the first axis, (T, ...).
        targets: `targets[i]` belongs to the window that starts at step i; None: no targets.
        sequence_length: steps of a window.
        sequence_stride: steps from one window's start to the next one's.
        sampling_rate: steps of the series between two steps of a window.
        batch_size: windows a batch; None: single windows, without a batch axis.
        shuffle: whether windows are put in another order, anew each epoch.
        seed: of that order; None: drawn.
        start_index: the first step that is used; default 0.
        end_index: the first step that is not used any more; default T.
        format: "tf" or "grain": accepted for Keras's sake; what is given needs neither library.

    Returns:
        A PyDataset of windows (batch, sequence_length, ...), or pairs (windows, targets).

    Raises:
        ValueError: if a number cannot be, or no window fits.

    Example:
        >>> import numpy as np
        >>> windows = timeseries_dataset_from_array(np.arange(5), np.arange(10, 15), 3)
        >>> [(x.tolist(), y.tolist()) for x, y in windows]
        [([[0, 1, 2], [1, 2, 3], [2, 3, 4]], [10, 11, 12])]
    """
    if format not in ("tf", "grain"):
        raise ValueError(f"format must be 'tf' or 'grain'. Received: {format!r}")
    data = np.asarray(data)
    if not data.ndim:
        raise ValueError("data must have a time axis; a single number was given")
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
        ("batch_size", 1 if batch_size is None else batch_size),
    ):
        if value < 1:
            raise ValueError(f"`{name}` must be 1 or more. Received: {value}")
    first, end = _range(start_index, end_index, len(data))
    series, aims = data[first:end], None if targets is None else np.asarray(targets)[first:end]
    starts = len(series) - (sequence_length - 1) * sampling_rate
    starts = min(starts, starts if aims is None else len(aims))
    if starts < 1:
        raise ValueError(
            f"no window of {sequence_length} steps, {sampling_rate} apart, fits into the "
            f"{len(series)} steps from {first} to {end}"
            + ("" if aims is None else f" with {len(aims)} targets")
        )
    return Windows(
        series,
        aims,
        np.arange(0, starts, sequence_stride),
        np.arange(sequence_length) * sampling_rate,
        batch_size,
        np.random.default_rng(seed) if shuffle else None,
    )


def _range(start: int | None, end: int | None, steps: int) -> tuple[int, int]:
    first, last = start or 0, steps if end is None else end
    if first < 0 or first >= steps:
        raise ValueError(f"`start_index` must be in [0, {steps}). Received: {start}")
    if last > steps or last <= first:
        raise ValueError(f"`end_index` must be in ({first}, {steps}]. Received: {end}")
    return first, last


class Windows(PyDataset):
    """Windows over a series, by the number of their batch.

    Args:
        series: (T, ...).
        targets: None, or one for each start.
        starts: where windows start.
        offsets: steps of a window, counted from its start.
        batch_size: windows a batch; None: one, without a batch axis.
        order: puts the windows in another order at first and after each epoch; None: leaves it.
    """

    def __init__(
        self,
        series: np.ndarray,
        targets: np.ndarray | None,
        starts: np.ndarray,
        offsets: np.ndarray,
        batch_size: int | None,
        order: np.random.Generator | None,
    ) -> None:
        super().__init__(workers=0)
        self.series, self.targets = series, targets
        self.starts, self.offsets = starts, offsets
        self.batch_size, self._order = batch_size, order
        self.on_epoch_end()

    def __len__(self) -> int:
        return math.ceil(len(self.starts) / (self.batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        size = self.batch_size or 1
        starts = self.starts[index * size : (index + 1) * size]
        if self.batch_size is None:
            starts = starts[0]
        windows = self.series[starts[..., None] + self.offsets]
        return windows if self.targets is None else (windows, self.targets[starts])

    def on_epoch_end(self) -> None:
        """Put the windows in another order, if that was asked for."""
        if self._order is not None:
            self.starts = self._order.permutation(self.starts)
