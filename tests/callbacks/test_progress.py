"""The progress bar in a terminal, a notebook and a file."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import termios
import types
from collections.abc import Iterator
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from cornu.callbacks import CallbackList, LambdaCallback, console, progress
from cornu.callbacks.progress import Progbar, clock, duration, number, resolve_verbose
from cornu.settings import settings

CODES = re.compile(r"\x1b\[\d+m")


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def ticking(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(progress, "time", found)
    for name in ("COLUMNS", "NO_COLOR", "PYCHARM_HOSTED"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    return found


def show_on(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `stream` the stdout that callbacks see; pytest sets the real one anew for each phase."""
    monkeypatch.setattr(console, "sys", types.SimpleNamespace(stdout=stream))


class Terminal:
    """A pseudo terminal as stdout, and what a person sees on it."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.stream = open(slave, "w", encoding="utf-8")  # noqa: SIM115 closed in `close`
        self.raw = ""

    def read(self) -> str:
        """All that was written so far."""
        self.stream.write("\0")  # so that there is something to read
        self.stream.flush()
        while not self.raw.endswith("\0"):
            self.raw += os.read(self._master, 65536).decode()
        self.raw = self.raw[:-1].replace("\r\n", "\n")
        return self.raw

    def lines(self) -> list[str]:
        """The lines on the screen, without colours; long ones wrap."""
        screen, row, column = [""], 0, 0
        for character in CODES.sub("", self.read()):
            if character == "\r":
                column = 0
            elif character == "\n":
                row, column = row + 1, 0
            else:
                if column == self.columns:
                    row, column = row + 1, 0
                while len(screen) <= row:
                    screen.append("")
                line = screen[row].ljust(column)
                screen[row] = line[:column] + character + line[column + 1 :]
                column += 1
            while len(screen) <= row:
                screen.append("")
        return [line.rstrip() for line in screen]

    def close(self) -> None:
        self.stream.close()
        os.close(self._master)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, request: Any) -> Iterator[Terminal]:
    found = Terminal(getattr(request, "param", 100))
    show_on(found.stream, monkeypatch)
    yield found
    found.close()


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    found = io.StringIO()
    show_on(found, monkeypatch)
    return found


def fit(
    ticking: Clock, steps: int | None = 4, epochs: int = 2, verbose: Any = 1, every: int = 1
) -> None:
    """What a fit tells its callbacks, half a second a step."""
    callbacks = CallbackList(add_progbar=True, verbose=verbose, epochs=epochs, steps=steps)
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for step in range(every, 5, every):
            ticking.now += 0.5 * every
            callbacks.on_progress("train", step, {"loss": jnp.float32(1 / step)})
        callbacks.on_test_begin()
        callbacks.on_progress("test", 1, {"loss": 9.0})
        callbacks.on_test_end({"loss": 9.0})
        callbacks.on_epoch_end(epoch, {"loss": 0.125, "val_loss": 0.0625})
    callbacks.on_train_end()


BAR = "━" * 20
LAST = f"4/4 {BAR} 2s 500ms/step - loss: 0.1250 - val_loss: 0.0625"


def test_a_terminal_shows_one_line_an_epoch(terminal: Terminal, ticking: Clock) -> None:
    fit(ticking)
    assert terminal.lines() == ["Epoch 1/2", LAST, "Epoch 2/2", LAST, ""]
    text = terminal.read()
    assert f"\r\x1b[1m2/4\x1b[0m \x1b[32m{'━' * 10}\x1b[0m\x1b[37m{'━' * 10}\x1b[0m" in text
    assert "\x1b[1m1s\x1b[0m 500ms/step - loss: 0.5000" in text  # a second is left


def test_a_file_gets_one_line_an_epoch_and_no_control_characters(
    file: io.StringIO, ticking: Clock
) -> None:
    fit(ticking)
    assert file.getvalue() == f"Epoch 1/2\n{LAST}\nEpoch 2/2\n{LAST}\n"


@pytest.mark.parametrize(
    ("verbose", "epochs", "expected"),
    [
        (0, 2, ""),
        (1, 1, f"{LAST}\n"),
        ("auto", 1, f"{LAST}\n"),
        (2, 1, "4/4 - 2s - 500ms/step - loss: 0.1250 - val_loss: 0.0625\n"),
    ],
)
def test_verbose(
    verbose: Any, epochs: int, expected: str, file: io.StringIO, ticking: Clock
) -> None:
    fit(ticking, verbose=verbose, epochs=epochs)
    assert file.getvalue() == expected


def test_a_notebook_redraws_its_line(monkeypatch: pytest.MonkeyPatch, ticking: Clock) -> None:
    stream_type = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    stream = stream_type()
    show_on(stream, monkeypatch)
    fit(ticking, epochs=1)
    text = stream.getvalue()
    assert text.count("\r") == 5
    assert text.count("\n") == 1
    assert CODES.sub("", text).split("\r")[-1] == f"{LAST}\n"


def test_unknown_length(terminal: Terminal, ticking: Clock) -> None:
    fit(ticking, steps=None)
    text = CODES.sub("", terminal.read())
    assert "\r3/? 2s 500ms/step - loss: 0.3333" in text
    # The first epoch told the length to the second.
    assert "\r3/4 " in text
    assert terminal.lines() == ["Epoch 1/2", LAST, "Epoch 2/2", LAST, ""]


@pytest.mark.parametrize("terminal", [70, 50, 30, 12], indirect=True)
def test_a_narrow_terminal_is_never_wrapped_while_redrawing(
    terminal: Terminal, ticking: Clock
) -> None:
    bar = Progbar(3, stateless_metrics=())
    for step in (1, 2):
        ticking.now += 1
        bar.update(step, {"loss": 1.0, "accuracy": 0.5, "precision": 0.25})
        assert len(terminal.lines()) == 1
        assert terminal.lines()[0].startswith(f"{step}/3")
    bar.update(3, {"precision": 0.125})
    assert "precision: 0.1250" in "".join(terminal.lines())


def test_a_shorter_line_leaves_nothing_of_the_longer_one(
    terminal: Terminal, ticking: Clock
) -> None:
    bar = Progbar(3, stateless_metrics=())
    bar.update(1, {"loss": 123456.0})
    ticking.now += 1
    bar.update(2, {"loss": 1.0})
    assert terminal.lines()[0].endswith("- loss: 1.0000")


@pytest.mark.parametrize(
    ("encoding", "drawn"),
    [("utf-8", "━" * 5 + "━" * 5), ("latin-1", "=" * 10), ("ascii", "=" * 10)],
)
def test_what_cannot_be_encoded_is_not_drawn(
    encoding: str, drawn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    show_on(stream, monkeypatch)
    Progbar(2, width=10).update(2, {"größe": 1.0})
    stream.seek(0)
    name = "gr??e" if encoding == "ascii" else "größe"
    assert re.fullmatch(rf"2/2 {drawn} 0s \S+ - {re.escape(name)}: 1\.0000\n", stream.read())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(
    name: str, value: str, terminal: Terminal, ticking: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    fit(ticking)
    assert "\x1b" not in terminal.read()
    assert terminal.lines() == ["Epoch 1/2", LAST, "Epoch 2/2", LAST, ""]


def test_no_console_at_all(monkeypatch: pytest.MonkeyPatch, ticking: Clock) -> None:
    show_on(None, monkeypatch)
    fit(ticking)


def test_interactive_logging_off_goes_to_the_log(
    file: io.StringIO, ticking: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    settings.interactive_logging = False
    assert resolve_verbose("auto") == 2
    with caplog.at_level("INFO", logger="cornu"):
        fit(ticking, verbose="auto", epochs=1)
    assert file.getvalue() == ""
    assert caplog.messages == ["4/4 - 2s - 500ms/step - loss: 0.1250 - val_loss: 0.0625"]


def test_logs_are_fetched_only_when_the_line_is_drawn(terminal: Terminal, ticking: Clock) -> None:
    fetched = []

    class Value:
        shape = ()

        def __float__(self) -> float:
            fetched.append(self)
            return 0.5

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.asarray(float(self))

    quiet = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    callbacks = CallbackList([quiet], add_progbar=True, verbose=1, epochs=1, steps=100)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for batch in range(99):
        ticking.now += 0.01
        callbacks.on_train_batch_end(batch, {"loss": Value()})
    assert 9 <= len(fetched) <= 11  # about ten times in this second


def test_values_are_shown_as_the_logs_give_them(file: io.StringIO) -> None:
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=3)
    callbacks.on_test_begin()
    for step, loss in ((1, 1.0), (2, 0.7512), (3, 0.123456)):
        callbacks.on_progress("test", step, {"loss": loss})
    callbacks.on_test_end({"loss": 0.123456})
    assert file.getvalue().endswith("- loss: 0.1235\n")


def test_predict_shows_no_values(file: io.StringIO) -> None:
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=1)
    callbacks.on_predict_begin()
    callbacks.on_predict_batch_end(0, {"outputs": np.ones((4, 2))})
    callbacks.on_predict_end()
    assert re.fullmatch(rf"1/1 {BAR} 0s 0s/step\n", file.getvalue())


def test_a_broken_run_leaves_the_line(terminal: Terminal, ticking: Clock) -> None:
    callbacks = CallbackList(add_progbar=True, verbose=1, epochs=1, steps=3)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    callbacks.on_progress("train", 1, {"loss": 1.0})
    callbacks.on_abort()
    callbacks.on_abort()
    terminal.stream.write("Traceback\n")
    assert terminal.lines()[1] == "Traceback"


def test_time_of_a_step_leaves_out_the_first(file: io.StringIO, ticking: Clock) -> None:
    bar = Progbar(5, verbose=2)
    for step, pause in ((1, 10.0), (3, 0.2), (5, 0.2)):
        ticking.now += pause
        bar.update(step)
    assert file.getvalue() == "5/5 - 10s - 100ms/step\n"


def test_add_counts_on(file: io.StringIO) -> None:
    bar = Progbar(10, verbose=2, unit_name="sample")
    bar.add(4, [("loss", 1.0)])
    bar.add(6, [("loss", 3.0)])
    assert re.fullmatch(r"10/10 - 0s - \S+/sample - loss: 3\.0000\n", file.getvalue())


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "a: 2.5000 - b: 2.5000"),
        ({"stateful_metrics": ["a"]}, "a: 3.0000 - b: 2.5000"),
        ({"stateless_metrics": ["a"]}, "a: 2.5000 - b: 3.0000"),
    ],
)
def test_averages_are_weighted_by_steps(
    arguments: Any, expected: str, terminal: Terminal, ticking: Clock
) -> None:
    bar = Progbar(9, **arguments)
    bar.update(1, [("a", 1.0), ("b", 1.0)])
    ticking.now += 1
    bar.update(4, [("a", 3.0), ("b", 3.0)])
    assert terminal.lines()[0].endswith(expected)


def test_progbar_cannot_take_both_lists() -> None:
    with pytest.raises(ValueError, match="not both"):
        Progbar(3, stateful_metrics=["a"], stateless_metrics=["b"])


@pytest.mark.parametrize("bad", [3, -1, "Auto", None, 1.5])
def test_other_values_of_verbose_are_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match="verbose must be 0, 1, 2 or 'auto'"):
        resolve_verbose(bad)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (60, "60s"), (72.9, "1:12"), (36000, "10:00:00")]
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (3e-6, "3us"), (0.0009996, "1ms"), (0.25, "250ms"), (0.9996, "1s"), (70, "70s")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "0.5000"), (-0.00025, "-2.5000e-04"), (np.nan, "nan"), ("on", "on"), ([1, 2], "1.5000")],
)
def test_number(value: Any, text: str) -> None:
    assert number(value) == text
