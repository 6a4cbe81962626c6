"""Callback: the base of objects that are told what happens during `fit`, `evaluate`, `predict`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

Mode = Literal["train", "test", "predict"]
Logs = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

RUN_HOOKS = (
    "on_train_begin",
    "on_train_end",
    "on_epoch_begin",
    "on_epoch_end",
    "on_test_begin",
    "on_test_end",
    "on_predict_begin",
    "on_predict_end",
)
BATCH_HOOKS: dict[str, tuple[str, ...]] = {
    "train": ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end"),
    "test": ("on_test_batch_begin", "on_test_batch_end"),
    "predict": ("on_predict_batch_begin", "on_predict_batch_end"),
}
EPOCH_HOOKS = ("on_epoch_begin", "on_epoch_end", "on_progress")
HOOKS = RUN_HOOKS + tuple(name for names in BATCH_HOOKS.values() for name in names)


def dispensable(hook: F) -> F:
    """Mark a hook that need not be called in time: not for every batch, or some epochs later."""
    hook.in_time = False  # type: ignore[attr-defined]
    return hook


def wants_batches(callback: Any, mode: str) -> bool:
    """Whether `callback` (or an object with its hooks) has a batch-level hook of its own."""
    return _has_own(callback, BATCH_HOOKS[mode])


def wants_epochs(callback: Any) -> bool:
    """Whether `callback` (or an object with its hooks) must be told of an epoch before the next."""
    return _has_own(callback, EPOCH_HOOKS)


def _has_own(callback: Any, names: Sequence[str]) -> bool:
    for name in names:
        hook = getattr(callback, name, None)
        if hook is not None and getattr(hook, "in_time", True):
            return True
    return False


class Callback:
    """Base of callbacks: subclass it and override the hooks of interest.

    An object that overrides no batch-level hook (`on_*_batch_*`) lets the loop run many steps in
    one dispatch; one that overrides no epoch-level hook either, several short epochs. Values in
    `logs` are plain floats once they are read.

    Attributes:
        model: the model that is being trained, evaluated or run.
        params: dict with `verbose`, `epochs` and `steps` of the run.

    Example:
        >>> class Report(Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, sorted(logs))
        >>> Report().on_epoch_end(0, {"loss": 0.5})
        0 ['loss']
    """

    # On the class, so that a subclass which forgets super().__init__() has them too.
    model: Any = None
    params: dict[str, Any] | None = None

    def __init__(self) -> None:
        self.model = None
        self.params = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the parameters of the run."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model of the run."""
        self.model = model

    def wants_batches(self, mode: Mode) -> bool:
        """Whether a batch-level hook must be called for each batch of `mode`."""
        return wants_batches(self, mode)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called once when `fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called once when `fit` ends; `logs` are those of the last epoch."""

    @dispensable
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called when epoch `epoch` (from 0) of `fit` begins."""

    @dispensable
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called when an epoch of `fit` ends, after validation (its names begin with `val_`)."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called when `evaluate`, or validation in `fit`, begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called when `evaluate`, or validation in `fit`, ends."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called when `predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called when `predict` ends."""

    @dispensable
    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before step `batch` (from 0) of an epoch."""
        self.on_batch_begin(batch, logs)

    @dispensable
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after step `batch` of an epoch; `logs` are the means over the epoch so far."""
        self.on_batch_end(batch, logs)

    @dispensable
    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_begin`."""

    @dispensable
    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name of `on_train_batch_end`."""

    @dispensable
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of evaluation."""

    @dispensable
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of evaluation."""

    @dispensable
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of prediction."""

    @dispensable
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of prediction; `logs["outputs"]` holds what the model gave."""
