"""Which steps loop on the device."""

import jax
import jax.numpy as jnp
import pytest

from cornu import ops
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
