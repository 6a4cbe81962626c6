"""What `K` has and Keras 3 has not: values, phases, graphs; and all kinds of tensors alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import backend as K
from cornu.core.scope import Scope, pure
from cornu.core.symbolic import KerasTensor

X = np.arange(6.0, dtype="float32").reshape(2, 3)

# Name, call on a tensor of shape (batch, 3): array, traced array and symbolic tensor alike.
CALLS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda x: K.mean(x, axis=-1),
    "square": K.square,
    "sqrt": K.sqrt,
    "clip": lambda x: K.clip(x, 0.5, 2),
    "equal": lambda x: K.equal(x, 2.0),
    "cast": lambda x: K.cast(x, "int32"),
    "argmax": K.argmax,
    "batch_dot": lambda x: K.batch_dot(x, x),
    "concatenate": lambda x: K.concatenate([x, x]),
    "reshape": lambda x: K.reshape(x, (-1, 3, 1)),
    "batch_flatten": lambda x: K.batch_flatten(K.expand_dims(x)),
    "slice": lambda x: K.slice(x, [0, 1], [-1, 2]),
    "l2_normalize": lambda x: K.l2_normalize(x, axis=-1),
    "switch": lambda x: K.switch(K.greater(K.sum(x, axis=-1), 5.0), x, K.zeros_like(x)),
    "dropout": lambda x: K.dropout(x, 0.5, seed=1),
    "dropout by rows": lambda x: K.dropout(x, 0.5, noise_shape=(None, 1), seed=1),
    "map_fn": lambda x: K.map_fn(lambda row: row * 2, x),
    "foldl": lambda x: K.foldl(lambda a, b: a + b, x),
    "softmax": K.softmax,
    "relu": lambda x: K.relu(x, alpha=0.1, max_value=3),
    "in_train_phase": lambda x: K.in_train_phase(lambda: x * 2, x),
}


@pytest.mark.parametrize("name", CALLS)
def test_array_traced_and_symbolic_agree(name: str) -> None:
    eager = CALLS[name](X)
    traced = jax.jit(CALLS[name])(X)
    symbolic = CALLS[name](KerasTensor((None, 3)))
    np.testing.assert_allclose(traced, eager, rtol=1e-6)
    assert len(symbolic.shape) == eager.ndim
    assert all(s in (None, d) for s, d in zip(symbolic.shape, eager.shape, strict=True))
    assert symbolic.dtype == eager.dtype.name


def test_values_of_variables() -> None:
    x = K.variable(X, name="x")
    np.testing.assert_array_equal(K.get_value(x), X)
    K.set_value(x, X + 1)
    assert K.eval(K.sum(x)) == 21
    K.batch_set_value([(x, X)])
    np.testing.assert_array_equal(K.batch_get_value([x])[0], X)
    np.testing.assert_array_equal(K.update_add(x, X), 2 * X)
    np.testing.assert_array_equal(K.update_sub(x, X), X)
    np.testing.assert_allclose(K.moving_average_update(x, 0.0, 0.9), 0.9 * X)
    np.testing.assert_array_equal(K.update(x, X), x.value)
    assert K.get_value(3) == 3
    assert (K.int_shape(x), K.ndim(x), K.dtype(x), K.count_params(x)) == ((2, 3), 2, "float32", 6)


def test_set_value_wants_a_variable() -> None:
    with pytest.raises(TypeError, match="set_value needs a variable"):
        K.set_value(X, X)


def test_eval_of_a_symbolic_tensor_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="Make a model of it"):
        K.eval(KerasTensor((None, 3)))


def test_what_a_tensor_is() -> None:
    symbolic = K.placeholder(ndim=2)
    assert symbolic.shape == (None, None)
    assert K.is_placeholder(symbolic)
    assert not K.is_placeholder(K.square(symbolic))
    assert K.is_keras_tensor(symbolic)
    assert not K.is_keras_tensor(X)
    assert K.is_tensor(jnp.ones(2))
    assert not K.is_tensor(X)
    with pytest.raises(ValueError, match="`shape` or `ndim`"):
        K.placeholder()


def test_cast_to_floatx_keeps_numpy() -> None:
    assert isinstance(K.cast_to_floatx([1, 2]), np.ndarray)
    assert K.cast_to_floatx(np.array([1, 2])).dtype == "float32"
    assert isinstance(K.cast_to_floatx(jnp.array([1, 2])), jax.Array)


def test_learning_phase_follows_the_run_unless_it_is_set() -> None:
    assert K.learning_phase() == 0
    with Scope(training=True):
        assert K.learning_phase() == 1
        assert K.in_train_phase(1, lambda: 2) == 1
        K.set_learning_phase(0)
        assert K.in_test_phase(lambda: 1, 2) == 1
    K.set_learning_phase(1)
    try:
        assert K.learning_phase() == 1
    finally:
        K.release_learning_phase()
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(2)


def test_update_is_noted_by_a_pure_run() -> None:
    count = K.variable(1.0)
    run = pure(lambda: K.update_add(count, 2.0), [count])
    assert jax.jit(lambda v: run([v]).values[0])(5.0) == 7
    assert K.get_value(count) == 1


def test_rnn_keeps_output_and_state_where_the_mask_is_0() -> None:
    mask = np.array([[1, 1, 0], [0, 1, 1]])
    steps = np.ones((2, 3, 1), "float32")

    def count(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        return states[0] + x, [states[0] + x]

    last, outputs, states = K.rnn(count, steps, [np.zeros((2, 1))], mask=mask)
    np.testing.assert_array_equal(outputs[..., 0], [[1, 2, 2], [0, 1, 2]])
    np.testing.assert_array_equal(last, [[2], [2]])
    np.testing.assert_array_equal(states[0], last)
    backward = K.rnn(count, steps, [np.zeros((2, 1))], go_backwards=True, mask=mask)[1]
    np.testing.assert_array_equal(backward[..., 0], [[0, 1, 2], [1, 2, 2]])


def test_rnn_passes_constants() -> None:
    def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        state, constant = states
        return x + constant, [state + 1]

    last, _, states = K.rnn(step, np.ones((2, 3, 1)), [np.zeros((2, 1))], constants=[np.full(1, 5)])
    assert last[0, 0] == 6
    assert states[0][0, 0] == 3


def test_folds() -> None:
    rows = np.array([1.0, 2.0, 4.0])
    assert K.foldl(lambda a, b: a - b, rows) == -5
    assert K.foldr(lambda a, b: a - b, rows) == 1
    assert K.foldl(lambda a, b: a + b, rows.astype(int), initializer=0.5) == 7.5


def test_function_computes_symbolic_outputs() -> None:
    x = KerasTensor((None, 3))
    run = K.function([x, K.learning_phase()], [K.square(x), K.sum(x)])
    squares, total = run([X, 0])
    np.testing.assert_array_equal(squares, X**2)
    assert total == X.sum()
    assert isinstance(squares, np.ndarray)
    with pytest.raises(ValueError, match="2 input"):
        run([X])


def test_gradients_of_symbolic_tensors() -> None:
    x = KerasTensor((None, 3))
    middle = K.square(x)
    grads = K.gradients(K.sum(middle * 3), [x, middle])
    by_x, by_middle = K.function([x], grads)([X])
    np.testing.assert_allclose(by_x, 6 * X)
    np.testing.assert_allclose(by_middle, np.full_like(X, 3))
    with pytest.raises(TypeError, match="stateless_call"):
        K.gradients(K.sum(x), [K.variable(X)])


def test_image_layout_by_keras_1_names() -> None:
    assert K.image_dim_ordering() == "tf"
    K.set_image_dim_ordering("th")
    assert K.image_data_format() == "channels_first"
    assert K.normalize_data_format(None) == "channels_first"
    K.set_image_dim_ordering("tf")
    with pytest.raises(ValueError, match="unknown dim ordering 'theano'"):
        K.set_image_dim_ordering("theano")


def test_clear_session_starts_names_and_draws_again() -> None:
    assert [K.get_uid("dense"), K.get_uid("dense")] == [1, 2]
    K.clear_session()
    assert K.get_uid("dense") == 1


def test_batch_dot_refuses_the_batch_axis() -> None:
    with pytest.raises(ValueError, match="batch axis"):
        K.batch_dot(X, X, axes=(0, 1))
    with pytest.raises(ValueError, match="needs a batch axis"):
        K.batch_dot(X[0], X)


def test_hard_sigmoid_is_the_one_of_keras_2() -> None:
    np.testing.assert_allclose(K.hard_sigmoid(np.array([-3.0, 0, 1, 3])), [0, 0.5, 0.7, 1])


def test_sparse_categorical_crossentropy_takes_flat_targets() -> None:
    probabilities = np.full((2, 3, 4), 0.25)
    loss = K.sparse_categorical_crossentropy(np.zeros(6), probabilities)
    np.testing.assert_allclose(loss, np.full((2, 3), np.log(4)), rtol=1e-6)


@pytest.mark.parametrize("shape", [(2, 9, 9, 4), (2, 10, 9, 4)])
def test_conv2d_transpose_reaches_the_shape_asked_for(shape: tuple[int, ...]) -> None:
    images, kernel = np.ones((2, 4, 4, 3), "float32"), np.ones((3, 3, 4, 3), "float32")
    assert K.conv2d_transpose(images, kernel, shape, (2, 2)).shape == shape


def test_variables_of_draws() -> None:
    normal = K.random_normal_variable((500,), 1.0, 2.0, seed=1)
    assert abs(np.mean(K.get_value(normal)) - 1) < 0.3
    uniform = K.get_value(K.random_uniform_variable((500,), -1, 3, seed=1))
    assert -1 <= uniform.min() < -0.9
    assert 2.9 < uniform.max() < 3
    assert K.get_variable_shape(normal) == (500,)
    assert not K.is_sparse(normal)


def test_print_tensor_gives_the_tensor_back(capsys: pytest.CaptureFixture[str]) -> None:
    x = jnp.ones(2)
    assert K.print_tensor(x, "here:") is x
    jax.effects_barrier()
    assert "here: [1. 1.]" in capsys.readouterr().out


def test_what_has_no_effect_any_more() -> None:
    K.set_session(None)
    K.manual_variable_initialization(True)
    K.set_image_data_format("channels_first")
    assert K.image_dim_ordering() == "th"
    K.reset_uids()
    assert K.get_uid("x") == 1


def test_gradients_stop() -> None:
    slope = jax.grad(lambda x: K.sum(x * K.stop_gradient(x)))(jnp.ones(2))
    np.testing.assert_array_equal(slope, [1, 1])
