"""Saving and loading a model of a hundred million weights, in a folder of the temporary ones."""

from __future__ import annotations

import argparse
import os
import tempfile
from typing import Any

import numpy as np

import workload

LAYERS = 4


def main() -> None:
    """Measure with the library that the command line names."""
    parser = argparse.ArgumentParser(description="measure saving and loading")
    parser.add_argument("--width", type=int, default=5000, help="units of each of the four layers")
    width = parser.parse_known_args()[0].width
    library = workload.chosen_library("files")
    keras = workload.load(library)
    model = make(keras, width)
    with tempfile.TemporaryDirectory() as folder:
        workload.report(library, of_model(keras, model, folder))


def make(keras: Any, width: int) -> Any:
    """Dense layers whose weights do not compress."""
    layers = [keras.layers.Dense(width, use_bias=False) for _ in range(LAYERS)]
    model = keras.Sequential([keras.Input((width,)), *layers])
    random = np.random.default_rng(1)
    model.set_weights([random.random((width, width), "float32") for _ in range(LAYERS)])
    return model


def of_model(keras: Any, model: Any, folder: str) -> dict[str, float]:
    """Each way of saving over an older file, and of loading from what the system still holds."""
    archive, weights = os.path.join(folder, "m.keras"), os.path.join(folder, "m.weights.h5")

    def load_model() -> None:
        np.asarray(keras.models.load_model(archive, compile=False).variables[-1])

    def load_weights() -> None:
        model.load_weights(weights)
        np.asarray(model.variables[-1])

    works = {
        "save_model_s": lambda: model.save(archive),
        "save_weights_s": lambda: model.save_weights(weights),
        "load_model_s": load_model,
        "load_weights_s": load_weights,
    }
    return {name: workload.median_time(work, 5, 30) for name, work in works.items()}


if __name__ == "__main__":
    main()
