"""The vocabulary is complete: names, parameters with defaults, aliases."""

from __future__ import annotations

import functools

import pytest

from house import api_coverage

COMPLETE = (*api_coverage.NAMESPACES, api_coverage.K)


@functools.cache
def counts() -> dict[str, api_coverage.Count]:
    return dict(api_coverage.counts())


@pytest.mark.parametrize("space", COMPLETE)
def test_complete(space: str) -> None:
    count = counts()[space]
    assert count.names_listed and not count.wrong, "\n".join(count.wrong)
    assert count.names == count.names_listed
    assert count.parameters == count.parameters_listed
    assert count.aliases == count.aliases_listed


def test_each_name_of_these_namespaces_is_counted_once() -> None:
    listed = sum(
        count.names_listed + len(count.excepted)
        for space, count in counts().items()
        if space != api_coverage.K
    )
    tops = {space.partition(".")[0] for space in api_coverage.NAMESPACES}
    names = [name for name in api_coverage.public_names.FACTS if "." in name]
    assert listed == sum(name.partition(".")[0] in tops for name in names)


def test_the_report_names_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {"tree.no_such_name": {"parameters": []}, "tree.flatten": {"parameters": ["nothing"]}}
    monkeypatch.setattr(api_coverage.public_names, "FACTS", facts)
    text = "\n".join(api_coverage.report())
    assert "tree.no_such_name is missing" in text
    assert "tree.flatten parameter `nothing` is missing" in text
