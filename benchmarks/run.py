"""Compares Cornu's speed with Keras on JAX, PyTorch and TensorFlow, and writes docs/benchmarks.md.

Each peer has an environment of its own under `.bench/`. Rounds alternate between the libraries, so
that what else the machine does meets all of them. In a round each library runs twice in new
processes: with an empty home (cold), and with what the first run left there (again).
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

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
WORKLOADS = ("mlp", "vgg")
REQUIREMENTS = {
    "keras-jax": ("keras==3.15.1", "jax>=0.10,<0.12"),
    "keras-torch": ("keras==3.15.1", "torch==2.13.0"),
    "keras-tensorflow": ("keras==3.15.1", "tensorflow"),
}
Figures = dict[tuple[str, str, str], list[dict[str, Any]]]  # (workload, library, cold or again)


def main() -> None:
    """Make the environments, run the rounds, write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--quick", action="store_true", help="one round, two epochs of VGG; no page"
    )
    parser.add_argument("--libraries", nargs="+", choices=workload.LIBRARIES)
    parser.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    arguments = parser.parse_args()
    libraries = arguments.libraries or list(workload.LIBRARIES)
    pythons = {library: environment(library) for library in libraries}
    figures: Figures = collections.defaultdict(list)
    for number in range(1 if arguments.quick else arguments.rounds):
        for name in arguments.workloads:
            first = number % len(libraries)  # nobody always comes right after the same neighbour
            for library in libraries[first:] + libraries[:first]:
                measure(figures, name, library, pythons[library], arguments.quick)
    page = table(figures, libraries, arguments.workloads)
    print(f"\n{page}")
    if not arguments.quick and libraries == list(workload.LIBRARIES):
        write(page)
        print(f"Written to {PAGE.relative_to(ROOT)}.")


def environment(library: str) -> str:
    """The Python that runs a library: our own for Cornu, one under `.bench/` for a peer."""
    if library == "cornu":
        return sys.executable
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


def measure(figures: Figures, name: str, library: str, python: str, quick: bool) -> None:
    """One cold run and one with warm caches, noted in `figures`."""
    with tempfile.TemporaryDirectory() as home:
        places = dict.fromkeys(("HOME", "KERAS_HOME", "XDG_CACHE_HOME"), home)
        command = [python, str(ROOT / "benchmarks" / f"{name}.py"), "--library", library]
        if quick and name == "vgg":
            command += ["--epochs", "2"]
        for state in ("cold", "again"):
            variables = {
                **os.environ,
                **places,
                "TF_CPP_MIN_LOG_LEVEL": "3",
                "JAX_PLATFORMS": "cpu",
            }
            variables[workload.START_VARIABLE] = repr(time.time())
            done = subprocess.run(command, env=variables, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
            found = json.loads(done.stdout.splitlines()[-1])
            figures[name, library, state].append(found)
            print(
                f"{name} {library} {state}: step {scaled(found['step_s'])},"
                f" first epoch {scaled(found['first_epoch_s'])}",
                flush=True,
            )


def median(runs: list[dict[str, Any]], key: str) -> float:
    """The median over the rounds."""
    return statistics.median(run[key] for run in runs)


def scaled(seconds: float) -> str:
    """Three figures with a unit that suits them."""
    for unit, factor in (("s", 1.0), ("ms", 1e3)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e6:.0f} us"


def table(figures: Figures, libraries: list[str], names: list[str] | tuple[str, ...]) -> str:
    """The figures as Markdown, with how and where they were measured."""
    columns = (("step", "cold", "step_s"), ("first epoch, cold", "cold", "first_epoch_s"))
    columns += (("first epoch, again", "again", "first_epoch_s"),)
    rounds = len(figures[names[0], libraries[0], "cold"])
    lines = [
        f"`{command()}`, {rounds} rounds, {datetime.date.today().isoformat()}, {hardware()}.",
        "",
    ]
    for name in names:
        lines.append(
            "| " + " | ".join((name, *(f"{title} | ratio" for title, *_ in columns))) + " |"
        )
        lines.append("|---" * (1 + 2 * len(columns)) + "|")
        for library in libraries:
            cells = [library]
            for _, state, key in columns:
                own = median(figures[name, library, state], key)
                base = figures.get((name, "cornu", state))
                cells += [scaled(own), f"{own / median(base, key):.2f}" if base else ""]
            lines.append("| " + " | ".join(cells) + " |")
        lines.append("")
    for library in libraries:
        packages = figures[names[0], library, "cold"][0]["versions"]
        listed = ", ".join(f"{package} {version}" for package, version in packages.items())
        lines.append(f"- {library}: {listed}")
    return "\n".join(lines)


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
