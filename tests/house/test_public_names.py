"""Public names, parameters and defaults are Keras's, but for a list that may only shrink."""

from __future__ import annotations

import collections
import functools

import pytest

from house import public_names


@functools.cache
def by_namespace() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = collections.defaultdict(dict)
    for entry, wrong in public_names.differences():
        found[namespace(entry)][entry] = wrong
    return found


def namespace(entry: str) -> str:
    first, _, rest = entry.partition(".")
    return first if rest and first.islower() else ""


@pytest.mark.parametrize("space", sorted({namespace(name) for name in public_names.FACTS}))
def test_names_and_parameters(space: str) -> None:
    found = by_namespace().get(space, {})
    known = {entry for entry in public_names.known() if namespace(entry) == space}
    worse = [f"cornu.{entry}: {wrong}" for entry, wrong in found.items() if entry not in known]
    assert not worse, "not as in Keras:\n" + "\n".join(worse)
    built = sorted(known - set(found))
    assert not built, (
        "built since; run `python tests/house/public_names.py --write`:\n" + "\n".join(built)
    )


def two(a, b=1, *, c=None):
    """A function to compare parameters with."""


@pytest.mark.parametrize(
    ("expected", "message"),
    [
        (["a", "b=1", "c=None [keyword-only]"], ""),
        (["a", "b=1"], ""),
        (["a", "b=2"], "`b` should default to 2, not to 1"),
        (["a", "d=1"], "parameter `d` is missing"),
        (["b=1", "a"], "`b` should be positional parameter 0"),
        (["b=1"], "`b` should be positional parameter 0"),
    ],
)
def test_difference_of_parameters(expected: list[str], message: str) -> None:
    assert public_names.parameter_difference(expected, two) == message


def test_a_new_required_parameter_is_a_difference() -> None:
    assert "required" in public_names.parameter_difference([], two)
