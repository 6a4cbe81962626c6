"""pandas frames and series to NumPy, with messages that name the column.

pandas itself is never imported: what arrives here is known by the module of its type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cornu.errors import BadInputError, warn


def is_pandas(value: Any) -> bool:
    """Whether `value` is a pandas DataFrame, Series or Index."""
    return type(value).__module__.partition(".")[0] == "pandas" and hasattr(value, "to_numpy")


def to_numpy(value: Any, name: str) -> np.ndarray:
    """A DataFrame as (rows, columns), a Series as (rows, 1); categories become their codes.

    Raises:
        ValueError: naming the column, for text, dates or missing values that have no number.
    """
    if not hasattr(value, "columns"):
        where = f"column {value.name!r} of {name}" if value.name is not None else name
        return _column(value, where)[:, None]
    if all(type(dtype) is np.dtype and dtype.kind in "fiub" for dtype in value.dtypes):
        return value.to_numpy()
    columns = [
        _column(value.iloc[:, i], f"column {label!r} of {name}")
        for i, label in enumerate(value.columns)
    ]
    return np.stack(columns, axis=1) if columns else value.to_numpy(dtype="float32")


def _column(series: Any, where: str) -> np.ndarray:
    kind = str(series.dtype)
    missing = np.asarray(series.isna())
    if type(series.dtype) is np.dtype and series.dtype.kind in "fiub":
        return series.to_numpy()
    if missing.any():
        raise BadInputError(
            f"{where} ({kind}) has {int(missing.sum())} missing value(s), the first in row "
            f"{int(missing.argmax())}: fill them with `fillna` or leave the rows out"
        )
    if kind == "category":
        return np.asarray(series.cat.codes)
    if kind.startswith(("datetime", "timedelta", "period")):
        raise BadInputError(
            f"{where} holds dates or times ({kind}): make them numbers first, such as "
            "`(column - column.min()).dt.total_seconds()`"
        )
    values = series.to_numpy()
    if values.dtype == object:
        values = np.array(values.tolist())
    if values.dtype.kind not in "fiub":
        raise BadInputError(
            f"{where} is text ({kind}), {series.nunique()} different values: use its codes, "
            "`column.astype('category').cat.codes`, or one-hot columns, `pandas.get_dummies`"
        )
    return values


def check_indexes(parts: dict[str, Any]) -> None:
    """Warn if two frames or series would be paired by position against their indexes."""
    indexed = {
        name: part.index
        for name, part in parts.items()
        if is_pandas(part) and hasattr(part, "index")
    }
    if not indexed:
        return
    (first, index), *others = indexed.items()
    for name, other in others:
        if len(index) == len(other) and not index.equals(other):
            warn(
                f"{first} and {name} have different pandas indexes and are paired by position, "
                f"not by "
                f"index. If that is not meant, reorder: `{name} = {name}.loc[{first}.index]`; if "
                f"it "
                "is, pass `.to_numpy()`"
            )
