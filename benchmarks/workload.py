"""Runs one workload under Cornu or under the real Keras with any backend, and times it.

The workloads (`mlp.py`, `vgg.py`, ...) are ordinary Keras code that gets its `keras` from here:

    python benchmarks/mlp.py --library cornu
    python benchmarks/mlp.py --library keras-torch      (or LIBRARY=keras-torch in the environment)

The library is imported only after the choice, and nothing heavy before it, so that the clock sees
what a user waits for. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib
import importlib.metadata
import json
import math
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

BACKENDS = {"keras-jax": "jax", "keras-torch": "torch", "keras-tensorflow": "tensorflow"}
LIBRARIES = ("cornu", *BACKENDS, "torch")  # the last: plain PyTorch, see `torch_loop.py`
PACKAGES = {
    "cornu": ("cornu", "jax"),
    "keras-jax": ("keras", "jax"),
    "keras-torch": ("keras", "torch"),
    "keras-tensorflow": ("keras", "tensorflow"),
    "torch": ("torch",),
}
START_VARIABLE = "BENCH_START"  # time.time() of whoever started this process (`run.py` does)


@dataclasses.dataclass(frozen=True)
class Workload:
    """A model to build and what to fit it on.

    Attributes:
        name: for the table.
        epochs: how many to time at once.
        batch_size: rows a batch.
        make: (keras) -> (compiled model, x, y).
    """

    name: str
    epochs: int
    batch_size: int
    make: Callable[[Any], tuple[Any, Any, Any]]


def run(workload: Workload) -> None:
    """Fit the workload with the library that the command line or the environment names."""
    parser = argparse.ArgumentParser(description=f"time the {workload.name} workload")
    parser.add_argument("--epochs", type=int, default=workload.epochs)
    arguments, _ = parser.parse_known_args()
    library = chosen_library(workload.name)
    started = float(os.environ.get(START_VARIABLE, time.time()))
    keras = load(library)
    model, x, y = workload.make(keras)

    def fit(epochs: int) -> None:
        history = model.fit(x, y, batch_size=workload.batch_size, epochs=epochs, verbose=0)
        float(history.history["loss"][-1])  # lazy figures have to be there before the time counts

    fit(1)
    first = time.time() - started
    steps = arguments.epochs * -(-len(y) // workload.batch_size)
    report(
        library,
        {"first_epoch_s": first, "step_s": median_time(lambda: fit(arguments.epochs), 3) / steps},
    )


def chosen_library(name: str) -> str:
    """What `--library` or the environment variable LIBRARY says; else Cornu."""
    parser = argparse.ArgumentParser(description=f"measure {name}")
    default = os.environ.get("LIBRARY", "cornu")
    parser.add_argument("--library", choices=LIBRARIES, default=default)
    return parser.parse_known_args()[0].library


def median_time(work: Callable[[], Any], times: int, at_most: float = math.inf) -> float:
    """Median seconds of `work`, after one run that does not count.

    Args:
        work: what to time.
        times: how often.
        at_most: seconds after which to stop early.
    """
    work()
    taken: list[float] = []
    while not taken or (len(taken) < times and sum(taken) < at_most):
        before = time.perf_counter()
        work()
        taken.append(time.perf_counter() - before)
    return statistics.median(taken)


def report(library: str, figures: dict[str, float]) -> None:
    """Print what was measured as one line of JSON."""
    print(json.dumps({"library": library, "figures": figures, "versions": versions(library)}))


def load(library: str) -> Any:
    """The module that plays `keras`."""
    if library == "cornu":
        return importlib.import_module("cornu")
    os.environ["KERAS_BACKEND"] = BACKENDS[library]
    return importlib.import_module("keras")


def time_epochs(
    keras: Any, model: Any, x: Any, y: Any, batch_size: int, epochs: int
) -> list[float]:
    """When each epoch of `fit` ended, by `time.time()`."""
    if epochs < 2:
        raise SystemExit("--epochs must be 2 or more: the first one is not counted as steady")
    ends: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
            for value in (logs or {}).values():
                float(value)  # lazy figures have to be there before the time counts
            ends.append(time.time())

    model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0, callbacks=[Clock()])
    return ends


def versions(library: str) -> dict[str, str]:
    """Versions of the packages that this library stands on."""
    found = {}
    for package in PACKAGES[library]:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[package] = importlib.metadata.version(package)
    return found
