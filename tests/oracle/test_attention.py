"""The attention layers against the real Keras: weights, outputs, gradients, masks, configs."""

from __future__ import annotations

import json
import random
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from cornu import layers
from cornu.core.random import set_random_seed
from cornu.core.scope import pure

QUERY, VALUE, KEY = (2, 4, 6), (2, 5, 6), (2, 5, 3)


def data(shape: Any) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape).astype("float32")


def pair(make: Any) -> tuple[Any, Any]:
    """What `make` gives for Cornu's layers and for Keras's, from the same seed."""
    made = []
    for module, seed in ((layers, set_random_seed), (keras.layers, keras.utils.set_random_seed)):
        seed(11)
        made.append((make(module), random.random()))
    # What is drawn next must be equal too, or layers after this one would start differently.
    assert made[0][1] == made[1][1]
    return made[0][0], made[1][0]


def leaves(outputs: Any) -> list[np.ndarray]:
    if isinstance(outputs, list | tuple):
        return [leaf for item in outputs for leaf in leaves(item)]
    return [np.asarray(outputs)]


def assert_close(ours: Any, theirs: Any, tolerance: float = 2e-5) -> None:
    for a, b in zip(leaves(ours), leaves(theirs), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def assert_same_weights(ours: Any, theirs: Any) -> None:
    assert [v.path for v in ours.weights] == [v.path for v in theirs.weights]
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


def assert_same_config(ours: Any, theirs: Any) -> None:
    plain = [json.loads(json.dumps(layer.get_config())) for layer in (ours, theirs)]
    assert plain[0] == plain[1]
    written, expected = layers.serialize(ours), keras.layers.serialize(theirs)
    assert (written["class_name"], written["module"]) == (
        expected["class_name"],
        expected["module"],
    )


EQUATIONS = [
    ("ab,b->a", (), None, (3, 4)),
    ("ab,bc->ac", 5, "c", (3, 4)),
    ("abc,cd->abd", (None, 5), "d", (2, 3, 4)),
    ("abc,cd->abd", (3, 5), "bd", (2, 3, 4)),
    ("abc,cd->abd", (3, 5), "b", (2, 3, 4)),
    ("abc,cde->abde", (None, 2, 5), "de", (2, 3, 4)),
    ("abcd,cde->abe", (None, 5), "e", (2, 3, 2, 4)),
    ("abc,bd->adc", (5, 4), "d", (2, 3, 4)),
    ("...b,bc->...c", 5, "c", (2, 3, 4)),
    ("...abc,cd->...abd", (5, 3, 6), "ad", (2, 5, 3, 4)),
    ("ab...,bc->ac...", 5, "c", (2, 4, 3, 3)),
]


@pytest.mark.parametrize("row", EQUATIONS, ids=lambda row: f"{row[0]} {row[2]}")
def test_einsum_dense(row: Any) -> None:
    equation, output_shape, bias_axes, shape = row
    ours, theirs = pair(
        lambda m: m.EinsumDense(
            equation, output_shape, bias_axes=bias_axes, bias_initializer="normal", activation="elu"
        )
    )
    x = data(shape)
    assert_close(ours(x), theirs(x))
    assert_same_weights(ours, theirs)
    assert_same_config(ours, theirs)
    for size, expected in zip(
        ours.compute_output_shape(shape), theirs.compute_output_shape(shape), strict=True
    ):
        assert expected in (None, size)  # what Keras knows, Cornu knows


HEADS: list[tuple[str, dict[str, Any], list[tuple[int, ...]]]] = [
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, [QUERY, QUERY]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4}, [QUERY, VALUE, KEY]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "use_bias": False}, [QUERY, VALUE]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "output_shape": 3}, [QUERY, VALUE]),
    ("MultiHeadAttention", {"num_heads": 1, "key_dim": 4, "output_shape": (3, 2)}, [QUERY, VALUE]),
    ("MultiHeadAttention", {"num_heads": 3, "key_dim": 2, "use_gate": True}, [QUERY, VALUE]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "sliding_window": 2}, [QUERY, QUERY]),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "dropout": 0.3}, [QUERY, VALUE]),
    (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 4, "attention_axes": 2, "kernel_regularizer": "l2"},
        [(2, 3, 4, 6), (2, 3, 5, 6)],
    ),
    (
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 4, "attention_axes": (1, 2), "bias_initializer": "ones"},
        [(2, 3, 4, 6), (2, 2, 5, 6)],
    ),
    (
        "GroupQueryAttention",
        {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2},
        [QUERY, VALUE],
    ),
    (
        "GroupQueryAttention",
        {"head_dim": 4, "num_query_heads": 2, "num_key_value_heads": 1, "use_bias": False},
        [QUERY, VALUE, VALUE],
    ),
    (
        "GroupQueryAttention",
        {"head_dim": 2, "num_query_heads": 2, "num_key_value_heads": 2, "use_gate": True,
         "sliding_window": 2, "dropout": 0.2, "seed": 3},
        [QUERY, VALUE],
    ),
]  # fmt: skip


