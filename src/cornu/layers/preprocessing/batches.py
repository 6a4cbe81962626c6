"""The data that `adapt` looks at: whatever holds or gives arrays, as arrays one after the other.

Libraries that data may come from are known by what their objects can do; none is imported here.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np

from cornu.core.finite import check_finite
from cornu.errors import BadInputError, short, warn
from cornu.layers.base.arguments import positive_integer

_SUSPICIOUS = 10_000  # batches of a source of unknown length after which to speak up
_INFINITE = -1  # as `tf.data.Dataset.cardinality` says it
_ENDLESS = (itertools.count, itertools.cycle, itertools.repeat)


def read(data: Any, layer_name: str, steps: int | None = None) -> Iterator[np.ndarray]:
    """Arrays of numbers, one batch of rows each, from what a user gave to `adapt`.

    Args:
        data: an array (NumPy, JAX, torch, pandas, nested lists of numbers), or a source that gives
            batches: PyDataset, generator, torch DataLoader, Grain or `tf.data` dataset. Of batches
            `(x, y)` or `(x, y, sample_weight)` only `x` counts.
        layer_name: for messages.
        steps: how many batches of a source to look at; default: all.

    Raises:
        TypeError: for what gives no arrays.
        BadInputError: for text, NaN, several inputs, a source without end or without rows.
    """
    if is_array(data):
        found: Iterable[np.ndarray] = [_numbers(data, "data", layer_name)]
    else:
        if steps is not None:
            positive_integer(steps, "steps", layer_name)
        batches = itertools.islice(_source(data, layer_name, steps), steps)
        found = (
            _numbers(_inputs(item, i, layer_name), f"batch {i} of data", layer_name)
            for i, item in enumerate(batches)
        )
    rows = 0
    for batch in found:
        rows += batch.shape[0]
        if batch.size:
            yield batch
    if not rows:
        raise BadInputError(f"`adapt` of layer '{layer_name}' was given data without a single row")


def is_array(data: Any) -> bool:
    """Whether `data` is one array, or a nested list of numbers that becomes one."""
    if isinstance(data, list | tuple | range):
        return True
    return hasattr(data, "shape") and (hasattr(data, "dtype") or hasattr(data, "__array__"))


def _source(data: Any, layer_name: str, steps: int | None) -> Iterable[Any]:
    """What to iterate over for the batches of a source."""
    if inspect.isgeneratorfunction(data):
        raise TypeError(f"`data` is the generator function `{data.__name__}`: call it")
    if isinstance(data, str | bytes | dict) or data is None:
        raise TypeError(
            f"`adapt` of layer '{layer_name}' takes one array, or a dataset or generator of them. "
            f"Received: data={short(data)}"
        )
    if steps is None and _is_endless(data):
        raise BadInputError(
            f"the {type(data).__name__} given to `adapt` of layer '{layer_name}' never ends: pass "
            "`steps`, the number of batches to look at"
        )
    if hasattr(data, "as_numpy_iterator"):
        return data.as_numpy_iterator()
    if hasattr(data, "__iter__"):
        return _watched(data, layer_name, steps)
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return (data[i] for i in range(len(data)))
    raise TypeError(
        f"`adapt` of layer '{layer_name}' takes one array, or a dataset or generator of them. "
        f"Received: data={short(data)}"
    )


def _is_endless(data: Any) -> bool:
    """Whether it is certain that a source gives batches for ever."""
    if hasattr(data, "cardinality"):
        return int(data.cardinality()) == _INFINITE
    return isinstance(data, _ENDLESS) or getattr(data, "num_batches", 0) is None


def _watched(source: Iterable[Any], layer_name: str, steps: int | None) -> Iterator[Any]:
    for i, item in enumerate(source):
        if i == _SUSPICIOUS and steps is None and not hasattr(source, "__len__"):
            warn(
                f"`adapt` of layer '{layer_name}' has seen {i} batches and the source has not "
                "ended; if it never does, pass `steps`"
            )
        yield item


def _inputs(item: Any, number: int, layer_name: str) -> Any:
    """`x` of a batch, which may be `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""
    is_parts = isinstance(item, tuple) or (isinstance(item, list) and _holds_arrays(item))
    x = item[0] if is_parts and 1 <= len(item) <= 3 else item
    if isinstance(x, dict) or (isinstance(x, list | tuple) and _holds_arrays(x)):
        raise BadInputError(
            f"batch {number} of data given to `adapt` of layer '{layer_name}' holds several "
            "arrays: let the source give the one that this layer gets"
        )
    return x


def _holds_arrays(parts: Any) -> bool:
    return any(hasattr(part, "shape") or isinstance(part, dict) for part in parts)


def _numbers(value: Any, name: str, layer_name: str) -> np.ndarray:
    """One array with an axis of rows, and numbers in it.

    Raises:
        BadInputError: naming the place, for anything else.
    """
    array = _as_numpy(value)
    if array.dtype == object:
        array = _from_objects(array)
    place = f"{name} given to `adapt` of layer '{layer_name}'"
    if array.dtype.kind not in "biuf" and not jnp.issubdtype(array.dtype, np.floating):
        raise BadInputError(f"{place} holds no numbers, but {array.dtype}")
    if not array.ndim:
        raise BadInputError(f"{place} is a single number; its first axis must be rows")
    check_finite(f"`adapt` of layer '{layer_name}': {name}", array)
    return array


def _as_numpy(value: Any) -> np.ndarray:
    if hasattr(value, "detach"):  # a torch tensor, perhaps on a device or with a gradient
        value = value.detach().cpu()
    elif hasattr(value, "toarray"):  # a sparse matrix
        value = value.toarray()
    try:
        return np.asarray(value)
    except ValueError:  # ragged
        array = np.empty(len(value), object)
        array[:] = value
        return array


def _from_objects(array: np.ndarray) -> np.ndarray:
    """Python numbers in an array of objects as an array of numbers, where they fit into one."""
    try:
        return np.array(array.tolist(), np.float64)
    except (ValueError, TypeError):
        return array
