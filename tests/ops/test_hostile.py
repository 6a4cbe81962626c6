"""What has no oracle: laws that hold for any numbers, and errors that say what was wrong."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import cornu
from cornu import ops, random

# Arrays of one shape, so that each law compiles once; the numbers are as hostile as float32 has.
NUMBERS = hnp.arrays(
    "float32",
    (3, 4),
    elements=st.one_of(
        st.floats(width=32, allow_nan=False),
        st.sampled_from([0.0, -0.0, 1e-45, -1e-40, 3.4e38, -3.4e38, np.inf, -np.inf]),
    ),
)
FINITE = hnp.arrays("float32", (3, 4), elements=st.floats(-(2.0**99), 2.0**99, width=32))
MODERATE = hnp.arrays("float32", (3, 4), elements=st.floats(-100, 100, width=32))
many = settings(max_examples=40, deadline=None, derandomize=True)


@many
@given(FINITE)
def test_probabilities_sum_to_one(x):
    for probabilities in (ops.softmax(x), ops.exp(ops.log_softmax(x))):
        assert np.isfinite(probabilities).all()
        np.testing.assert_allclose(np.sum(probabilities, -1), 1, rtol=1e-5)
    # Of numbers so large that their differences are rounded away, the largest alone is left.
    rows = np.sum(ops.sparsemax(np.clip(x, -1e3, 1e3)), -1)
    np.testing.assert_allclose(rows, 1, atol=1e-3)


@many
@given(NUMBERS)
def test_bounded_activations_stay_in_bounds(x):
    for name, low, high in (
        *(("sigmoid", 0, 1), ("hard_sigmoid", 0, 1), ("sparse_sigmoid", 0, 1)),
        *(("tanh", -1, 1), ("hard_tanh", -1, 1), ("relu6", 0, 6)),
    ):
        result = np.asarray(getattr(ops, name)(x))
        assert ((result >= low) & (result <= high)).all(), name


@many
@given(MODERATE)
def test_gradients_of_activations_are_finite(x):
    for name in ("softplus", "gelu", "silu", "log_sigmoid", "squareplus", "elu", "selu", "celu"):
        assert np.isfinite(jax.grad(lambda v, name=name: getattr(ops, name)(v).sum())(x)).all()


@pytest.mark.parametrize("name", ["cdist", "normalize"])
def test_gradients_at_zero_are_finite(name):
    """Keras gives NaN: the root of a distance or norm of 0 has no slope."""
    zeros = np.zeros((2, 3), "float32")
    args = (zeros, zeros) if name == "cdist" else (zeros,)
    assert np.isfinite(jax.grad(lambda *x: getattr(ops, name)(*x).sum())(*args)).all()


@many
@given(NUMBERS)
def test_sorting_is_a_permutation(x):
    x = np.where(np.abs(x) < np.finfo("float32").tiny, 0, x)  # to XLA denormal numbers equal 0
    ordered, places = np.asarray(ops.sort(x)), np.asarray(ops.argsort(x))
    np.testing.assert_array_equal(np.take_along_axis(x, places, -1), ordered)
    assert (ordered[:, :-1] <= ordered[:, 1:]).all()
    largest, _ = ops.top_k(x, 2)
    np.testing.assert_array_equal(largest, ordered[:, :-3:-1])


@many
@given(NUMBERS, st.sampled_from(["int8", "uint8", "int16", "int32", "uint32"]))
def test_saturated_casts_keep_to_the_limits(x, dtype):
    found, info = np.asarray(ops.saturate_cast(x, dtype)), np.iinfo(dtype)
    exact = np.clip(np.trunc(x.astype("float64")), info.min, info.max)
    # Near 2**31 float32 has no number between the limit and what exceeds it.
    np.testing.assert_allclose(found.astype("float64"), exact, rtol=1e-7)


@many
@given(MODERATE, MODERATE)
def test_shapes_there_and_back(x, y):
    np.testing.assert_array_equal(ops.split(ops.concatenate([x, y]), 2)[1], y)
    np.testing.assert_array_equal(ops.unstack(ops.stack([x, y], axis=1), axis=1)[0], x)
    np.testing.assert_array_equal(ops.moveaxis(ops.moveaxis(x, 0, -1), -1, 0), x)
    flat = ops.rearrange(x, "a b -> (b a)")
    np.testing.assert_array_equal(ops.rearrange(flat, "(b a) -> a b", a=3), x)


@many
@given(st.integers(0, 2**32 - 1))
def test_draws_are_where_they_should_be(seed):
    uniform = np.asarray(random.uniform((50,), -2.0, 3.0, seed=seed))
    assert ((uniform >= -2) & (uniform < 3)).all()
    truncated = np.asarray(random.truncated_normal((50,), 1.0, 0.5, seed=seed))
    assert (np.abs(truncated - 1) <= 1).all()
    whole = np.asarray(random.randint((50,), -3, 4, seed=seed))
    assert ((whole >= -3) & (whole < 4)).all()
    kept = np.asarray(random.dropout(np.ones(50, "float32"), 0.5, seed=seed))
    assert set(kept.tolist()) <= {0.0, 2.0}


X = np.ones((2, 3), "float32")
MESSAGES = [
    (lambda: ops.sum(X, axis=5), r"axis must lie between -2 and 1.*\(2, 3\).*axis=5"),
    (lambda: ops.mean(X, axis=(0, -4)), r"axis must lie between -2 and 1"),
    (lambda: ops.max(X, axis=2), r"axis must lie between -2 and 1"),
    (lambda: ops.add(X, np.ones(2)), r"ops.add\(x1=<array of shape \(2, 3\)"),
    (lambda: ops.matmul(X, X), r"ops.matmul\(x1=<array"),
    (lambda: ops.median(X[:0], axis=0), r"ops.median\(x=<array of shape \(0, 3\)"),
    (lambda: ops.concatenate([X, np.ones(2)]), r"ops.concatenate\(xs=\[<array"),
    (lambda: ops.reshape(X, (4, -1)), r"cannot reshape a tensor of shape \(2, 3\)"),
    (lambda: ops.cholesky(X), r"square matrices"),
    (lambda: ops.det(np.ones(3)), r"matrices of shape \(..., M, N\)"),
    (lambda: ops.view_as_complex(X), r"last axis of size 2"),
    (lambda: ops.conv(X, X), r"ops.conv\("),
    (lambda: ops.max_pool(np.ones((1, 4, 4, 1)), 2, padding="full"), r"'valid' or 'same'"),
    (lambda: ops.one_hot(np.arange(3), 3, sparse=True), r"only dense"),
    (lambda: ops.image.resize(X, (2, 2)), r"\(2, 3\)"),
    (lambda: random.randint((2,), 0, 5, dtype="float32"), r"integer dtype"),
    (lambda: random.dropout(X, -0.1), r"rate must be in \[0, 1\]"),
    (lambda: random.categorical(X[0], 2), r"\(batch, classes\)"),
    (lambda: ops.cast(X, "flaot32"), r"did you mean 'float32'"),
]


@pytest.mark.parametrize(("call", "message"), MESSAGES)
def test_errors_say_what_was_wrong(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


def test_errors_of_symbolic_calls_say_it_too():
    with pytest.raises(TypeError, match=r"ops.matmul\("):
        ops.matmul(cornu.Input((3,)), np.ones((4, 2)))


EMPTY = np.zeros((0, 3), "float32")


@pytest.mark.parametrize("name", ["relu", "softmax", "exp", "sort", "log_softmax", "glu"])
def test_nothing_gives_nothing(name):
    empty = EMPTY[:, :2] if name == "glu" else EMPTY
    assert getattr(ops, name)(empty).shape == (0, 1 if name == "glu" else 3)


def test_sums_and_counts_of_nothing():
    assert float(ops.sum(EMPTY)) == 0 and float(ops.prod(EMPTY)) == 1
    assert bool(ops.all(EMPTY)) and not bool(ops.any(EMPTY))
    assert float(ops.logsumexp(EMPTY)) == -np.inf
    assert ops.one_hot(EMPTY.astype("int32"), 4).shape == (0, 3, 4)
    assert ops.bincount(np.zeros(0, "int32"), minlength=2).tolist() == [0, 0]
