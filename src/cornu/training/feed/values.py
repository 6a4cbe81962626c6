"""What users give as x, y or weights -> trees of NumPy arrays in the dtypes that the device holds.

Done once, on the host. A cast that would change what a value means is an error here, not a wrong
number later; NaN and label ranges are looked at elsewhere.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes
from cornu.core.variable import Variable
from cornu.errors import BadInputError, warn
from cornu.settings import settings
from cornu.training.feed import frames

_HINT_TEXT = "map it to numbers first: StringLookup, or `pandas.Categorical(values).codes`"


def to_tree(value: Any, name: str) -> Any:
    """`value` as a tree of arrays.

    Dicts, and lists or tuples of arrays, are several inputs or outputs; nested lists of numbers are
    one array.

    Raises:
        ValueError: for what has no meaning as numbers, or would lose it in the cast.
    """
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: to_tree(part, f"{name}[{key!r}]") for key, part in value.items()}
    if is_several(value):
        parts = [to_tree(part, f"{name}[{i}]") for i, part in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    return to_array(value, name)


def is_several(value: Any) -> bool:
    """Whether a list or tuple means several arrays rather than one of its numbers."""
    return isinstance(value, list | tuple) and any(
        isinstance(part, dict) or is_array(part) or is_several(part) for part in value[:16]
    )


def is_array(value: Any) -> bool:
    """Whether `value` is array-like with at least one axis."""
    shape = getattr(value, "shape", None)
    convertible = hasattr(value, "dtype") or hasattr(value, "__array__")
    return shape is not None and convertible and not isinstance(value, type) and len(shape) > 0


def to_array(value: Any, name: str) -> np.ndarray:
    """One array-like or nested list of numbers as an array whose first axis is rows.

    Raises:
        ValueError: for text, ragged rows, None, dates, complex numbers, or a lossy cast.
    """
    array = _numeric(_raw(value, name), name)
    if array.ndim == 0:
        raise BadInputError(
            f"{name} is a single number; its first axis must be rows: `np.array([value])` is one "
            f"row"
        )
    return in_held_dtype(array, name)


def _raw(value: Any, name: str) -> np.ndarray:
    if isinstance(value, np.ndarray):
        if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
            raise BadInputError(f"{name} is a masked array: fill it with `{name}.filled(value)`")
        return np.asarray(value)
    if isinstance(value, Variable):
        return np.asarray(value.value)
    if frames.is_pandas(value):
        return frames.to_numpy(value, name)
    convert = _FOREIGN.get(type(value).__module__.partition(".")[0])
    if convert is not None:
        return convert(value)
    try:
        return np.asarray(value)
    except ValueError:
        return _object_array(value)


def _from_torch(tensor: Any) -> np.ndarray:
    tensor = tensor.detach().cpu()
    if str(tensor.dtype) == "torch.bfloat16":
        tensor = tensor.float()
    return np.asarray(tensor.numpy())


def _from_scipy(matrix: Any) -> np.ndarray:
    return matrix.toarray() if hasattr(matrix, "toarray") else np.asarray(matrix)


def _from_tensorflow(tensor: Any) -> np.ndarray:
    return np.asarray(tensor.numpy())


# Root module of a type -> its way to NumPy, so that none of these is ever imported here.
_FOREIGN = {"torch": _from_torch, "scipy": _from_scipy, "tensorflow": _from_tensorflow}


def _object_array(value: Any) -> np.ndarray:
    array = np.empty(len(value), dtype=object)
    array[:] = list(value)
    return array


def _numeric(array: np.ndarray, name: str) -> np.ndarray:
    if array.dtype == object:
        array = _from_objects(array, name)
    kind = array.dtype.kind
    if kind in "fiub" or jnp.issubdtype(array.dtype, np.floating):
        return array
    if kind in "USTO":
        found = f": {len(np.unique(array))} different values" if kind != "O" else ""
        raise BadInputError(f"{name} is text ({array.dtype}){found}; {_HINT_TEXT}")
    if kind in "mM":
        raise BadInputError(
            f"{name} holds dates or times ({array.dtype}): make them numbers first, such as "
            f"seconds "
            "since the first"
        )
    if kind == "c":
        raise BadInputError(
            f"{name} is complex ({array.dtype}), and training takes real numbers: give both parts, "
            f"`np.stack([{name}.real, {name}.imag], axis=-1)`"
        )
    if array.dtype.fields:
        raise BadInputError(
            f"{name} is a structured array; use `numpy.lib.recfunctions.structured_to_unstructured`"
        )
    return array  # small floats and ints of ml_dtypes


def _from_objects(array: np.ndarray, name: str) -> np.ndarray:
    """An array of Python objects as numbers, or the error that says which row is not."""
    rows = array.tolist() if array.ndim else [array.item()]
    rows = [row.tolist() if isinstance(row, np.ndarray) else row for row in rows]
    try:
        found = np.array(rows if array.ndim else rows[0])
    except (ValueError, TypeError):
        found = array
    if found.dtype.kind in "fiub":
        return found
    raise BadInputError(_why_not_numbers(rows, found, name))


def _why_not_numbers(rows: list[Any], found: np.ndarray, name: str) -> str:
    for i, row in enumerate(rows):
        at = _find_none(row)
        if at is not None:
            place = "".join(f"[{k}]" for k in at)
            place = f" at {place}" if place else ""
            return f"{name} row {i}{place} is None: fill it or leave the row out"
    sizes = [_size_of(row) for row in rows]
    usual, _ = Counter(sizes).most_common(1)[0]
    for i, size in enumerate(sizes):
        if size != usual:
            return (
                f"{name} is ragged: row {i} has {size}, others {usual}; make them equal, for "
                f"example "
                "with `pad_sequences`"
            )
    if any(isinstance(leaf, str | bytes) for leaf in _flat(rows[:100])):
        return f"{name} is text; {_HINT_TEXT}"
    if found.dtype.kind == "O" and found.ndim == 1 and isinstance(usual, str) and "length" in usual:
        return f"{name} is ragged below its rows; make inner lists equally long"
    kinds = sorted({type(leaf).__name__ for leaf in _flat(rows[:100])})[:3]
    return f"{name} holds objects that are no numbers ({', '.join(kinds)})"


def _find_none(row: Any) -> tuple[int, ...] | None:
    if row is None:
        return ()
    if isinstance(row, list | tuple):
        for i, item in enumerate(row):
            at = _find_none(item)
            if at is not None:
                return (i, *at)
    return None


def _size_of(row: Any) -> str:
    if isinstance(row, list | tuple):
        try:
            shape = np.shape(row)
        except ValueError:
            return f"length {len(row)}"
        return f"length {len(row)}" if len(shape) == 1 else f"shape {shape}"
    return "one value"


def _flat(rows: Any) -> list[Any]:
    if isinstance(rows, list | tuple):
        return [leaf for row in rows for leaf in _flat(row)]
    return [rows]


# -- dtypes ----------------------------------------------------------------------------------------


def in_held_dtype(array: np.ndarray, name: str) -> np.ndarray:
    """Floats in `floatx()`, integers of 64 bits in 32, everything else as it is."""
    if jnp.issubdtype(array.dtype, np.floating):
        target = dtypes.held(settings.floatx)
        return array if array.dtype == target else _cast_float(array, target, name)
    if array.dtype.kind in "iu":
        target = np.dtype(jax.dtypes.canonicalize_dtype(array.dtype))
        return array if array.dtype == target else _cast_int(array, target, name)
    return array


def _cast_float(array: np.ndarray, target: np.dtype, name: str) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        cast = array.astype(target)
    if array.dtype.itemsize <= target.itemsize or not array.size:
        return cast
    highest = max(float(np.fmax.reduce(cast, axis=None)), -float(np.fmin.reduce(cast, axis=None)))
    if highest == np.inf:
        lost = np.isinf(cast) & np.isfinite(array)
        if lost.any():
            raise BadInputError(
                f"{_place(name, lost)} is "
                f"{array[np.unravel_index(lost.argmax(), lost.shape)]:.3g}, beyond "
                f"{target}; scale the values first (divide, standardise or take logarithms)"
            )
    exact = 2.0 ** (jnp.finfo(target).nmant + 1)  # every integer up to here is held
    if highest > exact:
        # Above 2**53 every float64 is whole, so that it says nothing about what was meant.
        whole = (array == np.trunc(array)) & (np.abs(array) <= 2.0**53)
        lost = whole & (cast != array)
        if lost.any():
            warn(
                f"{_place(name, lost)} is an integer too large for {target} to hold exactly "
                f"({int(lost.sum())} such values): subtract an offset or scale, or pass ids as "
                "integers"
            )
    return cast


def _cast_int(array: np.ndarray, target: np.dtype, name: str) -> np.ndarray:
    limits = np.iinfo(target)
    if array.size and (array.max() > limits.max or array.min() < limits.min):
        lost = (array > limits.max) | (array < limits.min)
        raise BadInputError(
            f"{_place(name, lost)} is outside {target} ({limits.min} to {limits.max}), so the "
            f"cast from "
            f"{array.dtype} would change it; hash or re-number ids, or scale and pass floats"
        )
    return array.astype(target)


def _place(name: str, at: np.ndarray) -> str:
    index = np.unravel_index(int(at.argmax()), at.shape)
    return f"{name}[{', '.join(map(str, index))}]"
