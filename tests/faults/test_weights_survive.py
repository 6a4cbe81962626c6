"""P1: whatever happens inside fit, evaluate or predict, the model holds its weights."""

from __future__ import annotations

import os
import signal
import threading

import jax
import numpy as np
import pytest

import cornu


class Boom(Exception):
    """Raised on purpose."""


def small_model(extra=()):
    model = cornu.Sequential(
        [
            cornu.layers.Input((4,)),
            *extra,
            cornu.layers.Dense(8, "relu"),
            cornu.layers.Dense(2, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture
def data(rng):
    return rng.normal(size=(40, 4)).astype("float32"), rng.integers(0, 2, 40)


def assert_usable(model, x):
    for variable in [*model.weights, *model.optimizer.variables]:
        assert np.isfinite(np.asarray(variable.value)).all(), variable.path
    assert np.isfinite(model.predict(x, verbose=0)).all()


def snapshot(model):
    return [w.copy() for w in model.get_weights()]


def assert_same(before, after):
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    "hook",
    [
        "on_train_begin",
        "on_epoch_begin",
        "on_train_batch_begin",
        "on_train_batch_end",
        "on_test_batch_end",
        "on_epoch_end",
        "on_train_end",
    ],
)
def test_exception_in_a_callback_leaves_the_weights_of_the_last_step(data, hook):
    x, y = data
    model = small_model()

    class Raising(cornu.callbacks.Callback):
        pass

    def boom(self, *args, **kwargs):
        Raising.seen = snapshot(self.model)
        raise Boom

    setattr(Raising, hook, boom)
    with pytest.raises(Boom):
        model.fit(x, y, epochs=2, verbose=0, callbacks=[Raising()], validation_data=(x, y))
    assert_same(Raising.seen, model.get_weights())
    assert_usable(model, x)
    model.fit(x, y, verbose=0)


def test_exception_in_the_data_leaves_the_weights(data):
    x, y = data
    model = small_model()

    def source():
        for _ in range(3):
            yield x[:8], y[:8]
        raise Boom

    with pytest.raises(Boom):
        model.fit(source(), steps_per_epoch=10, verbose=0)
    assert int(model.optimizer.iterations) == 3
    assert_usable(model, x)


def test_exception_while_tracing_leaves_the_weights(data):
    x, y = data

    class Picky(cornu.layers.Layer):
        fail = False

        def call(self, inputs):
            if self.fail:
                raise Boom
            return inputs

    layer = Picky()
    model = small_model([layer])
    before = snapshot(model)
    layer.fail = True
    for run in (model.fit, model.evaluate):
        with pytest.raises(Boom):
            run(x, y, verbose=0)
    with pytest.raises(Boom):
        model.predict(x, verbose=0)
    assert_same(before, model.get_weights())
    layer.fail = False
    assert_usable(model, x)
    model.fit(x, y, verbose=0)


def test_exception_while_compiling_leaves_the_weights(data, monkeypatch):
    x, y = data
    model = small_model()
    before = snapshot(model)

    def refuse(*args, **kwargs):
        raise Boom

    with monkeypatch.context() as patch:
        patch.setattr("cornu.core.compiled.jax.jit", refuse)
        for run in (model.fit, model.evaluate):
            with pytest.raises(Boom):
                run(x, y, verbose=0)
    assert_same(before, model.get_weights())
    assert_usable(model, x)


def test_exception_while_executing_leaves_the_weights(data):
    x, y = data
    calls = []

    def count(value):
        calls.append(1)
        if len(calls) == 4:
            raise Boom
        return value

    class Host(cornu.layers.Layer):
        def call(self, inputs):
            shape = jax.ShapeDtypeStruct(inputs.shape, inputs.dtype)
            return inputs + 0 * jax.pure_callback(count, shape, jax.lax.stop_gradient(inputs))

    model = small_model([Host()])
    with pytest.raises(Exception, match="Boom"):
        model.fit(x, y, batch_size=8, epochs=3, verbose=0)
    assert_usable(model, x)


def test_a_failure_that_shows_epochs_later_leaves_the_last_computed_step(data):
    """Short dispatches run ahead of the host, so an error comes up after later ones were stored."""
    x, y = data
    calls = []

    class Failing(cornu.layers.Layer):
        def call(self, inputs):
            def count(values):
                calls.append(1)
                if len(calls) > 100:
                    raise RuntimeError("the device failed")
                return values

            shape = jax.ShapeDtypeStruct(inputs.shape, inputs.dtype)
            return inputs + 0 * jax.pure_callback(count, shape, jax.lax.stop_gradient(inputs))

    model = cornu.Sequential(
        [cornu.layers.Input((4,)), Failing(), cornu.layers.Dense(1, "sigmoid")]
    )
    model.compile("sgd", "binary_crossentropy")
    with pytest.raises(Exception, match="device failed"):
        model.fit(x, y, batch_size=8, epochs=1000, verbose=0)
    steps = int(model.optimizer.iterations)
    assert 0 < steps <= 100
    assert steps % (len(x) // 8) == 0  # the end of an epoch, which is one dispatch here
    for variable in [*model.weights, *model.optimizer.variables]:
        assert np.isfinite(np.asarray(variable.stored)).all(), variable.path


def test_two_hundred_interrupts_at_random_instants_lose_nothing(data, rng):
    x, y = data
    model = small_model()
    model.fit(x, y, batch_size=8, verbose=0)
    model.evaluate(x, y, verbose=0)
    model.predict(x, verbose=0)
    interrupted = 0
    for attempt in range(200):
        delay = float(rng.uniform(0.0005, 0.03))
        timer = threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            if attempt % 4 == 3:
                # Not without end: Python drops an interrupt that comes while the garbage collector
                # calls back, and JAX has it call.
                for _ in range(3000):
                    model.predict(x, verbose=0)
            else:
                model.fit(x, y, batch_size=8, epochs=10_000, verbose=0)
        except KeyboardInterrupt:
            interrupted += 1
        while timer.is_alive():
            try:
                timer.join()
            except KeyboardInterrupt:
                interrupted += 1
        steps = int(model.optimizer.iterations)
        assert steps >= 0
        for variable in [*model.weights, *model.optimizer.variables]:
            assert np.isfinite(np.asarray(variable.stored)).all(), variable.path
    assert interrupted >= 150
    assert_usable(model, x)


def test_a_second_fit_at_once_is_a_clear_error(data):
    x, y = data
    model = small_model()
    seen = []

    class Again(cornu.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            try:
                self.model.fit(x, y, verbose=0)
            except cornu.errors.TrainingBusyError as error:
                seen.append(str(error))

    model.fit(x, y, verbose=0, callbacks=[Again()])
    assert len(seen) == 1
    assert "already in a `fit`" in seen[0]


def test_eight_threads_predict_correctly(data):
    x, _ = data
    model = small_model()
    expected = model.predict(x, verbose=0)
    wrong = []

    def work(number):
        for i in range(200):
            rows = slice(number, number + 1 + (i + number) % 8)
            found = model.predict(x[rows], verbose=0)
            if not np.allclose(found, expected[rows], atol=1e-6):
                wrong.append((number, i))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
