"""The table of the benchmarks: medians, ratios, and the place where it is written."""

from __future__ import annotations

import pathlib

import pytest

import run


def runs(*steps: float) -> list[dict[str, object]]:
    return [{"step_s": s, "first_epoch_s": 10 * s, "versions": {"jax": "0.10.2"}} for s in steps]


def test_ratio_is_of_medians_to_cornu() -> None:
    figures = {
        ("mlp", "cornu", "cold"): runs(0.001, 0.002, 0.009),
        ("mlp", "cornu", "again"): runs(0.001, 0.001, 0.001),
        ("mlp", "keras-jax", "cold"): runs(0.1, 0.005, 0.001),
        ("mlp", "keras-jax", "again"): runs(0.004, 0.004, 0.004),
    }
    page = run.table(figures, ["cornu", "keras-jax"], ["mlp"])
    assert "| cornu | 2 ms | 1.00 | 20 ms | 1.00 | 10 ms | 1.00 |" in page
    assert "| keras-jax | 5 ms | 2.50 | 50 ms | 2.50 | 40 ms | 4.00 |" in page
    assert "- keras-jax: jax 0.10.2" in page


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.34, "12.3 s"), (0.0567, "56.7 ms"), (0.000403, "403 us")]
)
def test_times_are_readable(seconds: float, text: str) -> None:
    assert run.scaled(seconds) == text


def test_figures_go_between_the_markers(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"above\n{run.BEGIN}\nold\n{run.END}\nbelow\n")
    monkeypatch.setattr(run, "PAGE", page)
    run.write("new")
    run.write("newer")
    assert page.read_text() == f"above\n{run.BEGIN}\nnewer\n{run.END}\nbelow\n"


def test_the_page_has_the_markers() -> None:
    text = run.PAGE.read_text(encoding="utf-8")
    assert text.count(run.BEGIN) == text.count(run.END) == 1
