"""Stand-ins for a model and its optimizer, enough to drive callbacks of Cornu and of Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class FakeOptimizer:
    """Holds a learning rate in float32, as real ones do."""

    def __init__(self, rate: float = 0.1) -> None:
        self._rate = np.float32(rate)

    @property
    def learning_rate(self) -> np.float32:
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self._rate = np.float32(value)


class FakeMetric:
    def __init__(self, name: str, direction: str | None) -> None:
        self.name = name
        self._direction = direction


class FakeModel:
    """Its only weight is the number of the epoch; notes what was saved."""

    def __init__(self, metrics: Sequence[Any] = ()) -> None:
        self.stop_training = False
        self.optimizer = FakeOptimizer()
        self.metrics = list(metrics)
        self.weight = -1
        self.saved: list[tuple[str, int]] = []

    def get_weights(self) -> list[np.ndarray]:
        return [np.array(self.weight)]

    def set_weights(self, weights: list[np.ndarray]) -> None:
        self.weight = int(weights[0])

    def save(self, path: str, overwrite: bool = True) -> None:
        self.saved.append((path, self.weight))

    def save_weights(self, path: str, overwrite: bool = True) -> None:
        self.saved.append((path, self.weight))


class Run:
    """What happened in `drive`."""

    def __init__(self, model: FakeModel) -> None:
        self.model = model
        self.epochs = 0
        self.rates: list[float] = []  # after each epoch
        self.logs: list[dict[str, Any]] = []


def drive(
    callback: Any,
    values: Sequence[Any],
    monitor: str = "val_loss",
    model: FakeModel | None = None,
) -> Run:
    """A `fit` whose epochs log one value each; None leaves it out."""
    run = Run(model or FakeModel())
    run.model.stop_training = False
    callback.set_params({"verbose": 0, "epochs": len(values), "steps": 1})
    callback.set_model(run.model)
    callback.on_train_begin({})
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch, {})
        run.model.weight = epoch
        logs = {"loss": 1.0} if value is None else {"loss": 1.0, monitor: value}
        callback.on_epoch_end(epoch, logs)
        run.epochs += 1
        run.rates.append(float(run.model.optimizer.learning_rate))
        run.logs.append(logs)
        if run.model.stop_training:
            break
    callback.on_train_end({})
    return run
