"""Parts of a program that are compiled by themselves."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import compiled


@functools.partial(compiled.apart, static=("by",))
def shifted_sum(x, *, by):
    return x + jnp.roll(x, by)


def test_nothing_is_fused_over_the_borders_of_a_part():
    def chain(x):
        return shifted_sum(shifted_sum(x, by=1), by=2)

    x = jnp.arange(8.0)
    text = jax.jit(chain).lower(x).compile().as_text()
    entry = text[text.index("ENTRY") :]
    assert entry.count(" call(") == 2
    assert " fusion(" not in entry
    once = x + np.roll(x, 1)
    np.testing.assert_array_equal(jax.jit(chain)(x), once + np.roll(once, 2))
