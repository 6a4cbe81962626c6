"""What users get wrong, one row a case: the error or warning says what, where and what to do.

Each row is checked for its message, for the message's size, for data printed in it, and for a model
that is as good afterwards as before.
"""

from __future__ import annotations

import itertools
import re
import warnings
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

import cornu
from cornu import layers
from training.bad_input import (
    BINARY,
    COLUMN,
    IDS,
    IMAGES,
    ONE_HOT,
    SERIES,
    TOKENS,
    WITH_NAN,
    Act,
    Build,
    Model,
    X,
    binary,
    calling,
    changed,
    classes,
    compiling,
    dense,
    evaluate,
    fit,
    fit_stream,
    hidden_layer,
    masked_lstm,
    predict,
    stack,
    tokens,
    two_inputs,
    two_outputs,
    unused_layer,
)


class Row(NamedTuple):
    """One case of the table."""

    id: str
    build: Build
    act: Act
    kind: type[BaseException]
    pattern: str
    x: Any = X  # good input, to see that the model still works
    trains: bool = False  # whether some steps are made before the error


def value(id: str, build: Build, act: Act, pattern: str, **rest: Any) -> Row:
    return Row(id, build, act, ValueError, pattern, **rest)


def kind(id: str, build: Build, act: Act, pattern: str, **rest: Any) -> Row:
    return Row(id, build, act, TypeError, pattern, **rest)


def doubt(id: str, build: Build, act: Act, pattern: str, **rest: Any) -> Row:
    return Row(id, build, act, UserWarning, pattern, **rest)


# -- cases with code of their own ------------------------------------------------------------------


def share_optimizer(model: Model) -> None:
    model.fit(X, COLUMN, verbose=0)
    other = cornu.Sequential([cornu.Input((4,)), layers.Dense(2), layers.Dense(1)], name="other")
    other.compile(model.optimizer, "mse")
    other.fit(X, COLUMN, verbose=0)


def build_disconnected(model: Model) -> None:
    del model
    used, other = cornu.Input((4,), name="used"), cornu.Input((4,), name="other")
    cornu.Model(other, layers.Dense(1, name="head")(used))


def forget_super(model: Model) -> None:
    del model

    class Forgetful(layers.Layer):
        def __init__(self):
            self.dense = layers.Dense(1)

    Forgetful()


def forget_super_without_parts(model: Model) -> None:
    del model

    class Forgetful(layers.Layer):
        def __init__(self, units):
            self.units = units

    Forgetful(3)(X)


def keep_traced(model: Model) -> None:
    class Keeping(layers.Layer):
        last = None

        def call(self, inputs):
            if self.last is not None:
                inputs = inputs + 0 * self.last
            self.last = inputs * 2
            return inputs

    keeping = cornu.Sequential([cornu.Input((4,)), Keeping(), layers.Dense(1)])
    keeping.compile("sgd", "mse")
    keeping.fit(X, COLUMN, verbose=0)


class MakesAll(cornu.losses.Loss):
    """Targets (B,) and predictions (B, 1): their difference is (B, B)."""

    def call(self, y_true, y_pred):
        return (y_true - y_pred) ** 2


class NoBatches(cornu.utils.PyDataset):
    def __len__(self):
        return 0

    def __getitem__(self, index):
        raise AssertionError


def wrong_mask(model: Model) -> None:
    model.layers[0](SERIES[:2], mask=np.ones((2, 7), bool))


def add_pair(model: Model) -> None:
    del model
    layers.Add()([cornu.Input((4,)), cornu.Input((1,))])


def function_callback(model: Model) -> None:
    model.fit(X, COLUMN, verbose=0, callbacks=[lambda epoch, logs: None])


def stop_early(**options: Any) -> Act:
    return fit(epochs=2, callbacks=[cornu.callbacks.EarlyStopping(**options)])


