"""The table of the benchmarks: medians, leads, and the place where it is written."""

from __future__ import annotations

import pathlib

import pytest

import run
import workload
from rows import ROWS, RUNS


def runs(*steps: float) -> list[dict[str, float]]:
    return [{"step_s": step, "first_epoch_s": 10 * step} for step in steps]


FIGURES = {
    ("mlp", "cornu"): runs(0.001, 0.002, 0.009),
    ("mlp", "keras-jax"): runs(0.1, 0.005, 0.001),
    ("mlp", "keras-torch"): runs(0.006, 0.006, 0.006),
    ("mlp", "torch"): runs(0.001, 0.001, 0.001),
}


def row_of(figure: str, against: tuple[str, ...] | None = None):
    return next(
        row
        for row in ROWS
        if (row.run, row.figure) == ("mlp", figure) and against in (None, row.against)
    )


def test_lead_is_of_medians_over_the_best_peer() -> None:
    assert run.ratio_of(FIGURES, row_of("step_s")) == pytest.approx(2.5)
    assert run.ratio_of(FIGURES, row_of("step_s", ("torch",))) == pytest.approx(0.5)
    assert run.ratio_of({}, row_of("step_s")) is None


def test_table_has_a_line_for_what_was_run() -> None:
    libraries = ["cornu", "keras-jax"]
    versions = {"cornu": {"jax": "0.10.2"}, "keras-jax": {"jax": "0.10.2", "keras": "3.15.1"}}
    page = run.table(FIGURES, libraries, versions, 3)
    assert "| MLP, a step | 5 x | **2.50 x** | 2 ms | 5 ms |" in page
    assert "- keras-jax: jax 0.10.2, keras 3.15.1" in page
    assert "VGG" not in page


def test_every_row_reads_a_figure_of_a_run_that_its_peers_do() -> None:
    for row in ROWS:
        made = RUNS[row.run.removesuffix(" again")]
        assert set(row.against) <= set(made.libraries), row.title
        assert row.unit in run.UNITS, row.title
        if row.run.endswith(" again"):
            assert made.again, row.title


def test_every_run_is_a_script_that_is_there() -> None:
    for made in RUNS.values():
        assert (run.ROOT / "benchmarks" / made.script[0]).exists()
        assert set(made.libraries) <= set(workload.LIBRARIES)


@pytest.mark.parametrize(
    ("seconds", "text"), [(12.34, "12.3 s"), (0.0567, "56.7 ms"), (0.000403, "403 us")]
)
def test_times_are_readable(seconds: float, text: str) -> None:
    assert run.scaled(seconds) == text


def test_median_time_leaves_out_the_first_run() -> None:
    done = []
    assert workload.median_time(lambda: done.append(1), 4) >= 0
    assert len(done) == 5
    workload.median_time(lambda: done.append(1), 4, at_most=0)
    assert len(done) == 7  # the one that does not count, and one that does


def test_figures_go_between_the_markers(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"above\n{run.BEGIN}\nold\n{run.END}\nbelow\n")
    monkeypatch.setattr(run, "PAGE", page)
    run.write("new")
    run.write("newer")
    assert page.read_text() == f"above\n{run.BEGIN}\nnewer\n{run.END}\nbelow\n"


def test_a_bar_for_each_lead(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = tmp_path / "chart.svg"
    monkeypatch.setattr(run, "CHART", chart)
    run.draw(FIGURES)
    text = chart.read_text()
    assert text.count("MLP, a step") >= 2
    assert "VGG" not in text


def test_the_page_has_the_markers() -> None:
    text = run.PAGE.read_text(encoding="utf-8")
    assert text.count(run.BEGIN) == text.count(run.END) == 1
