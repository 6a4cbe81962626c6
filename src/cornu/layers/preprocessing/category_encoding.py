"""CategoryEncoding: integers that stand for categories, as vectors."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax import Array
from jax.core import Tracer

from cornu import ops
from cornu.errors import BadInputError
from cornu.layers.base.arguments import positive_integer
from cornu.layers.base.layer import Layer
from cornu.layers.preprocessing.encoding import check_mode, encode, refuse_sparse

MODES = ("multi_hot", "one_hot", "count")


class CategoryEncoding(Layer):
    """Integers in [0, num_tokens) as vectors of `num_tokens` numbers.

    Args:
        num_tokens: how many categories there are.
        output_mode: "one_hot": a vector for each integer, 1 at its place. "multi_hot": a vector for
            each row, 1 at the place of each integer in it. "count": a vector for each row, how
            often each integer is in it.
        sparse: only False is supported.

    Input: integers, (batch, n) or (n,); a single row (n,) is for "one_hot" n rows of one integer.
    Output: (batch, num_tokens), or for "one_hot" of several integers a row (batch, n, num_tokens).
    Integers out of range are an error where values are at hand; where they are not, inside `jit`,
    they count nowhere.

    Raises:
        ValueError: for a number of tokens that is not positive, an unknown mode, `sparse=True`.

    Example:
        >>> CategoryEncoding(num_tokens=4, output_mode="count")([[0, 1, 1], [3, 3, 3]]).tolist()
        [[1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0]]
    """

    config_omit = ("sparse",)
    takes_ids = True  # its inputs are integers, whatever the compute dtype

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        # Integers as floats would lose their last digits in 16 bits.
        kwargs.setdefault("autocast", False)
        super().__init__(**kwargs)
        self.num_tokens = positive_integer(num_tokens, "num_tokens", self.name)
        self.output_mode = check_mode(output_mode, MODES, self.name)
        refuse_sparse(sparse, self.name)
        self.sparse = False

    def call(self, inputs: Array, count_weights: Any = None) -> Array:
        """The vectors.

        Args:
            inputs: integers.
            count_weights: how much each integer counts, in the shape of `inputs`; for "count" only.
        """
        self._check_weights(inputs, count_weights)
        self._check_range(inputs)
        indices = ops.cast(inputs, "int32")
        return encode(indices, self.num_tokens, self.output_mode, self.compute_dtype, count_weights)

    def _check_weights(self, inputs: Array, count_weights: Any) -> None:
        if count_weights is None:
            return
        if self.output_mode != "count":
            raise ValueError(
                "`count_weights` needs output_mode='count'. "
                f"Received: output_mode={self.output_mode!r} (layer '{self.name}')"
            )
        if tuple(count_weights.shape) != tuple(inputs.shape):
            raise ValueError(
                f"`count_weights` must have the shape of the inputs, {tuple(inputs.shape)}. "
                f"Received shape {tuple(count_weights.shape)} (layer '{self.name}')"
            )

    def _check_range(self, inputs: Array) -> None:
        """Look at values that are there; what is traced was looked at before, or never can be."""
        if isinstance(inputs, Tracer) or not inputs.size:
            return
        values = np.asarray(inputs)
        wrong = (values < 0) | (values >= self.num_tokens) | (values != np.floor(values))
        if wrong.any():
            place = np.unravel_index(int(wrong.argmax()), values.shape)
            raise BadInputError(
                f"inputs[{', '.join(map(str, place))}] of layer '{self.name}' is {values[place]}; "
                f"it must be a whole number in 0..{self.num_tokens - 1} (num_tokens="
                f"{self.num_tokens})"
            )