def compile_softmax(loss: Any) -> Act:
    def act(model: Model) -> None:
        del model
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the activation has its own word on it
            head = cornu.Sequential([cornu.Input((4,)), layers.Dense(1, "softmax")])
        head.compile("sgd", loss)

    return act


MONITOR = {"monitor": "val_los", "patience": 1}

ROWS = (
    # shapes of targets and predictions
    value("6", dense(3), fit(), r"targets \(32, 1\) vs predictions \(32, 3\).*Dense\(1\)"),
    value("7", dense(1), fit(y=X[:, :3]), r"targets \(32, 3\) vs predictions \(32, 1\).*mean 3"),
    value("8", dense(3), fit(y=X[:, 0], batch_size=3), r"targets \(\d,\) vs predictions \(\d, 3\)"),
    value("9", dense(3), fit(y=X[:, 0]), r"targets \(32,\) vs predictions \(32, 3\).*Dense\(1\)"),
    value(
        "10",
        stack(
            lambda: layers.LSTM(3, return_sequences=True),
            lambda: layers.Dense(1),
            shape=(8, 2),
            loss="mse",
        ),
        fit(SERIES),
        r"time axis \(8\).*return_sequences",
        x=SERIES,
    ),
    # values that are no numbers
    value("13", dense(1), fit(WITH_NAN), r"x\[3, 2\] is NaN \(1 of 128 values\)"),
    value("14", dense(1), fit(changed(X, (3, 2), np.inf)), r"x\[3, 2\] is infinite"),
    value("13 stream", dense(1), fit_stream((WITH_NAN, COLUMN)), r"x\[3, 2\] is NaN"),
    value("13 evaluate", dense(1), evaluate(WITH_NAN), r"x\[3, 2\] is NaN"),
    value("13 predict", dense(1), predict(WITH_NAN), r"x\[3, 2\] is NaN"),
    value("13 batch", dense(1), lambda m: m.train_on_batch(WITH_NAN, COLUMN), r"x\[3, 2\] is NaN"),
    value("15", dense(1), fit(y=changed(COLUMN, 5, np.nan)), r"y\[5, 0\] is NaN"),
    # labels
    value("18", classes(), fit(y=changed(IDS, 4, 3)), r"label 3 at row 4; 3 classes -> 0\.\.2"),
    value("20", classes(), fit(y=changed(IDS, 4, -1)), r"label -1 at row 4.*ignore_class"),
    value("21", classes(), fit(y=changed(IDS, 0, 7)), r"label 7 at row 0; 3 classes -> 0\.\.2"),
    value("19", classes(), fit(y=IDS + 1), r"labels are 1\.\.3.*subtract 1.*4 units"),
    value("22", classes(), fit(y=IDS + 0.7), r"labels must be whole numbers"),
    value("23", classes(), fit(y=ONE_HOT), r"one-hot.*categorical_crossentropy"),
    value(
        "24",
        dense(3, "softmax", "categorical_crossentropy"),
        fit(y=IDS),
        r"sparse_categorical_crossentropy",
    ),
    value(
        "25",
        dense(3, "softmax", "categorical_crossentropy"),
        fit(y=IDS[:, None]),
        r"sparse_categorical_crossentropy",
    ),
    value(
        "26", binary(), fit(y=BINARY * 2 - 1), r"binary targets must be in \[0, 1\]; found -1, 1"
    ),
    value("27", binary(), fit(y=BINARY + 1), r"binary targets must be in \[0, 1\]; found 1, 2"),
    # losses and the last layer
    doubt("28", dense(3), compiling(loss="sparse_categorical_crossentropy"), r"from_logits=True"),
    doubt("29", dense(1), compiling(loss="binary_crossentropy"), r"from_logits=True"),
    value(
        "30",
        dense(3, "softmax"),
        lambda m: m.compile("sgd", cornu.losses.CategoricalCrossentropy(from_logits=True)),
        r"from_logits=True, but layer 'dense' ends in softmax",
    ),
    value("31", dense(1), compile_softmax("mse"), r"always outputs 1.*sigmoid"),
    value(
        "32",
        dense(1),
        compile_softmax("binary_crossentropy"),
        r"always outputs 1.*sigmoid",
    ),
    value("33", dense(3, "softmax"), fit(y=IDS), r"class numbers as targets need a `sparse_`"),
    # no data
    value("34", dense(1), fit(X[:0], COLUMN[:0]), r"x has 0 samples"),
    value("36", dense(1), evaluate(X[:0], COLUMN[:0]), r"x has 0 samples"),
    value("37", dense(1), fit_stream(), r"generator gave no batch"),
    doubt(
        "38",
        dense(1),
        fit_stream(*[(X, COLUMN)] * 3, steps_per_epoch=5),
        r"ended at step 3 of 5 in epoch 1",
    ),
    value(
        "38 epoch 2",
        dense(1),
        fit_stream(*[(X, COLUMN)] * 3, steps_per_epoch=3, epochs=2),
        r"no batch in epoch 2",
        trains=True,
    ),
    value("154", dense(1), fit(NoBatches(), None), r"NoBatches reports 0 batches"),
    # streams
    value(
        "40",
        dense(1),
        lambda m: m.fit(itertools.cycle([(X, COLUMN)]), verbose=0),
        r"never ends.*steps_per_epoch",
    ),
    value("42", dense(1), fit_stream(X), r"targets are missing"),
    value("43", dense(1), fit_stream([X, COLUMN, COLUMN, COLUMN]), r"expected x, \(x,\), \(x, y\)"),
    # arguments
    value("46", dense(1), fit(batch_size=0), r"batch_size must be a positive int, got 0"),
    value("47", dense(1), fit(batch_size=-1), r"batch_size must be a positive int, got -1"),
    kind("48", dense(1), fit(batch_size=2.5), r"batch_size must be a positive int, got 2\.5"),
    kind("50", dense(1), fit(epochs="3"), r"epochs must be a positive int, got '3' \(str\)"),
    value("47 evaluate", dense(1), evaluate(batch_size=-1), r"batch_size must be a positive int"),
    value("47 predict", dense(1), predict(batch_size=0), r"batch_size must be a positive int"),
    value("51", dense(1), fit(validation_split=1.5), r"validation_split .* between 0 and 1"),
    doubt(
        "53",
        classes(),
        fit(y=np.repeat([0, 1, 2], [12, 12, 8]), validation_split=0.25),
        r"validation_split takes the last rows, and classes 2",
    ),
    value("55", dense(1), fit(validation_data=(X,)), r"targets are missing.*validation_data"),
    value("72", dense(1), fit(y=None), r"targets are missing.*fit got y=None"),
    # kinds of arrays
    doubt(
        "57",
        stack(layers.Flatten, lambda: layers.Dense(1), shape=(6, 6, 3), loss="mse"),
        fit(IMAGES),
        r"bytes in 0\.\.255.*Rescaling",
        x=IMAGES,
    ),
    value(
        "58",
        stack(layers.Flatten, lambda: layers.Dense(1), shape=(6, 6, 3), loss="mse"),
        fit(np.moveaxis(IMAGES / np.float32(255), -1, 1)),
        r"channels-first",
        x=IMAGES,
    ),
    value(
        "60",
        dense(1),
        fit([[1.0, 2.0, 3.0, 4.0]] * 3 + [[1.0, 2.0]] + [[1.0, 2.0, 3.0, 4.0]] * 28),
        r"row 3 has length 2, others length 4",
    ),
    value(
        "61", dense(1), fit(changed(X.astype(object), (3, 1), None)), r"x row 3 at \[1\] is None"
    ),
    value("62", dense(1), fit(X.astype(str)), r"x is text.*StringLookup"),
    value("63", classes(), fit(y=np.array(["no", "yes"] * 16)), r"y is text.*: 2 different values"),
    value("66", dense(1), fit((X, X)), r"1 input\(s\).*2 were given"),
    doubt(
        "68",
        dense(1),
        fit(pd.DataFrame(X), pd.Series(X[:, 0], index=range(31, -1, -1))),
        r"different pandas indexes",
    ),
    value(
        "69",
        dense(1),
        fit(pd.DataFrame({"a": X[:, 0], "b": ["u", "v"] * 16})),
        r"column 'b' of x is text.*get_dummies",
    ),
    value(
        "70",
        dense(1),
        fit(pd.DataFrame({"a": X[:, 0], "n": pd.array([1, None] * 16, dtype="Int64")})),
        r"column 'n' of x \(Int64\) has 16 missing value",
    ),
    # gradients and weights
    doubt("74", unused_layer(), fit(epochs=2), r"no gradient reaches: .*idle/kernel"),
    # weights of rows and classes
    value(
        "80", dense(1), fit(sample_weight=np.ones((32, 3))), r"sample_weight .*\(32, 3\).*\(32,\)"
    ),
    value("81", dense(1), fit(sample_weight=-np.ones(32)), r"sample_weight is negative in row 0"),
    value("83", classes(), fit(y=IDS, class_weight={0: 1.0, 1: 2.0}), r"lacks classes.*\[2\]"),
    value(
        "84",
        classes(),
        fit(y=IDS, class_weight={"0": 1.0, "1": 1.0, "2": 1.0}),
        r"class_weight keys must be class numbers.*'0'",
    ),
    # names of inputs and outputs
    doubt("90", two_inputs(), fit({"a": X, "b": X, "c": X}), r"'c'.*not used", x={"a": X, "b": X}),
    value("91", two_outputs(), fit(y={"p": COLUMN, "z": COLUMN}), r"y has keys .*'z'.*outputs are"),
    value("92", two_outputs(), fit(), r"y holds 1 array\(s\).*2 output\(s\): p, q"),
    value(
        "93",
        two_outputs({"p": "mse", "qq": "mse"}),
        fit(y={"p": COLUMN, "q": COLUMN}),
        r"'qq' that is no output; did you mean 'q'\?",
    ),
    # ids
    value("94", tokens(), fit(changed(TOKENS, (2, 1), 5)), r"id 5 at x row 2.*0\.\.4", x=TOKENS),
    value("95", tokens(), predict(changed(TOKENS, (0, 1), 1000)), r"id 1000 at x row 0", x=TOKENS),
    value("96", tokens(), fit(changed(TOKENS, (2, 1), -1)), r"id -1 at x row 2", x=TOKENS),
    value("97", tokens(), fit(TOKENS + 0.9), r"Embedding.*fractions", x=TOKENS),
    value("98", tokens(), fit(TOKENS + np.int64(2**32)), r"x\[0, 0\] is outside int32", x=TOKENS),
    # numbers beyond their dtype
    doubt("99", dense(1), fit(changed(X.astype("float64"), (0, 0), 1700000001.0)), r"exactly"),
    value("100", dense(1), fit(changed(X.astype("float64"), (0, 0), 1e39)), r"beyond float32"),
    value("101", dense(1), fit(X + 1j), r"x is complex.*\.real"),
    # optimizers
    value("104", dense(1), lambda m: cornu.optimizers.SGD(-1.0), r"learning_rate.*negative"),
    doubt(
        "105",
        dense(1),
        lambda m: (m.compile(cornu.optimizers.SGD(1e30), "mse"), fit(epochs=3)(m)),
        r"loss became .* in epoch \d.*learning rate",
    ),
    value(
        "156",
        dense(1),
        share_optimizer,
        r"optimizer 'sgd' already belongs to .*'sequential/",
        trains=True,
    ),
    # names
    value(
        "107",
        dense(1),
        compiling(loss="binary_crossentropi"),
        r"did you mean 'binary_crossentropy'",
    ),
    value("108", dense(1), compiling(metrics=["acuracy"]), r"did you mean '.*[aA]ccuracy'"),
    value("109", dense(1), compiling(optimizer="adamm"), r"did you mean 'adam'"),
    value("110", dense(1), lambda m: layers.Dense(1, "sigmod"), r"did you mean 'sigmoid'"),
    kind(
        "111", dense(1), lambda m: layers.Dense(1, actvation="relu"), r"did you mean 'activation'"
    ),
    doubt("112", dense(1, metrics=["accuracy"]), fit(), r"'accuracy' counts exact matches.*'mae'"),
    value(
        "113",
        dense(1),
        stop_early(**MONITOR),
        r"no metric 'val_los'; available: .*loss",
        trains=True,
    ),
    kind("115", dense(1), function_callback, r"callbacks\[0\].*LambdaCallback"),
    # building
    doubt("122", dense(1), add_pair, r"Add.*repeats an input of size 1"),
    value("127", dense(1), build_disconnected, r"Input 'used' \(used by 'head'\)"),
    kind(
        "129",
        dense(1),
        lambda m: calling(lambda x: x if x.sum() > 0 else -x)(),
        r"ops\.where or ops\.cond \(test_bad_input\.py:\d+, in layer",
    ),
    kind(
        "130",
        dense(1),
        lambda m: calling(lambda x: np.array(x))(),
        r"cornu\.ops \(test_bad_input\.py:\d+, in layer",
    ),
    Row("131", dense(1), keep_traced, Exception, r"Keeping\.last keeps a traced value"),
    doubt(
        "132",
        calling(lambda x: x + np.random.normal()),
        fit(),
        r"numpy\.random .*same .* each step.*SeedGenerator",
    ),
    value(
        "134",
        dense(1, loss=MakesAll()),
        fit(y=X[:, 0]),
        r"'makes_all' gave values of shape \(32, 32\)",
    ),
    Row("137", dense(1), forget_super, RuntimeError, r"super\(\).__init__\(\)"),
    Row("137 late", dense(1), forget_super_without_parts, RuntimeError, r"super\(\).__init__\(\)"),
    doubt("138", hidden_layer(), fit(), r"layer 'd' was called but is not tracked"),
    # masks
    doubt(
        "151",
        dense(1),
        lambda m: layers.Flatten()(layers.Embedding(5, 2, mask_zero=True)(cornu.Input((6,)))),
        r"'flatten'.*masked input.*not see the mask",
    ),
    value("152", masked_lstm(), wrong_mask, r"mask of shape \(2, 7\) .*\(2, 8\)", x=SERIES),
)


