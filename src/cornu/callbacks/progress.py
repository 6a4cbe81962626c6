"""The progress bar: a live line in terminals and notebooks, one line an epoch in a log file."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from cornu.callbacks.callback import Callback, Logs, Mode, dispensable
from cornu.callbacks.console import Screen, look, say, write
from cornu.settings import settings

_BOLD, _GREEN, _WHITE, _RESET = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"
_LOGGER_INTERVAL = 0.1  # seconds between redraws; reading the logs waits for the device

Values = dict[str, Any] | Iterable[tuple[str, Any]] | None


class Progbar:
    """A progress bar.

    Values are averaged over steps while the bar runs, unless they are stateful; the last line shows
    the last values as given. With neither `stateful_metrics` nor `stateless_metrics` all are
    averaged.

    Args:
        target: number of steps in all; None if unknown.
        width: width of the bar in characters.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: least time between two redraws, in seconds.
        stateful_metrics: names of values to show as given.
        stateless_metrics: names of values to average; not together with `stateful_metrics`.
        unit_name: what a step is called.

    Raises:
        ValueError: if both `stateful_metrics` and `stateless_metrics` are given.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("give `stateful_metrics` or `stateless_metrics`, not both")
        self.target = target or None
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = None if stateful_metrics is None else set(stateful_metrics)
        self.stateless_metrics = None if stateless_metrics is None else set(stateless_metrics)
        self.unit_name = unit_name
        self._values: dict[str, tuple[Any, int]] = {}  # name -> (sum, steps in the sum)
        self._seen = 0
        self._start = self._step_time = time.perf_counter()
        self._first: tuple[int, float] | None = None
        self._drawn = float("-inf")
        self._drawn_width = 0

    def update(self, current: int, values: Values = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done.

        Args:
            current: steps done, counted from the start.
            values: pairs (name, value), or a dict.
            finalize: whether this is the last update; default: whether `current` reached `target`.
        """
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._note(current, values, finalize)
        now = time.perf_counter()
        if current > self._seen:
            self._step_time = now
            self._first = self._first or (current, now)
        self._seen = current
        if self.verbose == 1:
            self._draw(now, finalize)
        elif self.verbose == 2 and finalize:
            parts = (self._count(), f"{now - self._start:.0f}s", self._step_duration())
            say(" - ".join(parts) + self._metrics())

    def add(self, n: int, values: Values = None) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen + n, values)

    def break_off(self) -> None:
        """Leave the line of a live bar, so that what is written next starts on a fresh one."""
        if self._drawn_width:
            write("\n")
            self._drawn_width = 0

    def _note(self, current: int, values: Values, finalize: bool) -> None:
        steps = max(current - self._seen, 1)
        for name, value in _pairs(values):
            total, count = self._values.get(name, (0, 0))
            if finalize or not self._is_averaged(name) or not count:
                # A first value needs no sum, so nobody waits for it before it is shown.
                weight = 1 if finalize or not self._is_averaged(name) else steps
                self._values[name] = (value if weight == 1 else value * weight, weight)
            else:
                self._values[name] = (total + value * steps, count + steps)

    def _is_averaged(self, name: str) -> bool:
        if self.stateful_metrics is not None:
            return name not in self.stateful_metrics
        return self.stateless_metrics is None or name in self.stateless_metrics

    # -- drawing -----------------------------------------------------------------------------------

    def _draw(self, now: float, finalize: bool) -> None:
        if not finalize and now - self._drawn < self.interval:
            return
        screen = look()
        if not screen.live and not finalize:
            return
        self._drawn = now
        timing = self._finished(now) if finalize else self._remaining()
        tail = self._step_duration() + self._metrics()  # once: it waits for the device
        if not screen.live:
            say(self._line(screen, self.width, timing, tail))
            return
        line, width = self._fitted(screen, timing, tail, finalize)
        blank = " " * max(self._drawn_width - width, 0)
        self._drawn_width = 0 if finalize else width
        write(f"\r{line}{blank}" + ("\n" if finalize else ""))

    def _fitted(self, screen: Screen, timing: str, tail: str, finalize: bool) -> tuple[str, int]:
        """The line and its width in columns; while it is drawn over, it must not wrap."""
        limit = screen.columns - 1 if screen.columns and not finalize else None
        uncoloured = dataclasses.replace(screen, colour=False)
        plain = ""
        for width in (self.width, min(5, self.width), 0):
            plain = self._line(uncoloured, width, timing, tail)
            if limit is None or len(plain) <= limit:
                return self._line(screen, width, timing, tail), len(plain)
        return plain[:limit], len(plain[:limit])

    def _line(self, screen: Screen, width: int, timing: str, tail: str) -> str:
        def paint(text: str, colour: str) -> str:
            return f"{colour}{text}{_RESET}" if screen.colour else text

        parts = [paint(self._count(), _BOLD)]
        if self.target is not None and width:
            done = min(int(width * self._seen / self.target), width)
            finished, open_ = screen.bar
            parts.append(paint(finished * done, _GREEN) + paint(open_ * (width - done), _WHITE))
        return " ".join((*parts, paint(timing, _BOLD), tail))

    def _count(self) -> str:
        if self.target is None:
            return f"{self._seen}/?"
        return f"{self._seen:>{len(str(self.target))}}/{self.target}"

    def _finished(self, now: float) -> str:
        return f"{now - self._start:.0f}s"

    def _remaining(self) -> str:
        if self.target is None:
            return self._finished(self._step_time)
        return clock(self._seconds_a_step() * max(self.target - self._seen, 0))

    def _seconds_a_step(self) -> float:
        """Mean time of a step, without the first (it compiles) as soon as there are others."""
        if self._first is None:
            return 0.0
        count, moment = self._first
        if self._seen > count:
            return (self._step_time - moment) / (self._seen - count)
        return (self._step_time - self._start) / count

    def _step_duration(self) -> str:
        return f"{duration(self._seconds_a_step())}/{self.unit_name}"

    def _metrics(self) -> str:
        return "".join(
            f" - {name}: {number(total, count)}" for name, (total, count) in self._values.items()
        )


def _pairs(values: Values) -> Iterable[tuple[str, Any]]:
    """Pairs of a dict without reading its values, or the pairs as given."""
    if values is None:
        return ()
    if isinstance(values, dict):
        return dict.items(values)
    return values


def clock(seconds: float) -> str:
    """`59s`, `1:12`, `10:00:00`."""
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"


def duration(seconds: float) -> str:
    """Whole seconds, milliseconds or microseconds, whichever unit gives at most three digits."""
    for scale, unit in ((1e6, "us"), (1e3, "ms")):
        if seconds > 0 and round(seconds * scale) < 1000:
            return f"{seconds * scale:.0f}{unit}"
    return f"{seconds:.0f}s"


def number(total: Any, count: int = 1) -> str:
    """`0.5234`, or `1.2340e-04` where that would show too few digits."""
    if isinstance(total, str):
        return total
    value = float(np.mean(np.asarray(total))) / count
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


class ProgbarLogger(Callback):
    """Shows the progress and the logs of `fit`, `evaluate` and `predict`; the loop adds it.

    Values are shown as they stand in the logs: they are means over the epoch already.
    """

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self.progbar: Progbar | None = None
        self._in_fit = False

    def set_params(self, params: dict[str, Any]) -> None:
        """Take `verbose`, `epochs` and `steps` of the run."""
        super().set_params(params)
        self.verbose = resolve_verbose(params.get("verbose", 1))
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Note that evaluation from here on is validation, which has no bar of its own."""
        self._in_fit = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Fit is over."""
        self._in_fit = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start a bar."""
        if self.verbose and self.epochs > 1:
            say(f"Epoch {epoch + 1}/{self.epochs}")
        self._begin()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Finish the bar with all logs of the epoch."""
        self._finish(logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Start a bar, unless this is validation in `fit`."""
        if not self._in_fit:
            self._begin()

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Finish the bar."""
        if not self._in_fit:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Start a bar."""
        self._begin()

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Finish the bar."""
        self._finish(None)

    @dispensable
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.on_progress("train", batch + 1, logs)

    @dispensable
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.on_progress("test", batch + 1, logs)

    @dispensable
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self.on_progress("predict", batch + 1, None)

    def on_progress(self, mode: Mode, step: int, logs: Logs | None = None) -> None:
        """Show that `step` steps are done; `logs` are read only if the line is drawn now."""
        if self.progbar is not None and not (mode == "test" and self._in_fit):
            self.progbar.update(step, None if mode == "predict" else logs, finalize=False)

    def on_abort(self) -> None:
        """Leave the open line."""
        self._in_fit = False
        if self.progbar is not None:
            self.progbar.break_off()
            self.progbar = None

    def _begin(self) -> None:
        self.progbar = None
        if self.verbose:
            self.progbar = Progbar(
                self.target,
                verbose=self.verbose,
                interval=_LOGGER_INTERVAL,
                stateless_metrics=(),
                unit_name="step",
            )

    def _finish(self, logs: Logs | None) -> None:
        if self.progbar is None:
            return
        if self.progbar.target is None:
            self.progbar.target = self.target = self.progbar._seen or None
        self.progbar.update(self.progbar._seen, logs, finalize=True)
        self.progbar = None


def resolve_verbose(verbose: Any) -> int:
    """0, 1 or 2; "auto" is 1 where interactive logging is on, else 2.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(verbose, str) and verbose == "auto":
        return 1 if settings.interactive_logging else 2
    if isinstance(verbose, int | np.integer) and 0 <= verbose <= 2:
        return int(verbose)
    raise ValueError(f"verbose must be 0, 1, 2 or 'auto'. Received: verbose={verbose!r}")
