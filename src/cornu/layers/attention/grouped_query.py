"""GroupQueryAttention: several query heads share one head of keys and values."""

from __future__ import annotations

from typing import Any

from cornu.core import naming
from cornu.layers.attention.heads import HeadAttention
from cornu.layers.base.arguments import positive_integer
from cornu.layers.dropout import Dropout


class GroupQueryAttention(HeadAttention):
    """Multi-head attention with fewer heads of keys and values than of queries.

    One key head for each query head is multi-head attention; a single one, multi-query attention.

    Args:
        head_dim: size of each head.
        num_query_heads: number of query heads, a multiple of `num_key_value_heads`.
        num_key_value_heads: number of heads of keys and values.
        dropout: share of the attention weights set to 0 in training.
        use_bias: whether the projections add a bias.
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
        ValueError: if a number is not positive, `dropout` no share, or head numbers do not fit.

    Source: Ainslie et al., "GQA", 2023.
    """

    saved_name = "GroupedQueryAttention"  # Keras's class bears this name; places in files say so

    config_omit = ("flash_attention",)

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
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
        name = kwargs.pop("name", None) or naming.auto_name("grouped_query_attention")
        super().__init__(name=name, **kwargs)
        self.head_dim = positive_integer(head_dim, "head_dim", self.name)
        self.num_query_heads = positive_integer(num_query_heads, "num_query_heads", self.name)
        self.num_key_value_heads = positive_integer(
            num_key_value_heads, "num_key_value_heads", self.name
        )
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                f"`num_query_heads` ({num_query_heads}) must be a multiple of "
                f"`num_key_value_heads` ({num_key_value_heads}) (layer '{self.name}')"
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

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        """Make the projections for queries, values and keys (default: values) of these shapes."""
        shared, size = self.num_key_value_heads, self.head_dim
        for name, shape in (("query", query_shape), ("value", value_shape), ("key", key_shape)):
            if shape is not None and len(shape) != 3:
                raise ValueError(
                    f"`{name}` of layer '{self.name}' must be (batch, length, features). "
                    f"Received shape {tuple(shape)}"
                )
        self._query_dense = self._project("query", query_shape, self.num_query_heads, size)
        self._key_dense = self._project("key", key_shape or value_shape, shared, size)
        if self.use_gate:
            self._gate_dense = self._project("gate", query_shape, self.num_query_heads, size)
        self._value_dense = self._project("value", value_shape, shared, size)
        self._dropout_layer = Dropout(
            self.dropout, seed=self.seed, dtype=self.dtype_policy, name="dropout"
        )
        self._output_dense = self._join(query_shape, self.num_query_heads, size, (query_shape[-1],))
