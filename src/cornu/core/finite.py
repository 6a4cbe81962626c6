"""Arrays on the host that must hold numbers only."""

from __future__ import annotations

import numpy as np

from cornu.errors import BadInputError


def check_finite(name: str, array: np.ndarray) -> None:
    """Numbers only.

    Raises:
        BadInputError: naming the first value that is NaN or infinite.
    """
    if array.dtype.kind != "f" or not array.size:
        return
    with np.errstate(all="ignore"):
        if np.isfinite(array.sum(dtype=np.float64)):  # one NaN or infinity makes the whole sum so
            return
    bad = ~np.isfinite(array)
    count = int(bad.sum())
    if not count:
        return
    place = np.unravel_index(int(bad.argmax()), array.shape)
    kind = "NaN" if np.isnan(array[place]) else "infinite"
    raise BadInputError(
        f"{name}[{', '.join(map(str, place))}] is {kind} ({count:,} of {array.size:,} values): "
        "clean the data, for example with np.nan_to_num"
    )
