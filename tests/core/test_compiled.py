"""Options that the compiler at hand knows, what they do, and parts compiled by themselves."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cornu.core import compiled

UNKNOWN = {"xla_cpu_no_such_option": ""}
OTHER_VALUE = {compiled._YNN: "NO_SUCH_VALUE"}
KNOWN = {compiled._YNN: ""}

pytestmark = pytest.mark.skipif(jax.default_backend() != "cpu", reason="options are for CPU")


@pytest.fixture
def another_version(monkeypatch):
    monkeypatch.setattr(compiled, "_VERIFIED", ((0, 0), (0, 0)))
    compiled.options.cache_clear()
    yield
    compiled.options.cache_clear()


@pytest.mark.parametrize(
    ("offered", "wanted"),
    [
        ((KNOWN, UNKNOWN), KNOWN),
        ((UNKNOWN, KNOWN), KNOWN),
        ((OTHER_VALUE, KNOWN), KNOWN),
        ((UNKNOWN, OTHER_VALUE), None),
    ],
)
def test_the_first_options_that_the_compiler_knows(another_version, monkeypatch, offered, wanted):
    monkeypatch.setattr(compiled, "_CPU_OPTIONS", offered)
    assert compiled.options(small=True) == wanted


def test_the_options_of_versions_that_were_tried_are_known():
    for small in (False, True):
        found = compiled.options(small)
        assert found is not None
        assert compiled._are_known(found)


@pytest.mark.parametrize("small", [False, True])
def test_unpadded_convolutions_are_left_where_they_are_fast(small):
    def convolve(x, kernel):
        return jax.lax.conv_general_dilated(
            x, kernel, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    x, kernel = jnp.ones((4, 24, 24, 32)), jnp.ones((3, 3, 32, 32))
    text = compiled.jit(convolve, small=small).lower(x, kernel).compile().as_text()
    assert "convolution(" in text
    assert "ynn" not in text


def test_only_small_programs_give_their_products_away():
    values, kernels = jnp.ones((36, 100, 32)), jnp.ones((36, 32, 32))
    for small in (False, True):
        program = compiled.jit(jnp.matmul, small=small)
        text = program.lower(values, kernels).compile().as_text()
        assert ("ynn" in text) == (small and compiled.options(small) != compiled.options())


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


def test_whether_the_compiler_keeps_parts_apart_is_found_out(another_version):
    compiled.keeps_apart.cache_clear()
    assert compiled.keeps_apart()
    compiled.keeps_apart.cache_clear()
