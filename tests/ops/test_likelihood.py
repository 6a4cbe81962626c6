"""Cross-entropies: precise far from 0, clear about shapes, finite gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import ops

LOGITS = np.array([[-200.0, 0.0, 150.0], [1.0, 2.0, 3.0]], "float32")
LABELS = np.array([0, 2])
HOT = np.eye(3, dtype="float32")[LABELS]


def exact(logits, labels):
    wide = logits.astype("float64")
    top = wide.max(-1, keepdims=True)
    logs = wide - top - np.log(np.exp(wide - top).sum(-1, keepdims=True))
    return -np.take_along_axis(logs, labels[:, None], -1)[:, 0]


@pytest.mark.parametrize(("name", "target"), [("sparse_categorical", LABELS), ("categorical", HOT)])
def test_large_logits(name, target):
    found = getattr(ops, f"{name}_crossentropy")(target, LOGITS, from_logits=True)
    np.testing.assert_allclose(found, exact(LOGITS, LABELS), rtol=1e-6)


def test_binary_from_large_logits():
    logits = np.array([-100.0, -1.0, 0.0, 100.0], "float32")
    found = ops.binary_crossentropy(np.ones(4), logits, from_logits=True)
    np.testing.assert_allclose(
        found, np.log1p(np.exp(-logits.astype("float64"))), rtol=1e-6, atol=1e-30
    )


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("name", ["sparse_categorical", "categorical", "binary"])
def test_gradients_are_finite_at_the_edge(name, from_logits):
    target = LABELS if name.startswith("sparse") else HOT
    output = jnp.asarray(np.eye(3)[[1, 0]], "float32")
    loss = getattr(ops, f"{name}_crossentropy")
    gradient = jax.grad(lambda x: jnp.sum(loss(target, x, from_logits=from_logits)))(output)
    assert np.isfinite(gradient).all()


def test_labels_with_a_last_axis_of_one_and_classes_elsewhere():
    output = np.array([[0.2, 0.7], [0.8, 0.3]], "float32")
    by_columns = ops.sparse_categorical_crossentropy([0, 1], output, axis=0)
    by_rows = ops.sparse_categorical_crossentropy([[0], [1]], output.T)
    np.testing.assert_allclose(by_columns, -np.log([0.2, 0.3]), rtol=1e-5)
    np.testing.assert_allclose(by_columns, by_rows)


@pytest.mark.parametrize(
    ("name", "target", "output"),
    [
        ("sparse_categorical", np.zeros((2, 3)), np.ones((2, 3))),
        ("sparse_categorical", np.zeros(3), np.ones((2, 3))),
        ("categorical", np.zeros((2, 2)), np.ones((2, 3))),
        ("binary", np.zeros(2), np.ones((2, 1))),
    ],
)
def test_shapes_that_do_not_fit_are_told(name, target, output):
    with pytest.raises(ValueError, match=r"\(2, "):
        getattr(ops, f"{name}_crossentropy")(target, output)


@pytest.mark.parametrize(("shape", "axis"), [((5, 4), -1), ((2, 4, 3), 1)])
def test_derivative_of_sparse_from_logits_is_that_of_log_softmax(rng, shape, axis):
    logits = jnp.asarray(rng.normal(size=shape) * 4, "float32")
    target = rng.integers(0, 4, np.delete(shape, axis))
    target.flat[0] = 7  # no class: adds nothing

    def plain(x):
        logs = jax.nn.log_softmax(x, axis)
        return -jnp.sum(logs * jax.nn.one_hot(target, 4, axis=axis), axis)

    def found(x):
        return ops.sparse_categorical_crossentropy(target, x, from_logits=True, axis=axis)

    np.testing.assert_allclose(found(logits), plain(logits), rtol=1e-5, atol=1e-6)
    for transform in (jax.grad, jax.hessian):
        a, b = (transform(lambda x, f=f: jnp.sum(f(x) ** 2))(logits) for f in (found, plain))
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
