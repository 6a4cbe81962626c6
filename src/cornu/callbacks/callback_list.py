"""CallbackList: the callbacks of a run, called as one."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from typing import Any

from cornu.callbacks.callback import HOOKS, Callback, Logs, Mode, wants_batches, wants_epochs
from cornu.callbacks.history import History
from cornu.callbacks.logs import lazy
from cornu.callbacks.progress import ProgbarLogger


class CallbackList(Callback):
    """Calls each hook on each callback, in order.

    Args:
        callbacks: a callback, a list or tuple of them, or None.
        add_history: whether to append a `History` if there is none.
        add_progbar: whether to append a `ProgbarLogger` if there is none.
        model: the model of the run; callbacks get it.
        **params: parameters of the run (`verbose`, `epochs`, `steps`); callbacks get them.

    Raises:
        TypeError: for a function, a class, or anything else that is no callback.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        super().__init__()
        self.callbacks: list[Any] = checked(callbacks)
        self._history = self._find_or_add(History, add_history)
        self._progbar = self._find_or_add(ProgbarLogger, add_progbar)
        if params:
            self.set_params(params)
        if model is not None:
            self.set_model(model)

    def _find_or_add(self, cls: type[Callback], add: bool) -> Any:
        found = next((c for c in self.callbacks if isinstance(c, cls)), None)
        if found is None and add:
            found = cls()
            self.callbacks.append(found)
        return found

    def append(self, callback: Callback) -> None:
        """Add a callback at the end."""
        self.callbacks.extend(checked([callback]))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.callbacks)

    def __len__(self) -> int:
        return len(self.callbacks)

    def set_params(self, params: dict[str, Any]) -> None:
        """Give the parameters of the run to all."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Give the model to all; `model.history` becomes the History among them."""
        super().set_model(model)
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    # -- what the loop asks and tells beyond the hooks ---------------------------------------------

    def wants_batches(self, mode: Mode) -> bool:
        """Whether some callback must be called for each batch; the progress bar need not be."""
        for callback in self.callbacks:
            own = getattr(callback, "wants_batches", None)
            if own(mode) if own else wants_batches(callback, mode):
                return True
        return False

    def wants_epochs(self) -> bool:
        """Whether some callback must be told of each epoch before the next one runs."""
        return type(self) is not CallbackList or any(map(wants_epochs, self.callbacks))

    @property
    def keeps_finite(self) -> bool:
        """Whether some callback asks that a step with a non-finite loss leave the weights alone."""
        return any(getattr(callback, "keeps_finite", False) for callback in self.callbacks)

    def on_progress(self, mode: Mode, step: int, logs: Logs | None = None) -> None:
        """Tell those who show progress that `step` steps are done; `logs` stay lazy."""
        logs = lazy(logs)
        for callback in self.callbacks:
            if (hook := getattr(callback, "on_progress", None)) is not None:
                hook(mode, step, logs)

    def on_abort(self) -> None:
        """Tell those who hold something (a file, kept weights, an open line) of a broken run.

        Called instead of the end hooks when an exception or an interrupt leaves the loop.
        """
        for callback in self.callbacks:
            if (hook := getattr(callback, "on_abort", None)) is not None:
                hook()

    # -- hooks -------------------------------------------------------------------------------------

    def _each(self, hook: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_train_end", lazy(logs))

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_epoch_begin", epoch, lazy(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        # The same dict to all, and the caller's own: what one callback adds, the next ones log.
        self._each("on_epoch_end", epoch, {} if logs is None else logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_test_end", lazy(logs))

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_predict_end", logs or {})

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_train_batch_begin", batch, lazy(logs))

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_train_batch_end", batch, lazy(logs))

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_batch_begin", batch, lazy(logs))

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_batch_end", batch, lazy(logs))

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_test_batch_begin", batch, lazy(logs))

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_test_batch_end", batch, lazy(logs))

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_predict_batch_begin", batch, lazy(logs))

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Call the hook on each."""
        self._each("on_predict_batch_end", batch, lazy(logs))


def checked(callbacks: Any) -> list[Any]:
    """`callbacks` as a list.

    Raises:
        TypeError: naming the first entry that is no callback, and what to write instead.
    """
    if callbacks is None:
        return []
    if isinstance(callbacks, CallbackList):
        return list(callbacks.callbacks)
    is_single = isinstance(callbacks, Callback | str) or inspect.isclass(callbacks)
    if is_single or not isinstance(callbacks, Iterable):
        callbacks = [callbacks]
    found = list(callbacks)
    for index, callback in enumerate(found):
        _check(callback, f"callbacks[{index}]")
    return found


def _check(callback: Any, where: str) -> None:
    if isinstance(callback, Callback):
        return
    if inspect.isclass(callback):
        raise TypeError(
            f"{where} is the class {callback.__name__}: make an object, {callback.__name__}()"
        )
    if inspect.isroutine(callback):
        name = getattr(callback, "__name__", "function")
        call = "f" if name == "<lambda>" else name
        raise TypeError(
            f"{where} is the function {name}: wrap it in LambdaCallback, "
            f"e.g. LambdaCallback(on_epoch_end={call})"
        )
    if any(not hasattr(callback, name) for name in ("set_model", "set_params", *HOOKS)):
        raise TypeError(
            f"{where} must be a keras.callbacks.Callback. Received: {type(callback).__name__}"
        )
