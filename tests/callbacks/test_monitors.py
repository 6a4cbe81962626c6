"""EarlyStopping, ReduceLROnPlateau and ModelCheckpoint: what they decide beyond Keras's rules."""

from __future__ import annotations

import pathlib
import warnings
from typing import Any

import numpy as np
import pytest

from callbacks.fakes import FakeMetric, FakeModel, drive
from cornu.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau

NAN, INF = float("nan"), float("inf")
MAKERS = {
    "EarlyStopping": EarlyStopping,
    "ReduceLROnPlateau": ReduceLROnPlateau,
    "ModelCheckpoint": lambda **k: ModelCheckpoint("best.keras", save_best_only=True, **k),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest, tmp_path: pathlib.Path, monkeypatch: Any) -> Any:
    monkeypatch.chdir(tmp_path)
    return MAKERS[request.param]


def test_an_unknown_name_is_an_error_that_lists_the_names(make: Any) -> None:
    callback = make(monitor="val_los")
    with pytest.raises(
        ValueError,
        match=r"no metric 'val_los'; available: loss, val_loss.*; did you mean 'val_loss'",
    ):
        drive(callback, [1.0])


def test_an_absent_value_of_known_direction_warns_once_and_does_nothing(make: Any) -> None:
    callback = make(monitor="val_los", mode="min")
    with pytest.warns(
        UserWarning, match="no metric 'val_los'; available: loss, val_loss"
    ) as caught:
        run = drive(callback, [3.0, 2.0, 1.0])
    assert len(caught) == 1
    assert run.epochs == 3
    assert run.model.saved == []


def test_a_value_that_comes_every_second_epoch_is_used_when_it_comes(make: Any) -> None:
    with pytest.warns(UserWarning, match="no metric 'val_loss'"):
        run = drive(make(), [None, 2.0, None, 1.0])
    assert run.epochs == 4
    assert run.model.saved in ([], [("best.keras", 1), ("best.keras", 3)])


@pytest.mark.parametrize(
    ("name", "model_metrics", "expected"),
    [
        ("val_loss", [], "min"),
        ("head_loss", [], "min"),
        ("val_accuracy", [], "max"),
        ("acc", [], "max"),
        ("val_head_mean_squared_error", [], "min"),
        ("auc_1", [], "max"),
        ("val_score", [FakeMetric("score", "up")], "max"),
        ("val_a_score", [FakeMetric("score", "down")], "min"),
        (
            "best_accuracy",
            [FakeMetric("accuracy", "up"), FakeMetric("best_accuracy", "down")],
            "min",
        ),
        ("score", [], None),
        ("score", [FakeMetric("score", None)], None),
        ("accuracy_like", [], None),
    ],
)
def test_direction_of_a_name(name: str, model_metrics: list[Any], expected: str | None) -> None:
    callback = EarlyStopping(name)
    model = FakeModel(model_metrics)
    if expected is None:
        with pytest.raises(ValueError, match="pass mode='max' or mode='min'"):
            drive(callback, [1.0], name, model)
        return
    drive(callback, [1.0, 2.0, 0.5], name, model)
    assert callback.best == (2.0 if expected == "max" else 1.0)


def test_metrics_inside_a_container_are_asked_too() -> None:
    container: Any = FakeMetric("compile_metrics", None)
    container.metrics = [FakeMetric("score", "up")]
    callback = EarlyStopping("val_score", patience=3)
    drive(callback, [1.0, 2.0], "val_score", FakeModel([container]))
    assert callback.best == 2.0


def test_an_unknown_mode_warns_and_means_auto(make: Any) -> None:
    with pytest.warns(
        UserWarning, match=r"unknown mode 'mim'; did you mean 'min'\?; 'auto' is used"
    ):
        assert make(mode="mim").mode == "auto"


def test_older_names_of_values_are_understood() -> None:
    callback = EarlyStopping("val_acc", patience=5)
    drive(callback, [0.5, 0.75], "val_accuracy")
    assert callback.best == 0.75


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_early_stopping_never_takes_a_non_finite_value_for_the_best(bad: float) -> None:
    callback = EarlyStopping(patience=2, restore_best_weights=True)
    run = drive(callback, [bad, 2.0, bad, bad, 1.0])
    assert run.epochs == 4
    assert callback.best == 2.0
    assert run.model.weight == 1