def name_of(row: Any) -> str:
    return f"{row[0]}-{'-'.join(row[1])}"


@pytest.mark.parametrize("row", HEADS, ids=name_of)
def test_heads(row: Any) -> None:
    name, arguments, shapes = row
    assert_same_config(*pair(lambda m: getattr(m, name)(**arguments)))
    inputs = [data(shape) for shape in shapes]
    ours, theirs = pair(lambda m: called(getattr(m, name)(**arguments, name="attention"), *inputs))
    assert_same_config(ours, theirs)
    assert_same_weights(ours, theirs)
    assert ours.supports_masking == theirs.supports_masking
    assert_close(ours(*inputs), theirs(*inputs))
    assert_close(
        ours(*inputs, return_attention_scores=True), theirs(*inputs, return_attention_scores=True)
    )
    unknown = [(None, *shape[1:]) for shape in shapes]
    assert ours.compute_output_shape(*unknown) == theirs.compute_output_shape(*unknown)
    symbolic = [layers.Input(shape[1:]) for shape in shapes]
    mixed, weights = ours(*symbolic, return_attention_scores=True)
    assert mixed.shape == theirs.compute_output_shape(*unknown)
    assert weights.shape[1:] == ours(*inputs, return_attention_scores=True)[1].shape[1:]


def called(layer: Any, *inputs: Any) -> Any:
    layer(*inputs)
    return layer


PADDING = np.array([[1, 1, 1, 0, 0], [1, 0, 1, 1, 0]], bool)
CASES = [
    {"value_mask": PADDING},
    {"key_mask": PADDING},
    {"query_mask": PADDING[:, :4]},
    {"query_mask": PADDING[:, :4], "value_mask": PADDING, "use_causal_mask": True},
    {"attention_mask": np.tri(4, 5, dtype=bool)},
    {"attention_mask": np.tri(4, 5, dtype="float32")[None]},
    {"attention_mask": np.stack([np.eye(4, 5), np.tri(4, 5)]).astype("int32")},
    {"attention_mask": np.ones((2, 1, 5), bool), "value_mask": PADDING},
    {"attention_mask": np.tri(4, 5, dtype=bool)[None, None]},
    {"use_causal_mask": True},
]
SMALL = [
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4}),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "sliding_window": 2}),
    ("GroupQueryAttention", {"head_dim": 4, "num_query_heads": 4, "num_key_value_heads": 2}),
]


@pytest.mark.parametrize("row", SMALL, ids=name_of)
def test_masks(row: Any) -> None:
    name, arguments = row
    ours, theirs = pair(lambda m: called(getattr(m, name)(**arguments), data(QUERY), data(VALUE)))
    for masks in CASES:
        inputs = (data(QUERY), data(VALUE))
        assert_close(ours(*inputs, **masks), theirs(*inputs, **masks))
        masks = {**masks, "return_attention_scores": True}
        assert_close(ours(*inputs, **masks), theirs(*inputs, **masks))


@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")  # Keras's own
@pytest.mark.parametrize("row", SMALL, ids=name_of)
def test_carried_masks(row: Any) -> None:
    name, arguments = row
    ids = [np.array([[1, 2, 0, 0], [3, 0, 0, 0]]), np.array([[1, 2, 0, 0, 4], [0, 0, 0, 0, 0]])]

    def run(module: Any, scores: bool) -> Any:
        embedding = module.Embedding(5, 6, mask_zero=True)
        vectors = [embedding(x) for x in ids]
        result = getattr(module, name)(**arguments)(*vectors, return_attention_scores=scores)
        return result, (result[0] if scores else result)._keras_mask

    for scores in (False, True):
        ours, theirs = pair(lambda module, scores=scores: run(module, scores))
        assert_close(ours, theirs)


@pytest.mark.parametrize("row", SMALL, ids=name_of)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(row: Any, policy: str) -> None:
    name, arguments = row
    ours, theirs = pair(
        lambda m: called(getattr(m, name)(dtype=policy, **arguments), data(QUERY), data(VALUE))
    )
    masks = {"value_mask": PADDING, "return_attention_scores": True}
    for given in ({}, masks):
        a = ours(data(QUERY), data(VALUE), **given)
        b = theirs(data(QUERY), data(VALUE), **given)
        for x, y in zip(leaves(a), leaves(b), strict=True):
            assert x.dtype == y.dtype
            np.testing.assert_allclose(x.astype("f"), y.astype("f"), rtol=0.03, atol=0.03)


