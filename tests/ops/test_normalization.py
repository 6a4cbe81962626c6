"""Moments far from 0, derivatives of every order, passes over the activations."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu import layers, ops

EPSILON = 1e-3


def far_from_zero(shape, dtype):
    """With a mean of 10,000 deviations; fewer in 16 bits, which cannot tell so many apart."""
    draws = np.random.default_rng(0).normal(size=shape)
    deviations = {"float32": 10_000, "bfloat16": 100, "float16": 1_000}[dtype]
    return jnp.asarray(100 * (1 + draws / deviations), dtype)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
@pytest.mark.parametrize(
    ("shape", "over"),
    [((64, 3), (0,)), ((8, 16, 3), (0, 1)), ((4, 3, 8, 8), (0, -2, -1)), ((2, 3, 4, 4, 3), (1,))],
)
def test_moments_far_from_zero(dtype, shape, over):
    x = far_from_zero(shape, dtype)
    mean, variance = ops.moments(x, over)
    assert mean.dtype == variance.dtype == dtype
    exact = np.asarray(x, "float64")
    rounding = float(jnp.finfo(dtype).eps)
    np.testing.assert_allclose(np.asarray(mean, "float64"), exact.mean(over), rtol=rounding)
    np.testing.assert_allclose(
        np.asarray(variance, "float64"), exact.var(over), rtol=max(rounding, 1e-5), atol=1e-30
    )


def test_moments_around_an_outlier():
    x = np.random.default_rng(0).normal(size=(4096, 2)).astype("float32")
    x[2048] += 1e6  # in the middle, where sums begin
    mean, variance = ops.moments(x, 0)
    deviation = x.std(0, dtype="float64")
    np.testing.assert_allclose(mean / deviation, x.mean(0, "float64") / deviation, atol=64 * 1e-7)
    np.testing.assert_allclose(variance, deviation**2, rtol=4096 * 1e-7)


def test_the_variance_of_equal_values_is_zero():
    mean, variance = ops.moments(np.full((7, 3), 0.1, "float32"), 0)
    np.testing.assert_array_equal(mean, np.full(3, 0.1, "float32"))
    np.testing.assert_array_equal(variance, np.zeros(3))


def test_moments_over_no_axis_and_of_no_rows():
    mean, variance = ops.moments(np.ones((2, 3), "float32"), ())
    np.testing.assert_array_equal(mean, np.ones((2, 3)))
    np.testing.assert_array_equal(variance, np.zeros((2, 3)))
    assert np.isnan(ops.moments(np.ones((0, 3), "float32"), 0)[0]).all()


def by_the_formula(x, gamma, beta):
    over = tuple(range(x.ndim - 1))
    mean = x.mean(over)
    variance = jnp.square(x - mean).mean(over)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * gamma + beta


def rows_by_the_formula(x, gamma, beta):
    mean = x.mean(-1, keepdims=True)
    variance = jnp.square(x - mean).mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * gamma + beta


def rows_in_cornu(x, gamma, beta):
    return ops.layer_normalization(x, gamma, beta, -1, EPSILON)


def rows_one_by_one(x, gamma, beta):
    return jax.vmap(rows_in_cornu, (0, None, None))(x, gamma, beta)


def in_cornu(x, gamma, beta):
    mean, variance = ops.moments(x, tuple(range(x.ndim - 1)))
    return ops.batch_normalization(x, mean, variance, -1, beta, gamma, EPSILON)


@pytest.fixture
def arguments():
    random = np.random.default_rng(1)
    x = 3 + random.normal(size=(4, 2, 3))
    gamma, beta = random.normal(size=(2, 3))
    return tuple(jnp.asarray(a, "float32") for a in (x, gamma, beta))


@pytest.mark.parametrize(
    "derivative",
    [
        lambda f: jax.grad(f, (0, 1, 2)),
        lambda f: lambda *a: jax.jvp(f, a, tuple(jnp.cos(7 * v) for v in a)),
        lambda f: jax.hessian(f, (0, 1)),
        lambda f: jax.grad(lambda *a: jnp.sum(jax.grad(f)(*a) ** 3), (0, 1)),
    ],
    ids=["gradient", "forward", "hessian", "gradient of the gradient"],
)
@pytest.mark.parametrize(
    ("ours", "formula"),
    [
        (in_cornu, by_the_formula),
        (rows_in_cornu, rows_by_the_formula),
        (rows_one_by_one, rows_by_the_formula),
    ],
    ids=["batch", "rows", "mapped rows"],
)
def test_derivatives_are_those_of_the_formula(derivative, ours, formula, arguments):
    def scalar(normalize):
        return lambda *a: jnp.sum(jnp.sin(normalize(*a)) * jnp.arange(4.0)[:, None, None])

    found, expected = (derivative(scalar(f))(*arguments) for f in (ours, formula))
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-4), found, expected
    )


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_a_training_step_far_from_zero(dtype):
    x = far_from_zero((32, 4, 3), dtype)
    layer = layers.BatchNormalization(dtype=f"mixed_{dtype}" if dtype != "float32" else dtype)
    layer.build(x.shape)
    weight = jnp.asarray(np.random.default_rng(2).normal(size=x.shape), dtype)

    averages = [v.value for v in layer.non_trainable_variables]

    def loss(gamma, beta, x):
        y, _ = layer.stateless_call([gamma, beta], averages, x, training=True)
        return jnp.sum((y * weight).astype("float32")), y

    gamma, beta = jnp.asarray([1.0, 0.5, -2.0]), jnp.asarray([0.0, 1.0, 2.0])
    (d_gamma, d_beta, d_x), y = jax.grad(loss, (0, 1, 2), has_aux=True)(gamma, beta, x)

    wide, dy, g = (np.asarray(a, "float64") for a in (x, weight, gamma))
    rate = 1 / np.sqrt(wide.var((0, 1)) + EPSILON)
    normal = (wide - wide.mean((0, 1))) * rate
    sums = {"gamma": (dy * normal).sum((0, 1)), "beta": dy.sum((0, 1))}
    rows = 32 * 4
    exact = g * rate * (dy - sums["beta"] / rows - normal * sums["gamma"] / rows)
    within = {"rtol": 0.0, "atol": max(2e-3, 4 * float(jnp.finfo(dtype).eps))}
    np.testing.assert_allclose(np.asarray(y, "float64"), normal * g + np.asarray(beta), **within)
    np.testing.assert_allclose(d_gamma / rows, sums["gamma"] / rows, **within)
    np.testing.assert_allclose(d_beta / rows, sums["beta"] / rows, **within)
    scale = np.abs(exact).max()
    np.testing.assert_allclose(np.asarray(d_x, "float64") / scale, exact / scale, **within)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_a_training_step_sums_the_activations_four_times(policy):
    layer = layers.BatchNormalization(dtype=policy)
    layer.build((None, 4, 4, 3))
    x = jnp.ones((2, 4, 4, 3), layer.compute_dtype)
    weights, averages = (
        [v.value for v in kind]
        for kind in (layer.trainable_variables, layer.non_trainable_variables)
    )

    def loss(weights, x):
        return layer.stateless_call(weights, averages, x, training=True)[0][0, 0, 0, 0]

    program = jax.make_jaxpr(jax.grad(loss, (0, 1)))(weights, x)
    sums = [e for e in program.eqns if e.primitive.name == "reduce_sum"]
    # Two for the moments; of its gradient, those for gamma and beta serve the inputs as well.
    assert sum(e.invars[0].aval.shape == x.shape for e in sums) == 4
