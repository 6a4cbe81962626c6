"""Runs one workload under Cornu or under the real Keras with any backend, and times it.

The workloads (`mlp.py`, `vgg.py`) are ordinary Keras code that gets its `keras` from here:

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
import itertools
import json
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

BACKENDS = {"keras-jax": "jax", "keras-torch": "torch", "keras-tensorflow": "tensorflow"}
LIBRARIES = ("cornu", *BACKENDS)
PACKAGES = {
    "cornu": ("cornu", "jax"),
    "keras-jax": ("keras", "jax"),
    "keras-torch": ("keras", "torch"),
    "keras-tensorflow": ("keras", "tensorflow"),
}
START_VARIABLE = "BENCH_START"  # time.time() of whoever started this process (`run.py` does)


@dataclasses.dataclass(frozen=True)
class Workload:
    """A model to build and what to fit it on.

    Attributes:
        name: for the table.
        epochs: default number, the first of which is not counted as steady.
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
    chosen = os.environ.get("LIBRARY", "cornu")
    parser.add_argument("--library", choices=LIBRARIES, default=chosen)
    parser.add_argument("--epochs", type=int, default=workload.epochs, help="2 or more")
    arguments = parser.parse_args()
    started = float(os.environ.get(START_VARIABLE, time.time()))
    keras = load(arguments.library)
    imported = time.time()
    model, x, y = workload.make(keras)
    ends = time_epochs(keras, model, x, y, workload.batch_size, arguments.epochs)
    steps = -(-len(y) // workload.batch_size)
    lengths = [after - before for before, after in itertools.pairwise(ends)]
    print(
        json.dumps(
            {
                "workload": workload.name,
                "library": arguments.library,
                "step_s": statistics.median(lengths) / steps,
                "first_epoch_s": ends[0] - started,
                "import_s": imported - started,
                "versions": versions(arguments.library),
            }
        )
    )


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
