"""Branches, loops and gradients that compile."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import ops
from cornu.core.variable import Variable


@pytest.mark.parametrize("compiled", [False, True])
def test_cond_and_switch(compiled):
    run = jax.jit if compiled else lambda f: f
    choose = run(lambda p: ops.cond(p, lambda: 1.0, lambda: 2.0))
    assert (float(choose(True)), float(choose(False))) == (1.0, 2.0)
    pick = run(lambda i, x: ops.switch(i, [jnp.sin, jnp.cos], x))
    np.testing.assert_allclose(pick(1, 0.5), np.cos(0.5), rtol=1e-6)


def test_cond_reads_variables():
    on, off = Variable(3.0), Variable(4.0)
    assert float(ops.cond(Variable(True), lambda: on, lambda: off)) == 3


@pytest.mark.parametrize("kind", [tuple, list])
def test_while_loop_keeps_the_structure(kind):
    found = ops.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 2), kind((0, 1.0)))
    assert type(found) is kind
    assert [float(v) for v in found] == [5, 32]


def test_while_loop_of_one_value_with_a_limit():
    assert int(ops.while_loop(lambda i: i < 50, lambda i: i + 1, 0, maximum_iterations=7)) == 7


def test_scan_forward_and_back():
    def step(carry, x):
        return carry + x, carry

    total, before = ops.scan(step, 0, np.arange(1, 5))
    assert (int(total), before.tolist()) == (10, [0, 1, 3, 6])
    total, before = ops.scan(step, 0, np.arange(1, 5), reverse=True)
    assert before.tolist() == [9, 7, 4, 0]
    last, _ = ops.scan(lambda c, _: (c * 2, None), 1.0, length=4)
    assert float(last) == 16


def test_maps_and_loops():
    assert ops.fori_loop(0, 4, lambda i, x: x + i, 0) == 6
    assert ops.map(lambda x: x * 2, np.arange(3)).tolist() == [0, 2, 4]
    pairs = ops.vectorized_map(lambda p: p[0] * p[1], (np.arange(3), np.arange(3)))
    assert pairs.tolist() == [0, 1, 4]
    assert ops.associative_scan(jnp.add, np.arange(4)).tolist() == [0, 1, 3, 6]
    add = ops.vectorize(lambda x, y: x + y, signature="(n),()->(n)")
    assert add(np.ones((2, 3)), np.arange(2)).tolist() == [[1, 1, 1], [2, 2, 2]]


def test_gradients_stopped_and_replaced():
    assert jax.grad(lambda x: x * ops.stop_gradient(x))(3.0) == 3

    @ops.custom_gradient
    def doubled(x):
        return x * x, lambda upstream: upstream * 100

    assert float(doubled(Variable(3.0))) == 9
    assert jax.grad(doubled)(3.0) == 100
    value, slope = ops.jvp(jnp.sin, (0.5,), (1.0,))
    np.testing.assert_allclose([value, slope], [np.sin(0.5), np.cos(0.5)], rtol=1e-6)


@pytest.mark.parametrize("name", ["scan", "associative_scan"])
def test_steps_must_be_functions(name):
    with pytest.raises(TypeError, match="function"):
        getattr(ops, name)(3, np.arange(3))
