"""LambdaCallback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cornu.callbacks.callback import HOOKS, Callback
from cornu.errors import short, unexpected_keywords


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: function of `(epoch, logs)`.
        on_epoch_end: function of `(epoch, logs)`.
        on_train_begin: function of `(logs)`.
        on_train_end: function of `(logs)`.
        on_train_batch_begin: function of `(batch, logs)`.
        on_train_batch_end: function of `(batch, logs)`.
        **kwargs: functions for other hooks of `Callback`, by the hook's name.

    Raises:
        TypeError: for a name that is no hook, or a value that is no function.

    Example:
        >>> report = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ) -> None:
        super().__init__()
        unknown = [name for name in kwargs if name not in HOOKS]
        if unknown:
            raise unexpected_keywords("LambdaCallback", unknown, HOOKS)
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        for name, function in functions.items():
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"{name} of LambdaCallback must be a function. Received: {short(function)}"
                )
            setattr(self, name, function)