@pytest.mark.parametrize("row", SMALL, ids=name_of)
def test_gradients(row: Any) -> None:
    name, arguments = row
    inputs = [data(QUERY), data(VALUE)]
    ours, theirs = pair(lambda m: called(getattr(m, name)(**arguments), *inputs))
    run = pure(lambda q, v: ours(q, v, use_causal_mask=True, value_mask=PADDING), ours.weights)

    def our_loss(values: Any, q: Any, v: Any) -> Any:
        return jnp.sum(jnp.sin(run(values, q, v).result))

    def their_loss(values: Any, q: Any, v: Any) -> Any:
        outputs, _ = theirs.stateless_call(
            values, [], q, v, use_causal_mask=True, value_mask=PADDING
        )
        return jnp.sum(jnp.sin(outputs))

    found = jax.grad(our_loss, (0, 1, 2))([w.value for w in ours.weights], *inputs)
    expected = jax.grad(their_loss, (0, 1, 2))([w.value for w in theirs.weights], *inputs)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_dropout_of_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cornu.settings.settings.dropout_bits", "threefry")
    inputs = [data(QUERY), data(VALUE)]
    for name, arguments in SMALL:
        ours, theirs = pair(
            lambda m, name=name, arguments=arguments: called(
                getattr(m, name)(dropout=0.5, **arguments), *inputs
            )
        )
        assert_close(ours(*inputs, training=True), theirs(*inputs, training=True))


def test_penalties_of_activities_are_those_of_the_projections() -> None:
    inputs = [data(QUERY), data(VALUE)]
    ours, theirs = pair(
        lambda m: called(m.MultiHeadAttention(2, 4, activity_regularizer="l2"), *inputs)
    )
    assert_same_config(ours, theirs)
    np.testing.assert_allclose(sum(ours.losses), sum(theirs.losses), rtol=1e-5)


DOT = [
    ("Attention", {}, [QUERY, VALUE]),
    ("Attention", {"use_scale": True}, [QUERY, KEY, VALUE]),
    ("Attention", {"score_mode": "concat", "use_scale": True}, [QUERY, VALUE]),
    ("Attention", {"dropout": 0.4, "seed": 2}, [QUERY, VALUE]),
    ("AdditiveAttention", {}, [QUERY, VALUE]),
    ("AdditiveAttention", {"use_scale": False, "dropout": 0.2}, [QUERY, KEY, VALUE]),
]


@pytest.mark.parametrize("row", DOT, ids=name_of)
def test_attention_without_projections(row: Any) -> None:
    name, arguments, shapes = row
    inputs = [data(shape) for shape in shapes]
    ours, theirs = pair(lambda m: called(getattr(m, name)(**arguments), inputs))
    assert_close(ours(inputs), theirs(inputs))
    assert_same_config(ours, theirs)
    assert_same_weights(ours, theirs)
    unknown = [(None, *shape[1:]) for shape in shapes]
    assert ours.compute_output_shape(unknown) == theirs.compute_output_shape(unknown)
    padding = [PADDING[:, :4], PADDING]
    for given in (
        {"mask": padding},
        {"mask": [None, PADDING]},
        {"mask": [PADDING[:, :4], None], "use_causal_mask": True},
        {"use_causal_mask": True},
        {"mask": [None, PADDING & False]},
    ):
        scores = {**given, "return_attention_scores": True}
        assert_close(ours(inputs, **scores), theirs(inputs, **scores))
    assert ours.compute_mask(inputs, padding) is padding[0]
    assert ours.compute_mask(inputs) is theirs.compute_mask(inputs) is None


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_carried_masks_without_projections(name: str) -> None:
    ids = [np.array([[1, 2, 0, 0]]), np.array([[1, 2, 0, 0, 4]])]

    def run(module: Any) -> Any:
        embedding = module.Embedding(5, 6, mask_zero=True)
        result = getattr(module, name)()([embedding(x) for x in ids])
        return result, result._keras_mask

    assert_close(*pair(run))


REVERSIBLE = [
    {},
    {"tie_weights": False, "logit_soft_cap": 0.05, "mask_zero": True},
    {"dtype": "mixed_bfloat16", "reverse_dtype": "float32"},
    {"dtype": "mixed_bfloat16"},
]


@pytest.mark.parametrize("arguments", REVERSIBLE, ids=lambda a: "-".join(a))
def test_reversible_embedding(arguments: Any) -> None:
    ids = np.array([[1, 2, 0]])
    ours, theirs = pair(lambda m: called(m.ReversibleEmbedding(7, 3, **arguments), ids))
    found, expected = ours(ids), theirs(ids)
    assert_close(found, expected)
    assert_same_config(ours, theirs)
    assert_same_weights(ours, theirs)
    if "mask_zero" in arguments:
        np.testing.assert_array_equal(found._keras_mask, expected._keras_mask)
    back, again = (
        layer(layer_out, reverse=True) for layer, layer_out in ((ours, found), (theirs, expected))
    )
    assert_close(back, again, 0.02 if back.dtype == jnp.bfloat16 else 2e-5)
    assert getattr(back, "_keras_mask", None) is None
    for shape, given in (((None, 4), {}), ((None, 4, 3), {"reverse": True})):
        assert ours.compute_output_shape(shape, **given) == tuple(
            theirs.compute_output_shape(shape, **given)
        )


@pytest.mark.parametrize("rows", [1, 3])
def test_penalties_of_activities_are_averages_over_rows(rows: int) -> None:
    ours, theirs = pair(lambda m: called(m.Dense(2, activity_regularizer="l2"), data((rows, 5, 3))))
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-5)
