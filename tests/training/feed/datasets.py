"""Datasets for the tests here, in a module that worker processes can import."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from cornu.utils import PyDataset


class Ramp(PyDataset):
    """Batch `i` is full of `i`; the hooks and indices asked for are noted in `log`."""

    def __init__(self, n: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n = n
        self.log: list[Any] = []

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, index: int) -> Any:
        self.log.append(index)
        return np.full((2, 1), index), np.zeros((2, 1))

    def on_epoch_begin(self) -> None:
        self.log.append("begin")

    def on_epoch_end(self) -> None:
        self.log.append("end")


class Process(Ramp):
    """Batch `i` holds `i` and the process that made it."""

    def __getitem__(self, index: int) -> Any:
        return np.array([[index, os.getpid() % 2**20]])


class Broken(Ramp):
    """Batch 2 cannot be made."""

    def __getitem__(self, index: int) -> Any:
        if index == 2:
            raise KeyError("no such file")
        return super().__getitem__(index)
