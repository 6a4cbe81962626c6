"""Discretization: numbers as the bins that they fall into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import jax.numpy as jnp
import numpy as np
from jax import Array

from cornu import ops
from cornu.core.scope import current
from cornu.core.variable import constants_changed
from cornu.errors import short
from cornu.layers.base.layer import Layer
from cornu.layers.preprocessing import batches
from cornu.layers.preprocessing.encoding import check_mode, encode, refuse_sparse
from cornu.layers.preprocessing.quantiles import Summary
from cornu.settings import settings

MODES = ("int", "one_hot", "multi_hot", "count")


class Discretization(Layer):
    """The number of the bin that each input falls into, or that as a vector.

    Args:
        bin_boundaries: where bins meet, in ascending order. `[0.0, 1.0, 2.0]` makes four bins:
            below 0, from 0 to below 1, from 1 to below 2, from 2 on.
        num_bins: how many bins `adapt` is to find, instead of `bin_boundaries`.
        epsilon: how far each batch that `adapt` sees may shift a boundary, as a share of the data;
            smaller ones take more memory.
        output_mode: "int": bin numbers in the shape of the inputs. "one_hot": a vector for each
            input, 1 at its bin. "multi_hot": a vector for each row, 1 at the bins of its inputs.
            "count": a vector for each row, how many of its inputs are in each bin.
        sparse: only False is supported.
        dtype: dtype of vectors; bin numbers are int32.
        name: of the layer.

    Input: numbers, any shape; NaN counts as the largest. Output: as `output_mode` says.

    Raises:
        ValueError: if not exactly one of `bin_boundaries` and `num_bins` is given, boundaries are
            not in order, or a mode is unknown.

    Example:
        >>> Discretization(bin_boundaries=[0.0, 1.0, 2.0])([[-1.5, 1.0, 3.4, 0.5]]).tolist()
        [[0, 2, 3, 1]]
    """

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "give either `bin_boundaries`, or `num_bins` for `adapt` to find them. Received: "
                f"bin_boundaries={short(bin_boundaries)}, num_bins={num_bins} "
                f"(layer '{self.name}')"
            )
        if num_bins is not None and (not hasattr(num_bins, "__index__") or int(num_bins) < 0):
            raise ValueError(
                f"`num_bins` must be an integer, 0 or more. Received: num_bins={short(num_bins)} "
                f"(layer '{self.name}')"
            )
        if not isinstance(epsilon, int | float) or not 0 < epsilon <= 1:
            raise ValueError(
                "`epsilon` must be above 0 and at most 1. "
                f"Received: epsilon={short(epsilon)} (layer '{self.name}')"
            )
        self.bin_boundaries = self._checked(bin_boundaries)
        self.num_bins = None if num_bins is None else int(num_bins)
        self.epsilon = epsilon
        self.output_mode = check_mode(output_mode, MODES, self.name)
        refuse_sparse(sparse, self.name)
        self.sparse = False
        self._summary = Summary.empty()

    def _checked(self, boundaries: Any) -> list[float] | None:
        if boundaries is None:
            return None
        found = np.asarray(boundaries)
        numbers = found.dtype.kind in "biuf" and found.ndim == 1
        if found.size and not (numbers and (np.diff(found.astype(np.float64)) >= 0).all()):
            raise ValueError(
                "`bin_boundaries` must be a list of numbers in ascending order. "
                f"Received: bin_boundaries={short(boundaries)} (layer '{self.name}')"
            )
        return found.tolist()

    # -- finding the boundaries ------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Choose boundaries so that each bin gets about as many numbers of the data.

        Args:
            data: an array of numbers, or a source of batches of them: PyDataset, generator,
                DataLoader, Grain or `tf.data` dataset. Of batches `(x, y)` only `x` counts.
            steps: how many batches of a source to look at; default: all.

        Raises:
            ValueError: if the boundaries were given to the constructor.
        """
        self._refuse_given("adapt")
        self.reset_state()
        for batch in batches.read(data, self.name, steps):
            self._add(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Take one array of numbers in; boundaries change with `finalize_state`.

        Args:
            data: an array, any shape.

        Raises:
            ValueError: if the boundaries were given to the constructor.
        """
        self._refuse_given("update_state")
        for batch in batches.read(data, self.name):
            self._add(batch)

    def _add(self, numbers: np.ndarray) -> None:
        self._summary = self._summary.joined(Summary.of(numbers, self.epsilon), self.epsilon)

    def finalize_state(self) -> None:
        """Set the boundaries by the numbers taken in since `reset_state`, if there were any."""
        if self.num_bins is None or not self._summary.values.size:
            return
        found = self._summary.quantiles(self.num_bins)
        # In the precision that inputs are compared in.
        self.bin_boundaries = found.astype(settings.floatx).astype(np.float64).tolist()
        constants_changed()

    def reset_state(self) -> None:
        """Forget the numbers taken in; boundaries stay until the next `finalize_state`."""
        self._summary = Summary.empty()

    def _refuse_given(self, method: str) -> None:
        if self.num_bins is None:
            raise ValueError(
                f"layer '{self.name}' was made with `bin_boundaries`, so `{method}` has nothing "
                "to find: pass `num_bins` instead"
            )

    # -- calling ---------------------------------------------------------------------------------

    @property
    def input_dtype(self) -> str:
        """`floatx()`: in fewer bits inputs could move to another bin."""
        return settings.floatx

    @property
    def output_dtype(self) -> str:
        """int32 for bin numbers, else the compute dtype."""
        return "int32" if self.output_mode == "int" else self.compute_dtype

    def call(self, inputs: Array) -> Array:
        """Bin numbers or vectors.

        Raises:
            ValueError: if there are no boundaries yet.
        """
        boundaries = self._boundaries()
        bins = jnp.digitize(ops.cast(inputs, self.input_dtype), boundaries).astype("int32")
        if self.output_mode == "int":
            return bins
        return encode(bins, boundaries.size + 1, self.output_mode, self.compute_dtype)

    def _boundaries(self) -> Array:
        if self.bin_boundaries is not None:
            return jnp.asarray(self.bin_boundaries, self.input_dtype)
        scope = current()
        if scope is not None and scope.abstract:  # their number is enough for shapes
            return jnp.zeros(max((self.num_bins or 0) - 1, 0), self.input_dtype)
        raise ValueError(
            f"layer '{self.name}' has no bin boundaries yet: call its `adapt(data)` first, or pass "
            "`bin_boundaries`"
        )

    # -- config ----------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer, boundaries found included."""
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype_policy.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """The layer of a config; found boundaries may stand beside the number of bins."""
        if config.get("num_bins") is None or config.get("bin_boundaries") is None:
            return super().from_config(config)
        layer = super().from_config({**config, "bin_boundaries": None})
        layer.bin_boundaries = layer._checked(config["bin_boundaries"])
        return layer
