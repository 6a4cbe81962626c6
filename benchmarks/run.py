"""Compares Cornu's speed with Keras on JAX, PyTorch and TensorFlow, and writes docs/benchmarks.md.

Each peer has an environment of its own under `.bench/`. Rounds alternate between the libraries, so
that what else the machine does meets all of them; each run is a new process with an empty home.
What is run and what the table shows stands in `rows.py`.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import workload
from rows import ROWS, RUNS, Row, Run

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
CHART = ROOT / "docs" / "benchmarks.svg"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
REQUIREMENTS = {
    "keras-jax": ("keras==3.15.1", "jax>=0.10,<0.12"),
    "keras-torch": ("keras==3.15.1", "torch==2.13.0"),
    "keras-tensorflow": ("keras==3.15.1", "tensorflow"),
}
Figures = dict[tuple[str, str], list[dict[str, float]]]  # (run, library) -> figures of each round
Versions = dict[str, dict[str, str]]


def main() -> None:
    """Make the environments, run the rounds, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--quick", action="store_true", help="one short round beside Keras on JAX; no page"
    )
    parser.add_argument("--libraries", nargs="+", choices=workload.LIBRARIES)
    parser.add_argument("--runs", nargs="+", choices=RUNS, default=list(RUNS))
    arguments = parser.parse_args()
    few = ["cornu", "keras-jax"] if arguments.quick else list(workload.LIBRARIES)
    libraries = arguments.libraries or few
    pythons = {library: environment(library) for library in libraries}
    figures: Figures = collections.defaultdict(list)
    versions: Versions = {}
    rounds = 1 if arguments.quick else arguments.rounds
    for number in range(rounds):
        for name in arguments.runs:
            run = RUNS[name]
            if arguments.quick and run.libraries == ("cornu",):
                continue  # minutes, and no comparison
            if run.once and number:
                continue
            chosen = [library for library in libraries if library in run.libraries]
            first = number % len(chosen)  # nobody always comes right after the same neighbour
            for library in chosen[first:] + chosen[:first]:
                measure(figures, versions, name, library, pythons[library], arguments.quick)
    page = table(figures, libraries, versions, rounds)
    print(f"\n{page}")
    if not arguments.quick and libraries == list(workload.LIBRARIES):
        write(page)
        draw(figures)
        print(f"Written to {PAGE.relative_to(ROOT)} and {CHART.relative_to(ROOT)}.")


def environment(library: str) -> str:
    """The Python that runs a library: our own for Cornu, one under `.bench/` for a peer."""
    if library == "cornu":
        return sys.executable
    if library == "torch":  # stands beside Keras there
        return environment("keras-torch")
    folder = ROOT / ".bench" / library
    python = folder / "bin" / "python"
    wanted = "\n".join(REQUIREMENTS[library])
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"Installing {library} into {folder.relative_to(ROOT)} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*install, *constraints(library), *REQUIREMENTS[library]], check=True)
        stamp.write_text(wanted)
    return str(python)


def constraints(library: str) -> list[str]:
    """Keras on JAX stands on the same JAX and NumPy as Cornu."""
    pins = ROOT / "constraints" / f"python{sys.version_info.major}.{sys.version_info.minor}.txt"
    return ["-c", str(pins)] if library == "keras-jax" and pins.exists() else []


def measure(
    figures: Figures, versions: Versions, name: str, library: str, python: str, quick: bool
) -> None:
    """One run with an empty home, and for some one more with that home; noted in `figures`."""
    run = RUNS[name]
    for key, found in zip(
        (name, f"{name} again"), outputs(name, run, library, python, quick), strict=False
    ):
        figures[key, library].append(found["figures"])
        versions[library] = found["versions"]
        shown = ", ".join(f"{what} {value:.4g}" for what, value in found["figures"].items())
        print(f"{key} {library}: {shown}", flush=True)


