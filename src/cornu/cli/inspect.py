"""`cornu inspect FILE`: what is in a model file, without making the model."""

from __future__ import annotations

import argparse
import sys

from cornu.saving import listing

_SHOWN = 200  # rows of a table


def main(arguments: list[str]) -> int:
    """Print what a file holds; gives the exit status: 1 if it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="cornu inspect",
        description="Show what is in a .keras, .weights.h5, .h5 or .json file or a model's folder: "
        "layers, shapes, parameter counts, versions, checksums, anything suspicious. Nothing in "
        "the file is run.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    options = parser.parse_args(arguments)
    status = 0
    for path in options.files:
        try:
            found = listing.read(path)
        except (ValueError, OSError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            status = 1
            continue
        print(text(path, found))
    return status


def text(path: str, found: listing.Listing) -> str:
    """The listing as lines of text."""
    lines = [f"{path}: {found.kind}", *(f"  {k}: {v}" for k, v in found.about.items())]
    if found.layers:
        width = max(len(place) for place, _ in found.layers[:_SHOWN])
        lines += ["", "layers", *_cut([f"  {p:<{width}}  {c}" for p, c in found.layers])]
    if found.arrays:
        lines += ["", "arrays"]
        lines += _cut([f"  {p}  {s}  {d}" for p, s, d in found.arrays])
    counts = found.parameters()
    total = sum(counts.values())
    state = sum(n for part, n in counts.items() if part.startswith("optimizer"))
    lines += ["", f"parameters: {total - state:,} of the model, {state:,} of the optimizer"]
    if found.suspicious:
        lines += ["", "suspicious", *_cut([f"  {place}" for place in found.suspicious])]
    return "\n".join(lines)


def _cut(rows: list[str]) -> list[str]:
    more = len(rows) - _SHOWN
    return rows[:_SHOWN] + ([f"  ... and {more} more"] if more > 0 else [])