def test_early_stopping_leaves_weights_alone_if_nothing_was_finite() -> None:
    run = drive(EarlyStopping(patience=1, restore_best_weights=True), [NAN, NAN, NAN])
    assert (run.epochs, run.model.weight) == (2, 1)


@pytest.mark.parametrize(
    ("bad", "saved"), [(NAN, [1, 3]), (INF, [1, 3]), (-INF, [1, 3])], ids=["nan", "inf", "-inf"]
)
def test_checkpoint_never_saves_a_non_finite_best(
    bad: float, saved: list[int], tmp_path: pathlib.Path
) -> None:
    callback = ModelCheckpoint(tmp_path / "best.keras", save_best_only=True)
    with pytest.warns(UserWarning, match="never saved as the best"):
        run = drive(callback, [bad, 2.0, bad, 1.0])
    assert [weight for _, weight in run.model.saved] == saved


def test_early_stopping_tells_what_it_does(capsys: Any) -> None:
    drive(EarlyStopping(verbose=1, patience=1, restore_best_weights=True), [3.0, 2.0, 2.5])
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 3: early stopping",
        "Restoring model weights from the end of the best epoch: 2.",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"filepath": "model"}, r"must end in '.keras' or '.h5'. Received: 'model'"),
        ({"filepath": "a.h5", "save_weights_only": True}, r"must end in '.weights.h5' with save_w"),
        ({"filepath": "a.keras", "save_freq": "epochs"}, r"did you mean 'epoch'\?"),
        ({"filepath": "a.keras", "save_freq": 0}, "save_freq=0"),
        ({"filepath": "a.keras", "save_freq": True}, "save_freq=True"),
        ({"filepath": "a.keras", "save_freq": 2.5}, "save_freq=2.5"),
    ],
)
def test_checkpoint_arguments_are_checked_at_once(arguments: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ModelCheckpoint(**arguments)


def test_checkpoint_fills_names_in_and_makes_folders(tmp_path: pathlib.Path) -> None:
    pattern = tmp_path / "new" / "{epoch:02d}-{val_loss:.2f}.weights.h5"
    run = drive(ModelCheckpoint(pattern, save_weights_only=True), [3.0, np.float32(2.5)])
    names = [pathlib.Path(path).name for path, _ in run.model.saved]
    assert names == ["01-3.00.weights.h5", "02-2.50.weights.h5"]
    assert (tmp_path / "new").is_dir()


def test_checkpoint_with_an_unknown_name_in_its_path() -> None:
    with pytest.raises(KeyError, match=r"no metric 'val_los'; available: .*; did you mean"):
        drive(ModelCheckpoint("{val_los}.keras"), [1.0])


def test_checkpoint_on_a_folder(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.keras").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        drive(ModelCheckpoint(tmp_path / "a.keras"), [1.0])


def test_an_array_cannot_be_the_best_so_all_are_saved(tmp_path: pathlib.Path) -> None:
    callback = ModelCheckpoint(tmp_path / "a.keras", save_best_only=True)
    with pytest.warns(UserWarning, match="'val_loss' is no single number"):
        run = drive(callback, [np.ones(2), np.ones(2)])
    assert len(run.model.saved) == 2


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"factor": 1.0}, ValueError, "factor must be less than 1"),
        ({"patiense": 3}, TypeError, "'patiense'; did you mean 'patience'"),
    ],
)
def test_plateau_arguments(arguments: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        ReduceLROnPlateau(**arguments)


def test_plateau_takes_the_older_name_of_min_delta() -> None:
    with pytest.warns(UserWarning, match="`min_delta`"):
        assert ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5


def test_plateau_without_an_optimizer_says_so() -> None:
    model: Any = FakeModel()
    model.optimizer = None
    with pytest.raises(ValueError, match="ReduceLROnPlateau: the model has no optimizer"):
        drive(ReduceLROnPlateau(), [1.0], model=model)


def test_negative_patience() -> None:
    with pytest.raises(ValueError, match="patience=-1"):
        EarlyStopping(patience=-1)


def test_nothing_warns_in_a_common_run(make: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drive(make(), [3.0, 2.0, 1.0])