def outputs(name: str, run: Run, library: str, python: str, quick: bool) -> list[dict[str, Any]]:
    """What the processes of a run print."""
    script, *options = run.script
    if library == "torch":
        script, options = "torch_loop.py", ["--workload", name]
    command = [python, str(ROOT / "benchmarks" / script), *options, "--library", library]
    if quick:
        command += run.quick
    with tempfile.TemporaryDirectory() as home:
        variables = {
            **os.environ,
            **dict.fromkeys(("HOME", "KERAS_HOME", "XDG_CACHE_HOME"), home),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "JAX_PLATFORMS": "cpu",
        }
        # Installed packages have their byte code, so the sources of this checkout may have it too.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        found = []
        for _ in range(2 if run.again and not quick else 1):
            variables[workload.START_VARIABLE] = repr(time.time())
            done = subprocess.run(command, env=variables, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
            found.append(json.loads(done.stdout.splitlines()[-1]))
    return found


def median(runs: list[dict[str, Any]], key: str) -> float:
    """The median over the rounds."""
    return statistics.median(run[key] for run in runs)


def scaled(seconds: float) -> str:
    """Three figures and a unit that suits them."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.0f} us"


UNITS = {
    "s": scaled,
    "MB": lambda value: f"{value / 1e6:.2f} MB",
    "x": lambda value: f"{value:.2f} x",
    "n": lambda value: f"{value:.0f}",
}


def value_of(figures: Figures, row: Row, library: str) -> float | None:
    """The median of a library in a row; None where it does not run it."""
    runs = figures.get((row.run, library), [])
    return median(runs, row.figure) if runs and row.figure in runs[0] else None


def ratio_of(figures: Figures, row: Row) -> float | None:
    """How many times as fast (or as small) as the best of those compared Cornu is."""
    own = value_of(figures, row, "cornu")
    others = [value_of(figures, row, library) for library in row.against]
    found = [value for value in others if value is not None]
    return min(found) / own if own and found else None


def table(figures: Figures, libraries: list[str], versions: Versions, rounds: int) -> str:
    """The figures as Markdown, with how and where they were measured."""
    lines = [
        f"`{command()}`, {rounds} rounds, {datetime.date.today().isoformat()}, {hardware()}.",
        "",
        "| " + " | ".join(("work", "must", "Cornu's lead", *libraries)) + " |",
        "|---" * (3 + len(libraries)) + "|",
    ]
    for row in ROWS:
        values = [value_of(figures, row, library) for library in libraries]
        if all(value is None for value in values):
            continue
        ratio = ratio_of(figures, row)
        cells = ["" if value is None else UNITS[row.unit](value) for value in values]
        lead = "" if ratio is None else f"**{ratio:.2f} x**"
        lines.append("| " + " | ".join((row.title, row.must, lead, *cells)) + " |")
    lines.append("")
    for library in libraries:
        listed = ", ".join(f"{name} {version}" for name, version in versions[library].items())
        lines.append(f"- {library}: {listed}")
    return "\n".join(lines)


def draw(figures: Figures) -> None:
    """A bar for each row: how many times as fast as the best of those compared Cornu is."""
    import matplotlib as mpl  # noqa: PLC0415 (of the extra `demo`; not needed without the page)

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "cornu"  # the same picture each time
    from matplotlib import pyplot as plt  # noqa: PLC0415

    bars = [(row.title.replace("`", ""), ratio_of(figures, row)) for row in ROWS]
    bars = [(title, ratio) for title, ratio in bars if ratio is not None][::-1]
    figure, axes = plt.subplots(figsize=(9, 0.34 * len(bars) + 1))
    ratios = [ratio for _, ratio in bars]
    axes.barh([title for title, _ in bars], ratios, color="#2a7f9e", height=0.7)
    for place, ratio in enumerate(ratios):
        axes.text(ratio * 1.03, place, f"{ratio:.2g}", va="center", fontsize=8)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlabel("times as fast as the best of those compared (1: equal)")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.tight_layout()
    figure.savefig(CHART, metadata={"Date": None})


def command() -> str:
    """What to type to measure this again."""
    return " ".join(["python benchmarks/run.py", *sys.argv[1:]])


def hardware() -> str:
    """Processor, number of cores that this process may use, system and Python."""
    model = platform.processor() or platform.machine()
    described = pathlib.Path("/proc/cpuinfo")
    if described.exists():
        names = [
            line for line in described.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0].partition(":")[2].strip() if names else model
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def write(page: str) -> None:
    """Put the figures between the markers of the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(f"{before}{BEGIN}\n{page}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
