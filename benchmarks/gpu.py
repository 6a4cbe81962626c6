"""Training steps on one NVIDIA GPU: Cornu against plain JAX and `torch.compile`.

    python benchmarks/gpu.py                        all models, writes docs/benchmarks.md
    python benchmarks/gpu.py --models gpt2-bf16     some of them; prints, writes nothing
    python benchmarks/gpu.py --figures gpu.jsonl    goes on where an earlier call was stopped
    python benchmarks/gpu.py --tiny                 small sizes, on the CPU, to see that all runs

Needs JAX and, for its column, PyTorch in one Python; no network. Models, their FLOPs and how these
are counted stand in `gpu_models/cases.py`; `in_cornu.py`, `in_jax.py` and `in_torch.py` beside it
hold the same mathematics three times, which `tests/benchmarks/test_gpu.py` compares.

- Step: time of an epoch divided by its steps, data on the device already; median over the epochs
  after the first and over the rounds. Each run has a process of its own, and libraries take turns.
  Cornu's is `fit(verbose=0)`, which shuffles and gathers; the others loop over their batches.
- Rate: examples or tokens of a batch, divided by the step.
- MFU, model FLOP utilisation: (FLOPs of the formulas) / (step * peak), where the peak is that of
  dense matrix products in the maker's data sheet: bfloat16, or TF32 for float32 models, whose
  products all three libraries do in TF32.
- Ratio: the library's step divided by Cornu's. Above 1, Cornu is faster.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import importlib
import importlib.metadata
import importlib.util
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import run
import workload
from gpu_models import cases
from gpu_models.cases import Case

BEGIN, END = "<!-- gpu figures: begin -->", "<!-- gpu figures: end -->"
LIBRARIES = ("cornu", "jax", "torch")
TITLES = {"cornu": "cornu", "jax": "plain JAX", "torch": "torch.compile"}
# Dense TFLOP/s of NVIDIA's data sheets: (words of the device's name, bfloat16, TF32).
PEAKS = (
    ("H200", 989.4, 494.7),
    ("H100 PCIe", 756.5, 378.2),
    ("H100 NVL", 835.5, 417.5),
    ("H100", 989.4, 494.7),
    ("A100", 312.0, 156.0),
    ("L40S", 362.05, 183.0),
    ("L4", 121.0, 60.0),
    ("A10", 125.0, 62.5),
)
Figures = dict[tuple[str, str], list[dict[str, Any]]]  # (case, library)
NAMES = tuple(case.name for case in cases.CASES)


def main() -> None:
    """Run all, print the table, write it where everything ran in full size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--figures",
        type=pathlib.Path,
        help="a file that each run's figures go to as it ends; runs that it has are not repeated",
    )
    parser.add_argument("--epochs", type=int, default=6, help="2 or more; the first is not counted")
    parser.add_argument("--models", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=LIBRARIES)
    parser.add_argument("--tiny", action="store_true", help="small sizes, on the CPU")
    parser.add_argument("--one", action="store_true", help="one model and library; prints JSON")
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs must be 2 or more: the first one is not counted")
    if arguments.one:
        case = chosen(arguments.models[0], arguments.tiny)
        print(json.dumps(measure(case, arguments.libraries[0], arguments.epochs)))
        return
    libraries = present(arguments.libraries)
    figures = rounds(arguments, libraries)
    page = table(figures, [chosen(name, arguments.tiny) for name in arguments.models], libraries)
    print(f"\n{page}")
    if arguments.models == NAMES and libraries == list(LIBRARIES) and not arguments.tiny:
        write(page)
        print(f"Written to {run.PAGE.relative_to(run.ROOT)}.")


def chosen(name: str, tiny: bool) -> Case:
    """The case of that name."""
    case = cases.CASES[NAMES.index(name)]
    return cases.tiny(case) if tiny else case


def present(libraries: list[str] | tuple[str, ...]) -> list[str]:
    """Those that are installed; says which are not."""
    found = [name for name in libraries if name != "torch" or importlib.util.find_spec("torch")]
    if len(found) < len(libraries):
        print("PyTorch is not installed here: its column is left out.", flush=True)
    return found


def rounds(arguments: argparse.Namespace, libraries: list[str]) -> Figures:
    """All figures, the libraries in turns, each run in a process that has the GPU to itself."""
    figures = earlier(arguments.figures)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    source = str(run.ROOT / "src")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (source, os.getenv("PYTHONPATH"))))
    if arguments.tiny:
        environment |= {"JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": ""}
    for number in range(arguments.rounds):
        first = number % len(libraries)
        for name in arguments.models:
            for library in libraries[first:] + libraries[:first]:
                if len(figures[name, library]) > number:
                    continue
                command = [sys.executable, __file__, "--one", "--models", name]
                command += ["--libraries", library, "--epochs", str(arguments.epochs)]
                command += ["--tiny"] if arguments.tiny else []
                done = subprocess.run(command, env=environment, capture_output=True, text=True)
                if done.returncode:
                    sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
                found = json.loads(done.stdout.splitlines()[-1])
                figures[name, library].append(found)
                print(f"{name} {library}: step {run.scaled(found['step_s'])}", flush=True)
                if arguments.figures is not None:
                    with arguments.figures.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(found) + "\n")
    return figures


def earlier(path: pathlib.Path | None) -> Figures:
    """The figures of runs that ended before; none without a file."""
    figures: Figures = collections.defaultdict(list)
    if path is not None and path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            figures[found["case"], found["library"]].append(found)
    return figures


