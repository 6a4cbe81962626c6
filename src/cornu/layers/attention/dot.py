"""Attention without projections: by products, or by learned sums."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array, nn

from cornu.core.random import SeedGenerator
from cornu.core.variable import Variable
from cornu.layers.attention.allowed import allowed_pairs, check_attention_mask, padding_mask
from cornu.layers.base.layer import Layer
from cornu.layers.dropout import check_rate, keep_and_scale


class Attention(Layer):
    """Values, mixed for each query by the softmax of the products with the keys.

    Args:
        use_scale: whether to learn one factor of the scores.
        score_mode: "dot", or "concat": `weight * sum(tanh(scale * (query + key)))`.
        dropout: share of the attention weights set to 0 in training.
        seed: integer for the dropout; default: drawn once when the layer is made.

    Input: a list of query (batch, targets, size), value (batch, sources, features) and, optionally,
    key (batch, sources, size; default: the value). Output: (batch, targets, features).

    Raises:
        ValueError: if `score_mode` is neither mode, or the inputs are not such a list.

    Source: Luong et al., "Effective approaches to attention-based neural machine translation",
    2015.
    """

    scale: Variable | None
    concat_score_weight: Variable | None

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                "`score_mode` must be 'dot' or 'concat'. "
                f"Received: score_mode={score_mode!r} (layer '{self.name}')"
            )
        check_rate(dropout, self, "dropout")
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        self.supports_masking = True
        if dropout > 0:
            self.seed_generator = SeedGenerator(seed)

    def build(self, input_shape: Any) -> None:
        """Make the learned factors for inputs of these shapes."""
        self._check(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones"
            )

    def call(
        self,
        inputs: list[Array],
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """The mixed values.

        Args:
            inputs: [query, value] or [query, value, key].
            mask: [query mask, value mask] (and None for the key): booleans of shapes (batch,
                targets) and (batch, sources), each may be None. Masked queries give 0.
            training: whether weights are dropped out.
            return_attention_scores: also return the weights, (batch, targets, sources).
            use_causal_mask: lets target i attend to sources 0..i only.

        Raises:
            ValueError: if a mask does not fit its sequence.
        """
        self._check(inputs, mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (*(mask or ()), None, None)[:2]
        scores = self._scores(query, key)
        allowed = allowed_pairs(query, value, value_mask=value_mask, causal=use_causal_mask)
        if allowed is not None:
            check_attention_mask(allowed, scores.shape)
            low = 65504.0 if scores.dtype == jnp.float16 else 1e9
            scores = scores - low * (~allowed).astype(scores.dtype)
        weights = nn.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = keep_and_scale(weights, self.dropout, weights.shape, self.seed_generator)
        outputs = weights @ value
        if query_mask is not None:
            kept = padding_mask(query_mask, query, "query")
            outputs = outputs * kept[..., None].astype(outputs.dtype)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The query's mask."""
        self._check(inputs, mask)
        return mask[0] if mask else None

    def _scores(self, query: Array, key: Array) -> Array:
        """How well each key fits each query: (batch, targets, sources)."""
        factor = 1 if self.scale is None else self.scale.value
        if self.score_mode == "dot":
            return query @ jnp.swapaxes(key, -1, -2) * factor
        assert self.concat_score_weight is not None
        sums = query[..., :, None, :] + key[..., None, :, :]
        return self.concat_score_weight.value * jnp.sum(jnp.tanh(factor * sums), axis=-1)

    def _check(self, inputs: Any, mask: Any = None) -> None:
        where = f"layer '{self.name}' ({type(self).__name__})"
        if not isinstance(inputs, list | tuple) or len(inputs) not in (2, 3):
            raise ValueError(
                f"{where} must be called on a list [query, value] or [query, value, key]. "
                f"Received: {_described(inputs)}"
            )
        if mask is not None and (
            not isinstance(mask, list | tuple) or not 2 <= len(mask) <= len(inputs)
        ):
            raise ValueError(
                f"`mask` of {where} must be a list [query mask, value mask], with None where there "
                f"is no mask. Received: {_described(mask)}"
            )


class AdditiveAttention(Attention):
    """Values, mixed for each query by the softmax of `sum(scale * tanh(query + key))`.

    Args:
        use_scale: whether to learn a factor for each feature.
        dropout: share of the attention weights set to 0 in training.
        **kwargs: also `seed`, as for `Attention`.

    Input: a list of query (batch, targets, size), value (batch, sources, size) and, optionally,
    key (batch, sources, size; default: the value). Output: (batch, targets, size).

    Source: Bahdanau et al., "Neural machine translation by jointly learning to align and
    translate", 2015.
    """

    config_omit = ("score_mode",)

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Make a factor for each feature of the query."""
        self._check(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            size = input_shape[0][-1]
            self.scale = self.add_weight(name="scale", shape=(size,), initializer="glorot_uniform")

    def _scores(self, query: Array, key: Array) -> Array:
        factor = 1 if self.scale is None else self.scale.value
        sums = query[..., :, None, :] + key[..., None, :, :]
        return jnp.sum(factor * jnp.tanh(sums), axis=-1)


def _described(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"{type(value).__name__} of shape {tuple(getattr(value, 'shape', ()))}"
