"""Attention by cuDNN: when it is used, and, where there is a GPU, that it is the same attention."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import cornu
from cornu import ops
from cornu.ops import fused_attention

on_gpu = pytest.mark.skipif(jax.default_backend() != "gpu", reason="needs a GPU")


def tensors(dtype="bfloat16", queries=(2, 4, 2, 8), keys=(2, 6, 2, 8), values=(2, 6, 2, 8)):
    return [jnp.zeros(shape, dtype) for shape in (queries, keys, values)]


@pytest.fixture
def with_cudnn(monkeypatch):
    monkeypatch.setattr(fused_attention, "_has_cudnn", lambda: True)


def test_half_precision_suits(with_cudnn):
    for dtype in ("bfloat16", "float16"):
        assert fused_attention.suits(*tensors(dtype), wanted=None)
        assert fused_attention.suits(*tensors(dtype), wanted=True)


@pytest.mark.parametrize(
    "odd",
    [
        {"dtype": "float32"},
        {"queries": (2, 5, 2, 8)},  # an odd length
        {"keys": (2, 6, 2, 12), "values": (2, 6, 2, 12), "queries": (2, 4, 2, 12)},
        {"keys": (2, 6, 2, 256), "values": (2, 6, 2, 256), "queries": (2, 4, 2, 256)},
        {"values": (2, 6, 2, 16)},
        {"keys": (1, 6, 2, 8), "values": (1, 6, 2, 8)},
    ],
)
def test_what_cudnn_does_not_have(with_cudnn, odd):
    assert not fused_attention.suits(*tensors(**odd), wanted=None)


def test_the_user_can_keep_it_off(with_cudnn):
    assert not fused_attention.suits(*tensors(), wanted=False)
    cornu.config.disable_flash_attention()
    try:
        assert not fused_attention.suits(*tensors(), wanted=None)
        assert fused_attention.suits(*tensors(), wanted=True)
    finally:
        cornu.config.enable_flash_attention()
    assert fused_attention.suits(*tensors(), wanted=None)


def test_a_cpu_has_none():
    if jax.default_backend() == "cpu":
        assert not fused_attention.suits(*tensors(), wanted=True)


def test_what_is_handed_over(monkeypatch, with_cudnn):
    """On a CPU: masks and biases get all axes, and XLA's attention gives what ours gives."""
    plain = jax.nn.dot_product_attention
    seen = {}

    def note(*args, implementation, **kwargs):
        assert implementation == "cudnn"
        seen.update(kwargs)
        return plain(*args, **kwargs)

    monkeypatch.setattr(jax.nn, "dot_product_attention", note)
    rng = np.random.default_rng(0)
    query, key, value = (
        jnp.asarray(rng.normal(size=(2, n, heads, 8)), "bfloat16")
        for n, heads in ((4, 4), (6, 2), (6, 2))
    )
    mask, bias = rng.random((2, 1, 1, 6)) < 0.8, rng.normal(size=(4, 6))
    options = {"mask": mask, "bias": bias, "scale": 0.3, "is_causal": True}
    fused = ops.dot_product_attention(query, key, value, **options)
    written_out = ops.dot_product_attention(query, key, value, **options, flash_attention=False)
    assert seen["mask"].shape == (2, 1, 4, 6)
    assert seen["bias"].shape == (1, 1, 4, 6)
    np.testing.assert_allclose(fused.astype("f4"), written_out.astype("f4"), atol=2e-2)


def test_a_soft_cap_is_written_out(monkeypatch, with_cudnn):
    monkeypatch.setattr(fused_attention, "attend", None)
    assert ops.dot_product_attention(*tensors(), attn_logits_soft_cap=2.0).shape == (2, 4, 2, 8)


@on_gpu
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_values_and_gradients_on_a_gpu(causal, masked):
    rng = np.random.default_rng(0)
    arrays = [jnp.asarray(rng.normal(size=(2, 64, 4, 32)), "bfloat16") for _ in range(3)]
    weights = jnp.asarray(rng.normal(size=(2, 64, 4, 32)), "float32")
    mask = rng.random((2, 1, 1, 64)) < 0.8 if masked else None
    if mask is not None:
        mask[..., 0] = True

    def loss(arrays, flash):
        found = ops.dot_product_attention(
            *arrays, mask=mask, is_causal=causal, flash_attention=flash
        )
        return jnp.sum(weights * found.astype("float32")), found

    for flash in (None, False):
        assert fused_attention.suits(*arrays, wanted=flash) == (flash is None)
    (gradients, found), (others, expected) = (
        jax.jit(jax.grad(lambda a, flash=flash: loss(a, flash), has_aux=True))(arrays)
        for flash in (None, False)
    )
    for a, b in zip((found, *gradients), (expected, *others), strict=True):
        assert a.dtype == jnp.bfloat16
        np.testing.assert_allclose(a.astype("f4"), b.astype("f4"), atol=5e-2, rtol=5e-2)


@on_gpu
@pytest.mark.parametrize("causal", [False, True])
def test_a_layer_trains_with_it_on_a_gpu(causal):
    policy = cornu.mixed_precision.DTypePolicy("mixed_bfloat16")
    x = np.random.default_rng(0).normal(size=(8, 16, 32)).astype("float32")
    results = []
    for flash in (None, False):
        cornu.utils.set_random_seed(1)
        inputs = cornu.Input((16, 32))
        layer = cornu.layers.MultiHeadAttention(4, 8, flash_attention=flash, dtype=policy)
        model = cornu.Model(inputs, layer(inputs, inputs, use_causal_mask=causal))
        model.compile(cornu.optimizers.SGD(0.1), "mse")
        losses = model.fit(x, x, batch_size=4, epochs=3, verbose=0).history["loss"]
        results.append([float(value) for value in losses])
    np.testing.assert_allclose(*results, rtol=1e-2)
    assert results[0][-1] < results[0][0]
