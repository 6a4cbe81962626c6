"""All rows, by theme. A new op needs one row in one of these tables."""

from oracle.ops import (
    control,
    convolution,
    creation,
    draws,
    elementwise,
    image,
    indexing,
    linalg,
    nn,
    reduction,
    shaping,
    signal,
)
from oracle.ops.row import Row

TABLES: dict[str, list[Row]] = {
    "control": control.ROWS,
    "convolution": convolution.ROWS,
    "creation": creation.ROWS,
    "draws": draws.ROWS,
    "elementwise": elementwise.ROWS,
    "image": image.ROWS,
    "indexing": indexing.ROWS,
    "linalg": linalg.ROWS,
    "nn": nn.ROWS,
    "reduction": reduction.ROWS,
    "shaping": shaping.ROWS,
    "signal": signal.ROWS,
}
