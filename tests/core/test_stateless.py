"""Public scopes: no store is touched inside, in or outside of a compiled run."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import cornu
from cornu.core.scope import pure


@pytest.mark.parametrize("k", [cornu, keras], ids=["cornu", "keras"])
def test_assignments_stay_in_the_scope(k) -> None:
    v, w = k.Variable(np.array([1.0, 2.0], "float32")), k.Variable(np.float32(3))
    with k.StatelessScope([(v, np.array([5.0, 6.0], "float32"))]) as scope:
        v.assign_add(np.ones(2, "float32"))
        w.assign(np.float32(4))
        scope.add_update((w, jnp.asarray(7.0)))
        inside = np.asarray(k.ops.sum(v) + w)
    assert inside == 20
    np.testing.assert_array_equal(scope.get_current_value(v), [6, 7])
    assert scope.get_current_value(w) == 7
    np.testing.assert_array_equal(v.numpy(), [1, 2])
    assert w.numpy() == 3
    assert scope.get_current_value(k.Variable(np.float32(0))) is None


@pytest.mark.parametrize("k", [cornu, keras], ids=["cornu", "keras"])
def test_losses_are_collected_when_asked_for(k) -> None:
    counts = []
    for collect in (False, True):
        layer = k.layers.Dense(1, activity_regularizer="l2")
        layer.build((1, 2))
        with k.StatelessScope(collect_losses=collect) as scope:
            layer(np.ones((1, 2), "float32"))
            scope.add_loss(jnp.asarray(1.0))
        counts.append(len(scope.losses))
    assert counts[1] == 2
    assert counts[0] == 0 or k is keras  # ours drops all of them, Keras those it adds itself


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ([(1, 2)], "the first a Variable"),
        ([3], "pairs"),
        ([(cornu.Variable([1.0, 2.0]), np.ones(3))], r"shape \(2,\).*shape \(3,\)"),
    ],
)
def test_a_wrong_mapping_is_refused(mapping, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cornu.StatelessScope(mapping)


def test_a_scope_inside_a_traced_run_sees_its_values_and_keeps_its_own() -> None:
    v = cornu.Variable(1.0)

    def look() -> jax.Array:
        with cornu.StatelessScope() as scope:
            v.assign(v + 1.0)
            inner = scope.get_current_value(v)
        return inner * 10 + v.value

    outcome = jax.jit(lambda x: pure(look, [v])([x])[:2])(5.0)
    assert outcome[0] == 65
    assert outcome[1][0] == 5
    assert v.numpy() == 1


def test_gradients_through_a_mapping() -> None:
    layer = cornu.layers.Dense(2, use_bias=False)
    layer.build((1, 3))

    def loss(kernel: jax.Array) -> jax.Array:
        with cornu.StatelessScope([(layer.kernel, kernel)]):
            return jnp.sum(layer(np.ones((1, 3), "float32")) ** 2)

    kernel = jnp.arange(6.0).reshape(3, 2)
    np.testing.assert_allclose(jax.grad(loss)(kernel), np.tile([12.0, 18.0], (3, 1)))


def test_a_symbolic_scope_makes_no_values() -> None:
    made = []

    def start(shape, dtype):
        made.append(shape)
        return np.ones(shape, dtype)

    v = cornu.Variable(start, shape=(2,), dtype="float32")
    with cornu.SymbolicScope():
        assert cornu.ops.sum(v).shape == ()
        v.assign([5.0, 5.0])
    assert not made
    np.testing.assert_array_equal(v.numpy(), [1, 1])
    assert made == [(2,)]
