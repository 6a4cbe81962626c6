"""Embedding: a learned vector for each integer."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from cornu import constraints, initializers, ops, regularizers
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer
from cornu.ops.product import rows_by_kernel


class Embedding(Layer):
    """Integers in, the rows of a learned table out.

    Args:
        input_dim: number of rows; inputs lie in [0, input_dim).
        output_dim: size of a row.
        embeddings_initializer: name or object.
        embeddings_regularizer: penalty of the table; default none.
        embeddings_constraint: projection after each update; default none.
        mask_zero: whether 0 means padding: the output gets a mask that is False there.
        weights: initial table, as an array or a list of one.
        lora_rank, lora_alpha, quantization_config: not supported yet; only None.
        **kwargs: also `input_length`, the fixed length of inputs of earlier versions.

    Input: integers, any shape. Output: (*shape, output_dim).

    Raises:
        ValueError: if a size is not positive.
    """

    config_omit = ("weights", "lora_rank", "lora_alpha")
    config_extra: ClassVar[dict[str, Any]] = {"activity_regularizer": None}
    takes_ids = True  # its inputs are integers, whatever the compute dtype

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        length = kwargs.pop("input_length", None)
        if length is not None and not {"input_shape", "batch_input_shape"} & kwargs.keys():
            kwargs["input_shape"] = tuple(length) if isinstance(length, list | tuple) else (length,)
        # Ids as floats would lose their last digits in 16 bits.
        kwargs.setdefault("autocast", False)
        if weights is not None:
            kwargs["weights"] = weights if isinstance(weights, list | tuple) else [weights]
        super().__init__(**kwargs)
        if lora_rank is not None:
            raise NotImplementedError(f"lora_rank is not supported yet (layer '{self.name}')")
        self.input_dim = positive_integer(input_dim, "input_dim", self.name)
        self.output_dim = positive_integer(output_dim, "output_dim", self.name)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.quantization_config = quantization_config

    def build(self, input_shape: Any = None) -> None:
        """Make the table."""
        del input_shape
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )

    def call(self, inputs: Array) -> Array:
        """The rows at the inputs."""
        if not jnp.issubdtype(inputs.dtype, jnp.integer):
            inputs = ops.cast(inputs, "int32")
        return ops.take(self.embeddings, inputs, axis=0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """False where the input is 0, if 0 means padding."""
        del mask
        return ops.not_equal(inputs, 0) if self.mask_zero else None


class ReversibleEmbedding(Embedding):
    """An embedding that also goes back: vectors in, a score for each integer out.

    Args:
        input_dim: number of rows; inputs lie in [0, input_dim).
        output_dim: size of a row.
        tie_weights: whether the way back uses the table itself, else a matrix of its own.
        embeddings_initializer: name or object.
        embeddings_regularizer: penalty of the table; default none.
        embeddings_constraint: projection after each update; default none.
        mask_zero: whether 0 means padding: the output gets a mask that is False there.
        reverse_dtype: dtype of the way back; default: the compute dtype.
        logit_soft_cap: limits the scores smoothly to plus and minus this; default: no limit.

    Called as `layer(ids)`: (..., ) to (..., output_dim); as `layer(vectors, reverse=True)`:
    (..., output_dim) to (..., input_dim).

    Source: Press & Wolf, "Using the output embedding to improve language models", 2017.
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: str | None = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        """Make the table, and the matrix of the way back unless the table is used."""
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                name="reverse_embeddings",
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
            )

    def call(self, inputs: Array, reverse: bool = False) -> Array:
        """The rows at the inputs, or a score for each row."""
        if not reverse:
            return super().call(inputs)
        if self.tie_weights:
            kernel = jnp.transpose(self.embeddings.value)
        else:
            kernel = self.reverse_embeddings.value
        dtype = self.reverse_dtype or self.compute_dtype
        logits = rows_by_kernel(inputs.astype(dtype), kernel.astype(dtype))
        if self.logit_soft_cap is not None:
            logits = self.logit_soft_cap * jnp.tanh(logits / self.logit_soft_cap)
        return logits

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> Any:
        """Shape of the output for inputs of this shape."""
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return (*input_shape, self.output_dim)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """False where an integer is 0, if 0 means padding; none on the way back."""
        if jnp.issubdtype(inputs.dtype, jnp.floating) and inputs.shape[-1:] == (self.output_dim,):
            return None
        return super().compute_mask(inputs, mask)
