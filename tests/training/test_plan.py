"""Which steps loop on the device."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cornu
from cornu import ops
from cornu.core import compiled
from cornu.training import plan
from cornu.training.plan import loops_well


@pytest.mark.parametrize(
    ("well", "arguments"),
    [
        (True, {}),
        (True, {"padding": "same"}),
        (False, {"strides": 2}),
        (False, {"dilation_rate": 2}),
        (False, {"data_format": "channels_first"}),
    ],
)
def test_only_convolutions_of_the_fast_order_loop_on_cpu(well, arguments):
    def loss(x, kernel):
        return jnp.sum(ops.conv(x, kernel, **{"data_format": "channels_last"} | arguments))

    x, kernel = jnp.ones((2, 4, 4, 4)), jnp.ones((2, 2, 4, 3))
    inner = jax.jit(jax.grad(loss, (0, 1)))
    traced = jax.make_jaxpr(lambda x, k: inner(x, k))(x, kernel)
    assert loops_well(traced.jaxpr) == well


def test_steps_that_write_over_the_state_before_give_the_same_and_spare_the_first(rng):
    """What the host's loop does on GPUs; here on a CPU, which hands memory over as well."""

    def step(state, data, orders, samples, row, number):
        row = data[orders[row, number]]
        return {"sum": state["sum"] + row, "count": state["count"] + jnp.minimum(samples, 1)}

    def logs(state):
        return {"sum": state["sum"], "mean": state["sum"] / state["count"]}

    data, orders = jnp.asarray(rng.normal(size=(5, 3)), "float32"), np.array([[3, 1, 0, 4, 2]])
    first = {"sum": jnp.ones(3), "count": jnp.zeros(())}
    results = []
    for donates in (False, True):
        run = plan.looped_on_host(step, logs, donates).run
        middle, first_logs = run(first, data, orders, 5, 0, 0, 3, 1)
        last, last_logs = run(middle, data, orders, 5, 0, 3, 2, 1)
        # Everything that was handed out can still be read.
        results.append(jax.tree.map(np.asarray, (first, middle, first_logs, last, last_logs)))
    jax.tree.map(np.testing.assert_array_equal, *results)
    np.testing.assert_allclose(results[0][3]["sum"], 1 + data.sum(0), rtol=1e-5)


@pytest.mark.parametrize(("arrays", "in_loop"), [(20, True), (300, False)])
def test_a_gpu_loops_over_small_models_only(monkeypatch, arrays, in_loop):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert plan._carries_well([jnp.zeros(())] * arrays) == in_loop


@pytest.mark.parametrize(("filters", "large"), [(32, True), (8, False)])
def test_models_with_wide_convolutions_are_compiled_for_large_products(
    monkeypatch, rng, filters, large
):
    asked = []

    def jit(function, large_products=False, **options):
        asked.append(large_products)
        return jax.jit(function, **options)

    model = cornu.Sequential([cornu.Input((4, 4, 32)), cornu.layers.Conv2D(filters, 3)])
    model.compile(optimizer="sgd", loss="mse")
    x = rng.normal(size=(4, 4, 4, 32)).astype("float32")
    y = np.zeros((4, 2, 2, filters), "float32")
    for use in (
        lambda: model.fit(x, y, batch_size=2, verbose=0),
        lambda: model.train_on_batch(x, y),
        lambda: model.predict(x, verbose=0),
        lambda: model.predict(x, batch_size=1, verbose=0),
    ):
        asked.clear()
        with monkeypatch.context() as patch:
            patch.setattr(compiled, "jit", jit)
            use()
        assert (True in asked) == large
