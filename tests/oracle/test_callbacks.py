"""Callbacks against Keras's: the same values lead to the same decisions."""

from __future__ import annotations

import contextlib
import inspect
import io
import pathlib
import re
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest

import cornu.callbacks
from callbacks.fakes import FakeModel, Run, drive
from cornu.callbacks.callback import HOOKS
from cornu.callbacks.progress import Progbar

SIDES = (cornu.callbacks, keras.callbacks)
NAMES = [
    name
    for name in sorted(vars(cornu.callbacks))
    if inspect.isclass(getattr(cornu.callbacks, name))
]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keras warns about its own use of NumPy; only Cornu's warnings are looked at elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def both(name: str, values: Any, monitor: str = "val_loss", **arguments: Any) -> tuple[Run, Run]:
    """The same run with Cornu's and with Keras's callback."""
    mine, theirs = (drive(getattr(side, name)(**arguments), values, monitor) for side in SIDES)
    return mine, theirs


def series(seed: int, length: int = 30) -> list[float]:
    """Falling on the whole, on a coarse grid so that equal values and exact steps occur."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-4, 5, length) / 10
    return [round(float(v), 1) for v in np.linspace(2, 1, length).round(1) + noise]


@pytest.mark.parametrize("name", NAMES)
def test_signatures(name: str) -> None:
    mine, theirs = (
        {
            p.name: (p.kind, p.default)
            for p in inspect.signature(getattr(side, name).__init__).parameters.values()
        }
        for side in SIDES
    )
    assert mine == theirs


def test_progbar_signature() -> None:
    def defaults(cls: Any) -> dict[str, Any]:
        return {p.name: p.default for p in inspect.signature(cls.__init__).parameters.values()}

    assert defaults(Progbar) == defaults(keras.utils.Progbar)


def test_hooks_are_keras_hooks() -> None:
    assert set(HOOKS) == {name for name in dir(keras.callbacks.Callback) if name.startswith("on_")}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"patience": 1},
        {"patience": 3, "restore_best_weights": True},
        {"patience": 2, "min_delta": 0.1, "restore_best_weights": True},
        {"patience": 4, "min_delta": -0.3},
        {"patience": 3, "baseline": 1.6, "restore_best_weights": True},
        {"patience": 3, "baseline": 0.5, "restore_best_weights": True},
        {"patience": 2, "start_from_epoch": 4, "restore_best_weights": True},
        {"patience": 2, "mode": "max", "restore_best_weights": True},
        {"patience": 0, "mode": "max", "min_delta": 0.2, "restore_best_weights": True},
    ],
    ids=str,
)
def test_early_stopping(arguments: dict[str, Any], seed: int) -> None:
    mine, theirs = both("EarlyStopping", series(seed), **arguments)
    assert (mine.epochs, mine.model.weight) == (theirs.epochs, theirs.model.weight)


def test_early_stopping_attributes() -> None:
    found = []
    for side in SIDES:
        callback = side.EarlyStopping(patience=2, restore_best_weights=True)
        drive(callback, [3.0, 2.0, 2.5, 2.6, 1.0])
        drive(callback, [3.0, 2.5, 2.6, 2.7, 1.0])  # a second fit begins anew
        found.append((callback.stopped_epoch, callback.best_epoch, callback.best, callback.wait))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "arguments",
    [
        {"patience": 2},
        {"patience": 2, "factor": 0.5, "cooldown": 2},
        {"patience": 1, "factor": 0.3, "min_lr": 0.01},
        {"patience": 0, "factor": 0.9},
        {"patience": 2, "factor": 0.5, "min_delta": 0.3, "cooldown": 1},
        {"patience": 3, "mode": "max", "factor": 0.5},
    ],
    ids=str,
)
def test_reduce_lr_on_plateau(arguments: dict[str, Any], seed: int) -> None:
    mine, theirs = both("ReduceLROnPlateau", series(seed), **arguments)
    assert mine.rates == theirs.rates
    assert mine.logs == theirs.logs


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(
    "arguments",
    [
        {"filepath": "{epoch:02d}-{val_loss:.2f}.keras"},
        {"filepath": "best.keras", "save_best_only": True},
        {"filepath": "best.keras", "save_best_only": True, "mode": "max"},
        {"filepath": "{epoch}.weights.h5", "save_weights_only": True, "save_best_only": True},
        {"filepath": "best.keras", "save_best_only": True, "initial_value_threshold": 1.5},
    ],
    ids=str,
)
def test_model_checkpoint(
    arguments: dict[str, Any], seed: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    values = series(seed, 8)
    printed, saved = [], []
    for side in SIDES:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            run = drive(side.ModelCheckpoint(verbose=1, **arguments), values)
        saved.append(run.model.saved)
        printed.append(out.getvalue())
    assert saved[0] == saved[1]
    assert len(saved[0]) > 0
    assert printed[0] == printed[1]


@pytest.mark.parametrize("every", [1, 2, 3, 5])
def test_checkpoints_by_batches(
    every: int, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved = []
    for side in SIDES:
        callback, model = (
            side.ModelCheckpoint("{epoch}-{batch}.keras", save_freq=every),
            FakeModel(),
        )
        callback.set_model(model)
        callback.on_train_begin({})
        for epoch in range(3):
            callback.on_epoch_begin(epoch)
            for batch in range(4):
                callback.on_train_batch_end(batch, {"loss": 1.0})
            callback.on_epoch_end(epoch, {"loss": 1.0})
        saved.append(model.saved)
    assert saved[0] == saved[1]
    assert len(saved[0]) == 12 // every


@pytest.mark.parametrize(
    "epochs",
    [
        [{"loss": 1.5, "acc": 0.25, "val_loss": np.float32(0.5)}, {"loss": 1.5, "acc": 1}],
        [{"loss": 1.5}, {"loss": 2.5, "val_loss": 3.0}],
        [{"loss": np.array([1.0, 2.0]), "name": 'a,"b"', "val_x": None}],
    ],
    ids=len,
)
@pytest.mark.parametrize("arguments", [{}, {"separator": ";"}, {"append": True}], ids=str)
def test_csv_logger(epochs: Any, arguments: Any, tmp_path: pathlib.Path) -> None:
    texts = []
    for side in SIDES:
        path = tmp_path / f"{side.__name__}.csv"
        for _ in range(2):
            callback = side.CSVLogger(str(path), **arguments)
            callback.set_model(FakeModel())
            callback.on_train_begin()
            for epoch, logs in enumerate(epochs):
                callback.on_epoch_end(epoch, dict(logs))
            callback.on_train_end()
        texts.append(path.read_bytes())
    assert texts[0] == texts[1]


def test_messages(capsys: pytest.CaptureFixture[str]) -> None:
    makers = (
        lambda side: side.EarlyStopping(patience=1, verbose=1, restore_best_weights=True),
        lambda side: side.ReduceLROnPlateau(patience=1, verbose=1, factor=0.5),
        lambda side: side.LearningRateScheduler(lambda epoch, lr: lr * 0.5, verbose=1),
    )
    for make in makers:
        texts = []
        for side in SIDES:
            drive(make(side), [3.0, 2.0, 2.5, 2.6])
            texts.append(capsys.readouterr().out)
        assert texts[0] == texts[1]
        assert texts[0]


TIMES = re.compile(r"\d+(us|ms|s)/step|\b\d+s\b")
CODES = re.compile(r"\x1b\[\d+m|\x08")


@pytest.mark.parametrize("verbose", [1, 2])
@pytest.mark.parametrize(
    "arguments", [{}, {"stateful_metrics": ["loss"]}, {"stateless_metrics": ["loss"]}], ids=str
)
@pytest.mark.parametrize("steps", [[1, 2, 3], [3], [1, 3]])
def test_progbar_ends_as_keras_does(verbose: int, arguments: Any, steps: list[int]) -> None:
    ends = []
    for cls in (Progbar, keras.utils.Progbar):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            bar = cls(3, verbose=verbose, **arguments)
            for step in steps:
                bar.update(step, [("loss", 1 / step), ("small", 1e-5 * step), ("big", 1e5)])
        line = CODES.sub("", out.getvalue().replace("\r", "\n")).strip().splitlines()[-1]
        ends.append(TIMES.sub("T", line))
    assert ends[0] == ends[1]
