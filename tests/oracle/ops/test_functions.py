"""Functions of functions, and seeds, against the real Keras."""

import jax
import keras
import numpy as np
import pytest

import cornu

X, Y = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3), np.float32(0.5)
LIBRARIES = (cornu, keras)


def product(x, y):
    """A function of two tensors with operators alone."""
    return x * x * y


@pytest.mark.parametrize("has_aux", [False, True])
def test_jvp(has_aux):
    def function(x, y):
        return (product(x, y), x) if has_aux else product(x, y)

    results = [
        library.ops.jvp(function, (X, Y), (X + 1, Y), has_aux=has_aux) for library in LIBRARIES
    ]
    for ours, theirs in zip(*map(jax.tree.leaves, results), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "shape"),
    [({}, (2, 3)), ({"signature": "(n),()->(n)"}, (2, 3)), ({"excluded": {1}}, (2, 3))],
    ids=str,
)
def test_vectorize(options, shape):
    results = [library.ops.vectorize(product, **options)(X, Y) for library in LIBRARIES]
    np.testing.assert_allclose(*results, rtol=1e-6)
    assert results[0].shape == shape


def test_vectorize_refuses_what_cannot_be_called():
    for library in LIBRARIES:
        with pytest.raises((TypeError, ValueError)):
            library.ops.vectorize(3)


def test_custom_gradient():
    gradients = []
    for library in LIBRARIES:

        @library.ops.custom_gradient
        def doubled(x):
            def gradient(upstream):
                return upstream * 7

            return x * 2, gradient

        gradients.append(jax.grad(lambda x, doubled=doubled: doubled(x).sum())(X))
    np.testing.assert_array_equal(*gradients)
    np.testing.assert_array_equal(gradients[0], np.full_like(X, 7))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("normal", ((3,),)),
        ("uniform", ((3,),)),
        ("randint", ((3,), 0, 99)),
        ("shuffle", (X,)),
        ("categorical", (X, 2)),
    ],
)
def test_seed_generators_give_the_same_draws_one_after_the_other(name, args):
    ours, theirs = (library.random.SeedGenerator(11) for library in LIBRARIES)
    for _ in range(2):
        np.testing.assert_allclose(
            getattr(cornu.random, name)(*args, seed=ours),
            getattr(keras.random, name)(*args, seed=theirs),
            rtol=1e-5,
        )


def test_seed_generators_give_the_same_seeds():
    ours, theirs = (library.random.SeedGenerator(5) for library in LIBRARIES)
    for _ in range(3):
        np.testing.assert_array_equal(ours.next(), theirs.next())
    assert ours.get_config() == theirs.get_config()
