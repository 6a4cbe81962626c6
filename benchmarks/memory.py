"""Memory: what many predictions, calls and models leave behind, and the peak of a large `fit`.

python benchmarks/memory.py --what growth
python benchmarks/memory.py --what peak --library keras-jax
"""

from __future__ import annotations

import argparse
import gc
import pathlib
import resource
from collections.abc import Callable
from typing import Any

import numpy as np

import mlp
import workload

ROWS, COLUMNS = 250_000, 1_000  # 1 GB of float32


def main() -> None:
    """Measure with the library that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--what", choices=("growth", "peak"), required=True)
    arguments, _ = parser.parse_known_args()
    library = workload.chosen_library("memory")
    keras = workload.load(library)
    workload.report(library, growth(keras) if arguments.what == "growth" else peak(keras))


def growth(keras: Any) -> dict[str, float]:
    """Bytes by which the process grows, after as much of the same to warm up."""
    model, x, y = mlp.make(keras)
    row = x[:1]

    def predictions() -> None:
        for _ in range(10_000):
            model.predict(row, verbose=0)

    def calls() -> None:
        for _ in range(10_000):
            model(row)

    def models() -> None:
        for _ in range(100):
            made, _, _ = mlp.make(keras)
            made.fit(x, y, batch_size=128, epochs=1, verbose=0)
            del made

    return {
        "growth_predict_bytes": grown(predictions),
        "growth_call_bytes": grown(calls),
        "growth_models_bytes": grown(models),
    }


def grown(work: Callable[[], None]) -> float:
    """Bytes that stay after `work`, done a second time."""
    work()
    before = resident()
    work()
    return resident() - before


def resident() -> int:
    """Bytes of this process in memory."""
    gc.collect()
    pages = pathlib.Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def peak(keras: Any) -> dict[str, float]:
    """Most bytes beyond those before the data, as a share of the data, while fitting 1 GB."""
    layers = keras.layers
    model = keras.Sequential()
    model.add(keras.Input((COLUMNS,)))
    model.add(layers.Dense(16, activation="relu"))
    model.add(layers.Dense(1))
    model.compile("adam", "mse")
    few = np.random.default_rng(0).random((2_000, COLUMNS), dtype="float32")
    model.fit(few, few[:, :1].copy(), batch_size=1000, epochs=1, verbose=0)
    before = resident()
    x = np.tile(few, (ROWS // len(few), 1))
    y = np.ones((ROWS, 1), "float32")
    model.fit(x, y, batch_size=1000, epochs=1, verbose=0)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"peak_share": (most - before) / x.nbytes}


if __name__ == "__main__":
    main()
