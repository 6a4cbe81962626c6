"""torch, TensorFlow and Grain are not installed here: stand-ins with their names and protocols."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from cornu.errors import BadInputError
from cornu.training.feed import feed


def pull(found: feed.Feed) -> list[int]:
    return [int(batch[0].flat[0]) for batch in found.batches((0, 0))]


class Tensor:
    """What is used of a torch tensor."""

    def __init__(self, array: np.ndarray, dtype: str = "torch.float32") -> None:
        self.array, self.dtype, self.shape = array, dtype, array.shape
        self.steps: list[str] = []

    def detach(self) -> Tensor:
        self.steps.append("detach")
        return self

    def cpu(self) -> Tensor:
        self.steps.append("cpu")
        return self

    def float(self) -> Tensor:
        self.dtype = "torch.float32"
        return self

    def numpy(self) -> np.ndarray:
        assert self.steps == ["detach", "cpu"]
        assert self.dtype != "torch.bfloat16"  # torch refuses it
        return self.array


class Dataset:
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        return np.ones(3)


class DataLoader:
    def __init__(self, sized: bool = True, drop_last: bool = False) -> None:
        self.sized, self.drop_last = sized, drop_last
        self.dataset = Dataset()
        self.batch_size = 2

    def __len__(self) -> int:
        if not self.sized:
            raise TypeError("object of type 'IterableDataset' has no len()")
        return 3

    def __iter__(self) -> Iterator[Any]:
        for i in range(3):
            yield [Tensor(np.full((2, 3), i)), Tensor(np.zeros(2))]


for cls in (Tensor, Dataset, DataLoader):
    cls.__module__ = "torch.utils.data"


@pytest.mark.parametrize("dtype", ["torch.float32", "torch.bfloat16"])
def test_torch_tensors_are_arrays(dtype: str) -> None:
    found = feed.make(Tensor(np.ones((4, 2)), dtype), Tensor(np.zeros(4)))
    assert found.arrays is not None
    assert found.arrays[0].dtype == np.float32


def test_torch_loader() -> None:
    found = feed.make(DataLoader())
    assert (found.size, found.samples, found.batch_size) == (3, 5, 2)
    assert found.peek()[1].tolist() == [0, 0]
    assert pull(found) == pull(found) == [0, 1, 2]


def test_torch_loader_without_length() -> None:
    found = feed.make(DataLoader(sized=False))
    assert found.size is None
    assert pull(found) == [0, 1, 2]


def test_torch_dataset_needs_a_loader() -> None:
    with pytest.raises(TypeError, match="wrap it in a torch DataLoader"):
        feed.make(Dataset())


class DatasetV2:
    def __init__(self, cardinality: int) -> None:
        self._cardinality = cardinality

    def cardinality(self) -> np.ndarray:
        return np.array(self._cardinality)

    def __len__(self) -> int:
        return self._cardinality

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("its own tensors are not asked for")

    def as_numpy_iterator(self) -> Iterator[Any]:
        for i in range(3):
            yield {"a": np.full((2, 3), i)}, np.zeros(2)


class MapDataset:
    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> Any:
        return np.full((2, 1), index)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(min(self.size, 3)))


DatasetV2.__module__ = "tensorflow.python.data.ops.dataset_ops"
MapDataset.__module__ = "grain._src.python.dataset.dataset"


@pytest.mark.parametrize(("cardinality", "size"), [(3, 3), (-2, None)])
def test_tf_data(cardinality: int, size: int | None) -> None:
    found = feed.make(DatasetV2(cardinality))
    assert found.size == size
    assert [int(batch[0]["a"].flat[0]) for batch in found.batches((0, 0))] == [0, 1, 2]


def test_grain() -> None:
    found = feed.make(MapDataset(3))
    assert found.size == 3
    assert pull(found) == pull(found) == [0, 1, 2]


@pytest.mark.parametrize("source", [DatasetV2(-1), MapDataset(sys.maxsize)])
def test_endless_ones_need_steps(source: Any) -> None:
    with pytest.raises(BadInputError, match="pass steps_per_epoch"):
        feed.make(source)
    assert feed.make(source, steps=2).size == 2


def test_nothing_of_theirs_is_imported() -> None:
    assert not {"torch", "tensorflow", "grain"} & {name for name in sys.modules if "." not in name}