def test_each_case_has_one_row():
    ids = [row.id for row in ROWS]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_message_says_what_is_wrong_and_the_model_still_works(row, monkeypatch):
    monkeypatch.setattr("cornu.training.checks.values._hinted", set())
    model = build_quietly(row)
    before = outputs_of(model, row)
    message = provoke(row, model)
    assert re.search(row.pattern, message, re.DOTALL), message
    assert len(message) <= 400, message
    assert "array([" not in message
    assert len(re.findall(r"\d\.\d{4,}", message)) <= 5, message
    after = outputs_of(model, row)
    assert after.shape[0] == 32
    if not row.trains and row.kind is not UserWarning:
        np.testing.assert_array_equal(before, after)


def build_quietly(row: Row) -> Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return row.build()


def outputs_of(model: Model, row: Row) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.predict(row.x, verbose=0)
    return np.asarray(next(iter(found.values())) if isinstance(found, dict) else found)


def provoke(row: Row, model: Model) -> str:
    """Do what the row says; gives the message of its error or warning."""
    if issubclass(row.kind, Warning):
        with pytest.warns(row.kind) as caught:
            row.act(model)
        messages = [str(w.message) for w in caught]
        return next((m for m in messages if re.search(row.pattern, m, re.DOTALL)), messages[0])
    with pytest.raises(row.kind) as raised:
        row.act(model)
    notes = getattr(raised.value, "__notes__", ())
    return "\n".join([str(raised.value), *(n for n in notes if "JAX has removed" not in n)])
