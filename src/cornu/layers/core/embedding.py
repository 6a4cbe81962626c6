"""Embedding: a learned vector for each integer."""

from __future__ import annotations

from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array

from cornu import constraints, initializers, ops, regularizers
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer


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
