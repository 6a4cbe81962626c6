"""CallbackList and the base: who is called, when every batch is needed, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from callbacks.fakes import FakeModel
from cornu.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
    TerminateOnNaN,
)
from cornu.callbacks.callback import BATCH_HOOKS, HOOKS, RUN_HOOKS


def recorder(names: tuple[str, ...], record: list[Any], base: type = Callback) -> Any:
    """A callback that overrides the hooks `names` and notes each call."""

    def hook(name: str) -> Any:
        return lambda self, *args: record.append((name, *args[:-1]))

    return type("Recorder", (base,), {name: hook(name) for name in names})()


class Counted:
    """A value that counts how often it is fetched."""

    def __init__(self, value: float) -> None:
        self.value = value
        self.fetched = 0

    def __float__(self) -> float:
        self.fetched += 1
        return self.value


def test_every_hook_reaches_every_callback_in_order() -> None:
    record: list[Any] = []
    callbacks = CallbackList([recorder(HOOKS, record), recorder(HOOKS, record)])
    for name in HOOKS:
        args = ({},) if name in RUN_HOOKS and "epoch" not in name else (3, {})
        getattr(callbacks, name)(*args)
        assert record == [(name, *args[:-1])] * 2
        record.clear()


def test_train_batch_hooks_pass_on_to_the_older_names() -> None:
    record: list[Any] = []
    callbacks = CallbackList(recorder(("on_batch_begin", "on_batch_end"), record))
    callbacks.on_train_batch_begin(2)
    callbacks.on_train_batch_end(2, {"loss": 1.0})
    callbacks.on_test_batch_end(5, {})
    assert record == [("on_batch_begin", 2), ("on_batch_end", 2)]


@pytest.mark.parametrize("mode", BATCH_HOOKS)
@pytest.mark.parametrize("hook", [name for name in HOOKS if name not in RUN_HOOKS])
def test_an_overridden_batch_hook_wants_batches(mode: Any, hook: str) -> None:
    wanted = hook in BATCH_HOOKS[mode]
    assert recorder((hook,), []).wants_batches(mode) is wanted
    assert LambdaCallback(**{hook: print}).wants_batches(mode) is wanted
    assert CallbackList([History(), recorder((hook,), [])]).wants_batches(mode) is wanted


@pytest.mark.parametrize(
    ("callback", "wanted"),
    [
        (Callback(), False),
        (recorder(RUN_HOOKS, []), False),
        (History(), False),
        (ProgbarLogger(), False),
        (EarlyStopping(), False),
        (LambdaCallback(on_epoch_end=print), False),
        (ModelCheckpoint("a.keras"), False),
        (ModelCheckpoint("a.keras", save_freq=3), True),
        (TerminateOnNaN(), True),
        (recorder(("on_train_batch_end",), [], ProgbarLogger), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_needs_every_training_batch(callback: Any, wanted: bool) -> None:
    assert CallbackList([callback]).wants_batches("train") is wanted
    assert not CallbackList([callback]).wants_batches("predict")


class OwnList(CallbackList):
    """Somebody's list, whose own hooks may do anything."""


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize(
    ("callback", "wanted"),
    [
        (Callback(), False),
        (History(), False),
        (TerminateOnNaN(), False),
        (LambdaCallback(on_train_begin=print, on_train_end=print), False),
        (LambdaCallback(on_epoch_end=print), True),
        (recorder(("on_train_begin", "on_test_end", "on_abort"), []), False),
        (recorder(("on_epoch_begin",), []), True),
        (recorder(("on_epoch_end",), []), True),
        (recorder(("on_epoch_end",), [], History), True),
        (recorder(("on_progress",), []), True),
        (ProgbarLogger(), True),
        (EarlyStopping(), True),
        (ModelCheckpoint("a.keras"), True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_who_must_be_told_of_an_epoch_before_the_next(
    callback: Any, wanted: bool, beside: bool
) -> None:
    callbacks = [History(), callback] if beside else callback
    assert CallbackList(callbacks).wants_epochs() is wanted
    assert OwnList(callbacks).wants_epochs()


def test_defaults_come_after_the_users_own_and_only_once() -> None:
    model: Any = FakeModel()
    own = recorder((), [])
    made = CallbackList(
        [own], add_history=True, add_progbar=True, model=model, verbose=0, epochs=2, steps=3
    )
    assert [type(c) for c in made] == [type(own), History, ProgbarLogger]
    assert own.params == {"verbose": 0, "epochs": 2, "steps": 3}
    assert own.model is model
    assert model.history is made.callbacks[1]
    history = History()
    assert CallbackList(history, add_history=True).callbacks == [history]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([History(), print], r"callbacks\[1\] is the function print: wrap it in LambdaCallback"),
        (lambda epoch, logs: None, "LambdaCallback"),
        ([History], r"callbacks\[0\] is the class History: make an object, History\(\)"),
        (History, r"make an object, History\(\)"),
        ([[History()]], r"callbacks\[0\] must be a keras.callbacks.Callback. Received: list"),
        ("early_stopping", "Received: str"),
        (3, "Received: int"),
    ],
)
def test_what_is_no_callback_is_refused_at_once(given: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        CallbackList(given)


def test_an_object_with_all_hooks_is_a_callback() -> None:
    record: list[Any] = []

    class Alike:
        def __getattr__(self, name: str) -> Any:
            if name not in (*HOOKS, "set_model", "set_params"):
                raise AttributeError(name)
            return lambda *args: record.append(name)

    callbacks = CallbackList([Alike()])
    callbacks.on_epoch_begin(0)
    assert record == ["on_epoch_begin"]
    assert callbacks.wants_batches("test")


def test_logs_are_fetched_only_by_those_who_read_them() -> None:
    value = Counted(0.25)
    seen: list[Any] = []
    quiet = recorder(("on_train_batch_end",), [])
    CallbackList([quiet]).on_train_batch_end(0, {"loss": value})
    assert value.fetched == 0
    reader = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    CallbackList([reader, reader, quiet]).on_train_batch_end(0, {"loss": value})
    assert seen == [0.25, 0.25]
    assert all(type(loss) is float for loss in seen)
    assert value.fetched == 1


def test_what_one_callback_adds_to_epoch_logs_the_next_ones_see() -> None:
    def add(epoch: int, logs: dict[str, float]) -> None:
        logs["extra"] = 7.0

    history = History()
    CallbackList([LambdaCallback(on_epoch_end=add), history]).on_epoch_end(0, {"loss": 1.0})
    assert history.history == {"loss": [1.0], "extra": [7.0]}


def test_progress_and_a_broken_run_are_told_to_those_who_care() -> None:
    record: list[Any] = []
    watcher: Any = recorder(("on_progress", "on_abort"), record)
    watcher.on_abort = lambda: record.append("abort")
    callbacks = CallbackList([History(), watcher])
    callbacks.on_progress("train", 5, {"loss": 1.0})
    callbacks.on_abort()
    assert record == [("on_progress", "train", 5), "abort"]


def test_a_subclass_may_forget_the_base_constructor() -> None:
    class Careless(Callback):
        def __init__(self) -> None:
            self.own = 1

    callback = Careless()
    assert callback.model is None
    CallbackList([callback], model=FakeModel(), verbose=0)
    assert callback.params == {"verbose": 0}


def test_lambda_callback_refuses_names_that_are_no_hooks() -> None:
    with pytest.raises(TypeError, match=r"'on_epoch_ends'; did you mean 'on_epoch_end'\?"):
        LambdaCallback(on_epoch_ends=print)
    with pytest.raises(TypeError, match="on_epoch_end of LambdaCallback must be a function"):
        LambdaCallback(on_epoch_end=3)  # type: ignore[arg-type]


def test_only_terminate_on_nan_asks_to_keep_weights_finite() -> None:
    assert CallbackList([TerminateOnNaN()]).keeps_finite
    assert not CallbackList([History()]).keeps_finite
