"""Where a window lies within padded images, for the forms of convolution by steps of 1."""

from __future__ import annotations

from collections.abc import Sequence

Pads = tuple[tuple[int, int], ...]


def places(window: Sequence[int], sizes: Sequence[int], pads: Pads) -> tuple[int, ...]:
    """In how many places the window lies along each axis; negative where it does not fit.

    What holds for windows and places holds the other way round: as many shifts of a convolution's
    results lie within its padded inputs as its window has values.

    Args:
        window: size along rows and columns.
        sizes: rows and columns of the images.
        pads: zeros before and after the rows and the columns.
    """
    axes = zip(window, sizes, pads, strict=True)
    return tuple(size + sum(pad) - side + 1 for side, size, pad in axes)
