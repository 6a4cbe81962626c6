"""Masks that do not fit get an error that says which, and what shape was expected."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import pytest

from cornu import layers

X, Y = jnp.ones((2, 8, 4)), jnp.ones((2, 6, 4))
HEADS = [
    lambda **more: layers.MultiHeadAttention(2, 2, name="heads", **more),
    lambda **more: layers.GroupQueryAttention(2, 2, 1, name="heads", **more),
]


@pytest.mark.parametrize("make", HEADS)
@pytest.mark.parametrize("more", [{}, {"dropout": 0.1}])
def test_masks_of_wrong_length(make: Any, more: Any) -> None:
    layer = make(**more)
    with pytest.raises(ValueError, match=r"mask of `value`.* \(2, 7\) for `value` .*\(2, 6, 4\)"):
        layer(X, Y, value_mask=jnp.ones((2, 7), bool))
    with pytest.raises(ValueError, match=r"must broadcast .* \(2, 8, 7\), expected \(2, 8, 6\)"):
        layer(X, Y, attention_mask=jnp.ones((2, 8, 7), bool))
    with pytest.raises(ValueError, match=r"\(2, 6\), expected .*`value_mask` or `key_mask`"):
        layer(X, Y, attention_mask=jnp.ones((2, 6), bool))


def test_carried_mask_of_wrong_length() -> None:
    embedding = layers.Embedding(3, 4, mask_zero=True)
    short = embedding(jnp.ones((2, 5), "int32"))
    with pytest.raises(ValueError, match=r"mask of `value`.* \(2, 5\) for `value`"):
        layers.Attention()([X, Y], mask=[None, short._keras_mask])


@pytest.mark.parametrize(
    ("inputs", "mask", "message"),
    [
        (X, None, r"list \[query, value\].*ArrayImpl of shape \(2, 8, 4\)"),
        ([X], None, "a list of 1"),
        ([X, Y], jnp.ones((2, 8), bool), r"\[query mask, value mask\]"),
        ([X, Y], [None], "a list of 1"),
    ],
)
def test_inputs_of_attention(inputs: Any, mask: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.Attention()(inputs, mask=mask)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.MultiHeadAttention(0, 2), "`num_heads` must be a positive integer"),
        (lambda: layers.MultiHeadAttention(2, 2, dropout=2), "`dropout` must be a number between"),
        (lambda: layers.MultiHeadAttention(2, 2, sliding_window=0), "`sliding_window` must be"),
        (
            lambda: layers.MultiHeadAttention(2, 2, dropout=0.1, flash_attention=True),
            "flash attention has no dropout",
        ),
        (lambda: layers.GroupQueryAttention(2, 3, 2), "must be a multiple of"),
        (lambda: layers.Attention(score_mode="sum"), "'dot' or 'concat'"),
    ],
)
def test_arguments(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("equation", "output_shape", "bias_axes", "message"),
    [
        ("abc,cd", 5, None, "must have the form"),
        ("abc,cd->abd", (None, 5), "z", "'z' is no axis of the output"),
        ("abc,cd->abd", (3, 5), None, "has size 8 in the input, but 3"),
        ("abc,cd->abe", (None, 5), None, "size of axis 'd'"),
        ("ab,bc->ac", 5, None, "takes inputs with 2 axes"),
    ],
)
def test_equations(equation: str, output_shape: Any, bias_axes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        layers.EinsumDense(equation, output_shape, bias_axes=bias_axes)(X)
