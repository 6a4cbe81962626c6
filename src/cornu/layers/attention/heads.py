"""What attention layers with several heads share: projections, masks, dropout, gate."""

from __future__ import annotations

import functools
import math
import string
from typing import Any

import jax.numpy as jnp
from jax import Array, nn

from cornu import constraints, initializers, ops, regularizers
from cornu.core import masks
from cornu.layers.attention.allowed import allowed_pairs, check_attention_mask
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer
from cornu.layers.core.einsum_dense import EinsumDense
from cornu.layers.dropout import Dropout, check_rate
from cornu.ops import head_products
from cornu.serialization import codec

_LETTERS = string.ascii_lowercase
Shape = tuple[int | None, ...]


class HeadAttention(Layer):
    """Projects queries, keys and values to heads, lets each head attend, joins the heads again."""

    dropout: float
    use_bias: bool
    use_gate: bool
    sliding_window: int | None
    seed: int | None
    kernel_initializer: Any
    bias_initializer: Any
    kernel_regularizer: Any
    bias_regularizer: Any
    kernel_constraint: Any
    bias_constraint: Any
    _query_dense: EinsumDense
    _key_dense: EinsumDense
    _value_dense: EinsumDense
    _gate_dense: EinsumDense
    _output_dense: EinsumDense
    _dropout_layer: Dropout
    _flash_attention: bool | None
    # Whether a `query_mask` that is given (rather than carried by the query) counts.
    _heeds_given_query_mask = True

    def _prepare(self, **named: Any) -> None:
        """Check and keep the arguments that all these layers take."""
        check_rate(named["dropout"], self, "dropout")
        if named["sliding_window"] is not None:
            positive_integer(named["sliding_window"], "sliding_window", self.name)
        self._flash_attention = named.pop("flash_attention")
        if self._flash_attention and named["dropout"] > 0:
            raise ValueError(
                "flash attention has no dropout: set `dropout=0.0` or `flash_attention=None` "
                f"(layer '{self.name}')"
            )
        self.supports_masking = True
        # The projections' outputs are penalized, not the layer's own.
        self._activity_regularizer = regularizers.get(named.pop("activity_regularizer"))
        for family, kind in (
            (initializers, "initializer"),
            (regularizers, "regularizer"),
            (constraints, "constraint"),
        ):
            for weight in ("kernel", "bias"):
                key = f"{weight}_{kind}"
                setattr(self, key, family.get(named.pop(key)))
        for key, value in named.items():
            setattr(self, key, value)

    # -- building ----------------------------------------------------------------------------------

    def _project(self, name: str, shape: Any, heads: int, size: int) -> EinsumDense:
        """A layer from `shape` = (..., features) to (..., heads, size)."""
        free = _LETTERS[: len(shape) - 1]
        features, head, inner = _LETTERS[len(shape) - 1 : len(shape) + 2]
        outputs = f"{free}{head}{inner}"
        return self._dense(
            name,
            f"{free}{features},{features}{head}{inner}->{outputs}",
            (*[None] * (len(free) - 1), heads, size),
            f"{head}{inner}" if self.use_bias else None,
            shape,
        )

    def _join(self, shape: Any, heads: int, size: int, sizes: tuple[int, ...]) -> EinsumDense:
        """A layer from (..., heads, size) to (..., *sizes), for queries of shape `shape`."""
        free = _LETTERS[: len(shape) - 1]
        head, inner = _LETTERS[len(free) : len(free) + 2]
        made = _LETTERS[len(free) + 2 : len(free) + 2 + len(sizes)]
        return self._dense(
            "attention_output",
            f"{free}{head}{inner},{head}{inner}{made}->{free}{made}",
            (*[None] * (len(free) - 1), *sizes),
            made if self.use_bias else None,
            (*shape[:-1], heads, size),
        )

    def _dense(
        self,
        name: str,
        equation: str,
        output_shape: Shape,
        bias_axes: str | None,
        input_shape: Any,
    ) -> EinsumDense:
        # Each projection draws its own numbers: with clones only a seed fixed by the user repeats.
        layer = EinsumDense(
            equation,
            output_shape=output_shape,
            bias_axes=bias_axes,
            kernel_initializer=_fresh(self.kernel_initializer),
            bias_initializer=_fresh(self.bias_initializer),
            kernel_regularizer=self.kernel_regularizer,
            bias_regularizer=self.bias_regularizer,
            activity_regularizer=self._activity_regularizer,
            kernel_constraint=self.kernel_constraint,
            bias_constraint=self.bias_constraint,
            dtype=self.dtype_policy,
            name=name,
        )
        layer.supports_masking = True  # this layer sees to masks; the projection need not warn
        layer.build(tuple(input_shape))
        return layer

    # -- calling -----------------------------------------------------------------------------------

    def call(
        self,
        query: Array,
        value: Array,
        key: Array | None = None,
        query_mask: Array | None = None,
        value_mask: Array | None = None,
        key_mask: Array | None = None,
        attention_mask: Array | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """Values, mixed for each query by how well their keys fit it.

        Args:
            query: (batch, targets, ..., features).
            value: (batch, sources, ..., features).
            key: (batch, sources, ..., features); default: `value`.
            query_mask: (batch, targets), False at padding; results there have no meaning.
            value_mask: (batch, sources), False where a value must not be used.
            key_mask: (batch, sources), likewise.
            attention_mask: True where attention is allowed; broadcasts to (batch, targets,
                sources), heads in between if it has one axis more.
            return_attention_scores: also return the weights, (batch, heads, targets, sources).
            training: whether weights are dropped out.
            use_causal_mask: lets target i attend to sources 0..i only.

        Returns:
            (batch, targets, ..., features), or that and the weights.

        Raises:
            ValueError: if a mask does not fit its sequence.
        """
        if not self._heeds_given_query_mask:
            query_mask = masks.get_mask(query)
        weighs = return_attention_scores or self.dropout > 0 or query.ndim != 3
        allowed = allowed_pairs(
            query,
            value,
            query_mask=query_mask,
            value_mask=value_mask,
            key_mask=key_mask,
            attention_mask=attention_mask,
            causal=use_causal_mask and weighs,
            window=self.sliding_window,
        )
        heads = self._query_dense(query)
        keys = self._key_dense(value if key is None else key)
        values = self._value_dense(value)
        weights = None
        if weighs:
            mixed, weights = self._weigh(heads, keys, values, allowed, training)
        else:
            mixed = self._fuse(heads, keys, values, allowed, use_causal_mask)
        if self.use_gate:
            mixed = mixed * nn.sigmoid(self._gate_dense(query))
        outputs = self._output_dense(mixed)
        return (outputs, weights) if return_attention_scores else outputs

    def compute_mask(self, query: Any, previous_mask: Any) -> Any:
        """The queries' mask is that of the output; attention weights have none."""
        del query
        return previous_mask

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer."""
        regularizer = codec.encode(self._activity_regularizer)
        return {**super().get_config(), "activity_regularizer": regularizer}

    def _fuse(
        self, query: Array, key: Array, value: Array, allowed: Array | None, causal: bool
    ) -> Array:
        if allowed is not None:
            allowed = allowed[:, None] if allowed.ndim == 3 else allowed
            check_attention_mask(
                allowed, (query.shape[0], query.shape[2], query.shape[1], key.shape[1])
            )
        return ops.dot_product_attention(
            query,
            key,
            value,
            mask=allowed,
            is_causal=causal,
            flash_attention=self._flash_attention,
        )

    def _weigh(
        self,
        query: Array,
        key: Array,
        value: Array,
        allowed: Array | None,
        training: bool | None,
    ) -> tuple[Array, Array]:
        """The mixed values and the weights, for any attention axes.

        Tensors are (batch, ..., heads, size); the weights (batch, ..., heads, targets, sources).
        """
        axes = self._axes(query.ndim - 1)
        if key.shape[-2] != query.shape[-2]:
            repeats = query.shape[-2] // key.shape[-2]
            key, value = (jnp.repeat(x, repeats, axis=-2) for x in (key, value))
        match, mix = _products(query.ndim, axes)
        logits = match(query * (1 / math.sqrt(query.shape[-1])), key)
        weights = self._normalize(logits, allowed, len(axes))
        return mix(self._dropout_layer(weights, training=training), value), weights

    def _normalize(self, logits: Array, allowed: Array | None, axes: int) -> Array:
        """Softmax over the sources; a query that may look nowhere gets weights of 0."""
        over = tuple(range(logits.ndim - axes, logits.ndim))
        if allowed is None:
            return nn.softmax(logits, over)
        for _ in range(logits.ndim - allowed.ndim):
            allowed = jnp.expand_dims(allowed, -2 * axes - 1)
        check_attention_mask(allowed, logits.shape)
        low = float(jnp.finfo(logits.dtype).min) / 2
        return jnp.where(allowed, nn.softmax(jnp.where(allowed, logits, low), over), 0)

    def _axes(self, rank: int) -> tuple[int, ...]:
        """The axes of positions of a query that has been projected, batch and heads being none."""
        return tuple(range(1, rank - 1))


def _products(rank: int, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """How queries meet keys, and weights values, at positions along these axes."""
    if rank == 4:
        return head_products.match, head_products.mix
    targets = _LETTERS[: rank - 1]
    sources = "".join(c.upper() if i in axes else c for i, c in enumerate(targets))
    kept = "".join(c for i, c in enumerate(targets) if i not in axes)
    crossed = kept + "".join(targets[i] for i in axes) + "".join(sources[i] for i in axes)
    return (
        functools.partial(jnp.einsum, f"{targets}z,{sources}z->{crossed}"),
        functools.partial(jnp.einsum, f"{crossed},{sources}z->{targets}z"),
    )


def _fresh(initializer: Any) -> Any:
    return initializer.clone() if isinstance(initializer, initializers.Initializer) else initializer
