"""Prediction and evaluation: one row, sixty sizes, ten thousand rows, a hundred images."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import mlp
import vgg
import workload

ROWS, SIZES = 10_000, range(1, 61)


def main() -> None:
    """Measure with the library that the command line names."""
    library = workload.chosen_library("inference")
    keras = workload.load(library)
    figures = {**of_rows(keras), **of_images(keras)}
    workload.report(library, figures)


def of_rows(keras: Any) -> dict[str, float]:
    """The MLP."""
    model, _, _ = mlp.make(keras)
    random = np.random.default_rng(1)
    x = random.random((ROWS, 20), dtype="float32")
    y = keras.utils.to_categorical(random.integers(10, size=(ROWS, 1)), num_classes=10)
    row = x[:1]

    def predict_sizes() -> None:
        for size in SIZES:
            model.predict(x[:size], batch_size=size, verbose=0)

    figures = {"predict_row_s": workload.median_time(lambda: model.predict(row, verbose=0), 300, 3)}
    before = time.perf_counter()
    predict_sizes()
    figures["predict_sizes_first_s"] = time.perf_counter() - before
    figures["predict_sizes_s"] = workload.median_time(predict_sizes, 5, 5)
    plan = getattr(model, "plans", {}).get("predict")
    if plan is not None:
        figures["predict_sizes_compiles"] = plan.program._cache_size()
    figures["predict_rows_s"] = workload.median_time(lambda: model.predict(x, verbose=0), 5, 5)
    figures["evaluate_rows_s"] = workload.median_time(lambda: model.evaluate(x, y, verbose=0), 5, 5)
    return figures


def of_images(keras: Any) -> dict[str, float]:
    """The VGG-like network."""
    model, x, _ = vgg.make(keras)
    return {"predict_images_s": workload.median_time(lambda: model.predict(x, verbose=0), 5, 8)}


if __name__ == "__main__":
    main()
