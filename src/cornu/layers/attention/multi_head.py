"""MultiHeadAttention: several small attentions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cornu.layers.attention.heads import HeadAttention
from cornu.layers.base.arguments import positive_integer
from cornu.layers.core.einsum_dense import EinsumDense
from cornu.layers.dropout import Dropout


class MultiHeadAttention(HeadAttention):
    """Each head mixes projected values by `softmax(query @ key / sqrt(key_dim))`.

    Args:
        num_heads: number of heads.
        key_dim: size of a head's queries and keys.
        value_dim: size of a head's values; default: `key_dim`.
        dropout: share of the attention weights set to 0 in training.
        use_bias: whether the projections add a bias.
        output_shape: size, or sizes, of the output's features; default: those of the query.
        attention_axes: axes of positions; default: all between batch and features.
        sliding_window: attend to positions less than this away only; default: to all.
        flash_attention: False keeps cuDNN's fused attention off; else it is used on GPUs in half
            precision, where it has what is asked for.
        kernel_initializer, bias_initializer: of all projections; glorot_uniform and zeros.
        kernel_regularizer, bias_regularizer: penalties of the weights; default none.
        activity_regularizer: penalty of the projections' outputs; default none.
        kernel_constraint, bias_constraint: projections after each update; default none.
        use_gate: whether each head's result is multiplied by a learned sigmoid of the query.
        seed: integer for the dropout; default: drawn once when the layer is built.

    Called as `layer(query, value, key=None, ...)`: query (batch, targets, features), value and key
    (batch, sources, features). Output: (batch, targets, features).

    Raises:
        ValueError: if a number is not positive, or `dropout` no share.

    Source: Vaswani et al., "Attention is all you need", 2017.

    Example:
        >>> layer = MultiHeadAttention(num_heads=2, key_dim=3)
        >>> layer.compute_output_shape((None, 8, 16), (None, 4, 16))
        (None, 8, 16)
    """

    query_dense: EinsumDense
    key_dense: EinsumDense
    value_dense: EinsumDense
    output_dense: EinsumDense
    config_omit = ("flash_attention",)
    _heeds_given_query_mask = False

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | Sequence[int] | None = None,
        attention_axes: int | Sequence[int] | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.num_heads = positive_integer(num_heads, "num_heads", self.name)
        self.key_dim = positive_integer(key_dim, "key_dim", self.name)
        self.value_dim = positive_integer(
            key_dim if value_dim is None else value_dim, "value_dim", self.name
        )
        self._prepare(
            dropout=dropout,
            use_bias=use_bias,
            sliding_window=sliding_window,
            flash_attention=flash_attention,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            use_gate=use_gate,
            seed=seed,
        )
        self.output_shape = _listed(output_shape)
        self.attention_axes = _listed(attention_axes)

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections for queries, values and keys (default: values) of these shapes."""
        heads, key_shape = self.num_heads, key_shape or value_shape
        sizes = self.output_shape or (query_shape[-1],)
        if self.attention_axes is None:
            self.attention_axes = tuple(range(1, len(query_shape) - 1))
        self.query_dense = self._project("query", query_shape, heads, self.key_dim)
        self.key_dense = self._project("key", key_shape, heads, self.key_dim)
        if self.use_gate:
            self._gate_dense = self._project("gate", query_shape, heads, self.value_dim)
        self.value_dense = self._project("value", value_shape, heads, self.value_dim)
        self._dropout_layer = Dropout(
            self.dropout, seed=self.seed, dtype=self.dtype_policy, name="dropout"
        )
        self.output_dense = self._join(query_shape, heads, self.value_dim, sizes)

    def _axes(self, rank: int) -> tuple[int, ...]:
        assert self.attention_axes is not None  # `build` has set them
        # Counted on the inputs, which have no axis of heads.
        return tuple(axis % rank for axis in self.attention_axes)

    # Keras's files name the four projections by their public names, the gate by its private one.

    @property
    def _query_dense(self) -> EinsumDense:
        return self.query_dense

    @property
    def _key_dense(self) -> EinsumDense:
        return self.key_dense

    @property
    def _value_dense(self) -> EinsumDense:
        return self.value_dense

    @property
    def _output_dense(self) -> EinsumDense:
        return self.output_dense


def _listed(value: int | Sequence[int] | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    return tuple(value) if isinstance(value, list | tuple) else (value,)  # type: ignore[return-value]
