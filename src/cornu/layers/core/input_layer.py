"""Input: where a functional model begins."""

from __future__ import annotations

from typing import Any

from cornu.core import dtypes, symbolic
from cornu.core.symbolic import KerasTensor
from cornu.layers.base.layer import Layer


class InputLayer(Layer):
    """The layer behind `Input`: holds the shape and dtype of a model's input.

    Args:
        shape: sizes without the batch axis; None where unknown.
        batch_size: size of the batch axis; default unknown.
        dtype: default `floatx()`.
        sparse, ragged: only False is supported.
        batch_shape: sizes with the batch axis, instead of `shape` and `batch_size`.
        input_tensor: a symbolic tensor to take shape and dtype from.
        optional: None may be given for it.
        name: default `input_layer`, `input_layer_1`, ...

    Raises:
        ValueError: if neither or both of `shape` and `batch_shape` are given.
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        shape = kwargs.pop("input_shape", shape)
        super().__init__(name=name, **kwargs)
        if input_tensor is not None:
            batch_shape, shape = input_tensor.shape, None
            dtype = dtype or input_tensor.dtype
        if (shape is None) == (batch_shape is None):
            raise ValueError(
                "give either `shape` (without the batch axis) or `batch_shape`. "
                f"Received: shape={shape}, batch_shape={batch_shape}"
            )
        if sparse or ragged:
            raise ValueError("sparse and ragged inputs are not supported")
        self._batch_shape = (
            (batch_size, *_as_shape(shape)) if shape is not None else _as_shape(batch_shape)
        )
        self._dtype = dtypes.standardize(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.optional = optional
        self.built = True
        output = KerasTensor(self._batch_shape, self._dtype, name=self.name)
        symbolic.record(self, (), {}, output)

    @property
    def batch_shape(self) -> tuple[int | None, ...]:
        """Sizes with the batch axis."""
        return self._batch_shape

    @property
    def dtype(self) -> str:
        """Dtype of the input."""
        return self._dtype

    def call(self) -> Any:
        """Nothing to compute: the input is given."""
        raise RuntimeError(f"Input '{self.name}' has no value of its own")

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal input."""
        return {
            "batch_shape": list(self.batch_shape),
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor to start a functional model from.

    Args:
        shape: sizes without the batch axis; None where unknown.
        batch_size: size of the batch axis; default unknown.
        dtype: default `floatx()`.
        sparse: only False is supported.
        ragged: only False is supported.
        batch_shape: sizes with the batch axis, instead of `shape` and `batch_size`.
        name: name of the input; keys of dict inputs refer to it.
        tensor: a symbolic tensor to take shape and dtype from.
        optional: None may be given for it.
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        input_tensor=tensor,
        optional=optional,
        name=name,
    )
    return layer.output


def _as_shape(shape: Any) -> tuple[int | None, ...]:
    dims = (shape,) if isinstance(shape, int) or shape is None else tuple(shape)
    for dim in dims:
        if dim is not None and (
            (not isinstance(dim, int) and not hasattr(dim, "__index__")) or int(dim) < 0
        ):
            raise ValueError(
                f"shape must hold non-negative integers or None. Received: shape={shape}"
            )
    return tuple(None if dim is None else int(dim) for dim in dims)
