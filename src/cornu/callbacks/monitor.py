"""Monitor: the base of callbacks that watch one value for improvement."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from cornu.callbacks.callback import Callback
from cornu.callbacks.logs import find, missing, plain
from cornu.errors import did_you_mean, warn

_MODES = ("auto", "min", "max")

# Last words of names whose direction is known where no metric of the model says it.
_SMALLER_IS_BETTER = ("loss", "error", "mae", "mse", "rmse", "mape", "msle", "perplexity")
_LARGER_IS_BETTER = (
    "accuracy", "acc", "auc", "precision", "recall", "f1", "f1_score", "fbeta_score", "fmeasure",
    "iou", "io_u", "dice", "psnr", "ssim", "r2", "r2_score",
)  # fmt: skip
_DIRECTIONS = {"down": "min", "up": "max"}


class Monitor(Callback):
    """Watches one log value.

    Args:
        monitor: name of the value in the logs, e.g. `"val_loss"`.
        mode: `"min"` if smaller is better, `"max"` if larger is, `"auto"` to tell by the metric.
        baseline: the best value to begin with; None if the first one is to be the best.
        min_delta: least change that counts as an improvement.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        baseline: float | None = None,
        min_delta: float = 0,
    ) -> None:
        super().__init__()
        if mode not in _MODES:
            hint = did_you_mean(mode, _MODES)
            warn(f"{type(self).__name__}: unknown mode '{mode}'{hint}; 'auto' is used")
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(min_delta)
        self.best: float | None = baseline
        self._direction = mode if mode != "auto" else None
        self._warned: set[str] = set()

    def get_monitor_value(self, logs: Mapping[str, Any] | None) -> Any:
        """The monitored value as a Python number, or None (with one warning) where it is missing.

        Raises:
            ValueError: if nothing tells which direction is better.
        """
        logs = logs or {}
        key = find(logs, self.monitor)
        if self._direction is None:
            self._direction = self._infer_direction(logs, key)
        if key is None:
            self._warn_once(missing(self.monitor, logs), "; the callback does nothing meanwhile")
            return None
        return plain(logs[key])

    def is_better(self, value: float, reference: float | None) -> bool:
        """Whether `value` is finite and improves on `reference` by more than `min_delta`."""
        if not math.isfinite(value):
            return False
        if reference is None:
            return True
        if self._direction == "max":
            return value - self.min_delta > reference
        return value + self.min_delta < reference

    def _infer_direction(self, logs: Mapping[str, Any], key: str | None) -> str:
        name = (key or self.monitor).removeprefix("val_")
        found = _by_metric(name, self.model) or _by_name(name)
        if found is not None:
            return found
        owner = type(self).__name__
        if key is None:
            raise ValueError(f"{owner}: {missing(self.monitor, logs)}")
        raise ValueError(
            f"{owner}: is a larger or a smaller '{self.monitor}' better? Its metric does not say: "
            "pass mode='max' or mode='min'."
        )

    def _warn_once(self, message: str, consequence: str = "") -> None:
        if message not in self._warned:
            self._warned.add(message)
            warn(f"{type(self).__name__}: {message}{consequence}")


def _by_metric(name: str, model: Any) -> str | None:
    """The direction of the model's metric that is logged as `name`, or as `output_name`."""
    best_match, direction = "", None
    for metric in _metrics(model):
        own = getattr(metric, "name", "")
        if (name == own or name.endswith(f"_{own}")) and len(own) > len(best_match):
            best_match, direction = own, getattr(metric, "_direction", None)
    return _DIRECTIONS.get(direction or "")


def _metrics(model: Any) -> Iterator[Any]:
    for metric in getattr(model, "metrics", None) or ():
        yield metric
        yield from getattr(metric, "metrics", None) or ()


def _by_name(name: str) -> str | None:
    name = re.sub(r"_\d+$", "", name)  # `auc_1` is the second AUC of the process
    for words, direction in ((_SMALLER_IS_BETTER, "min"), (_LARGER_IS_BETTER, "max")):
        if any(name == word or name.endswith(f"_{word}") for word in words):
            return direction
    return None