# -- one run ---------------------------------------------------------------------------------------


def measure(case: Case, library: str, epochs: int) -> dict[str, Any]:
    """Train for some epochs; gives seconds a step, the device, versions, the last loss."""
    times, device, loss = _RUNS[library](case, *cases.data(case), epochs)
    return {
        "case": case.name,
        "library": library,
        "step_s": statistics.median(np.diff(times)) / case.batches,
        "loss": loss,
        "device": device,
        "versions": {name: importlib.metadata.version(name) for name in _PACKAGES[library]},
    }


def _run_cornu(
    case: Case, x: np.ndarray, y: np.ndarray, epochs: int
) -> tuple[list[float], str, float]:
    device = _jax_device(case)
    cornu = importlib.import_module("cornu")
    in_cornu = importlib.import_module("gpu_models.in_cornu")
    model = in_cornu.build(cornu, case)
    times = workload.time_epochs(cornu, model, x, y, case.batch, epochs)
    return times, device, float(model.history.history["loss"][-1])


def _run_jax(
    case: Case, x: np.ndarray, y: np.ndarray, epochs: int
) -> tuple[list[float], str, float]:
    device = _jax_device(case)
    jax = importlib.import_module("jax")
    state, step = importlib.import_module("gpu_models.in_jax").build(case)
    rows = [slice(i, i + case.batch) for i in range(0, len(x), case.batch)]
    batches = [jax.device_put((x[part], y[part])) for part in rows]
    times: list[float] = []
    loss = None
    for _ in range(epochs):
        for inputs, targets in batches:
            state, loss = step(state, inputs, targets)
        jax.block_until_ready((state, loss))
        times.append(time.time())
    return times, device, float(np.asarray(loss))


def _run_torch(
    case: Case, x: np.ndarray, y: np.ndarray, epochs: int
) -> tuple[list[float], str, float]:
    torch = importlib.import_module("torch")
    in_torch = importlib.import_module("gpu_models.in_torch")
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    _require_gpu(case, device)
    step = in_torch.build(case)
    batches = in_torch.batches(case, x, y)
    times: list[float] = []
    loss = None
    for _ in range(epochs):
        for inputs, targets in batches:
            loss = step(inputs, targets)
        in_torch.synchronize()
        times.append(time.time())
    return times, device, float(loss)  # type: ignore[arg-type]


def _jax_device(case: Case) -> str:
    device = importlib.import_module("jax").devices()[0].device_kind
    _require_gpu(case, device)
    return device


def _require_gpu(case: Case, device: str) -> None:
    is_full = case in cases.CASES
    if is_full and device == "cpu":
        raise SystemExit("no GPU was found; `--tiny` runs on the CPU")


_RUNS: dict[str, Callable[..., tuple[list[float], str, float]]] = {
    "cornu": _run_cornu,
    "jax": _run_jax,
    "torch": _run_torch,
}
_PACKAGES = {"cornu": ("jax",), "jax": ("jax",), "torch": ("torch",)}


# -- the table -------------------------------------------------------------------------------------


def table(figures: Figures, measured: list[Case], libraries: list[str]) -> str:
    """The figures as Markdown, with how and where they were measured."""
    command = " ".join(["python benchmarks/gpu.py", *sys.argv[1:]])
    first = figures[measured[0].name, libraries[0]]
    device = first[0]["device"]
    today = datetime.date.today().isoformat()
    lines = [
        f"`{command}`, {len(first)} rounds, {today}, {device}; host: {run.hardware()}.",
        "",
        "| model | library | step | a second | MFU | ratio |",
        "|---" * 6 + "|",
    ]
    for case in measured:
        own = _median(figures, case, "cornu") if "cornu" in libraries else None
        for library in libraries:
            step = _median(figures, case, library)
            lines.append(
                f"| {case.name} | {TITLES[library]} | {run.scaled(step)} "
                f"| {case.units() / step:,.0f} {case.unit} | {utilisation(case, step, device)} "
                f"| {f'{step / own:.2f}' if own else ''} |"
            )
    lines += ["", "| model | batch | FLOPs of a step | peak FLOP/s |", "|---" * 4 + "|"]
    for case in measured:
        at_best = peak(case, device)
        lines.append(
            f"| {case.name} | {case.batch} | {case.flops():.3e} "
            f"| {f'{at_best:.3e}' if at_best else '-'} |"
        )
    lines.append("")
    for library in libraries:
        found = figures[measured[0].name, library][0]["versions"]
        listed = ", ".join(f"{package} {version}" for package, version in found.items())
        lines.append(f"- {TITLES[library]}: {listed}")
    return "\n".join(lines)


def _median(figures: Figures, case: Case, library: str) -> float:
    return run.median(figures[case.name, library], "step_s")


def peak(case: Case, device: str) -> float | None:
    """FLOPs a second of the data sheet in the case's dtype; None for a device not listed."""
    words = set(re.split("[ -]", device))
    for name, bfloat16, tf32 in PEAKS:
        if words.issuperset(name.split()):
            return 1e12 * (bfloat16 if case.dtype == "bfloat16" else tf32)
    return None


def utilisation(case: Case, step: float, device: str) -> str:
    """Model FLOP utilisation in percent, `-` where the peak is not known."""
    at_best = peak(case, device)
    return f"{100 * case.flops() / step / at_best:.1f} %" if at_best else "-"


def write(page: str) -> None:
    """Put the figures between the markers of the page."""
    text = run.PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    run.PAGE.write_text(f"{before}{BEGIN}\n{page}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
