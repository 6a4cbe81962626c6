"""What a layer expects of its inputs, and the check that says what is wrong with them."""

from __future__ import annotations

from typing import Any

from cornu.core import dtypes, tree


class InputSpec:
    """Shape, rank and dtype that an input must have.

    Args:
        dtype: expected dtype name.
        shape: expected sizes; None where free.
        ndim: exact rank. max_ndim, min_ndim: bounds of the rank.
        axes: dict axis -> expected size.
        allow_last_axis_squeeze: a missing or extra last axis of size 1 is no error.
        name: key of the input in a dict.
        optional: None may be given.
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtypes.standardize(dtype) if dtype is not None else None
        self.shape = tuple(shape) if shape is not None else None
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal spec."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The spec of a config."""
        return cls(**config)

    def __repr__(self) -> str:
        given = {key: value for key, value in self.get_config().items() if value}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in given.items())})"

    def complaint(self, shape: tuple[int | None, ...], dtype: str) -> str | None:
        """What is wrong with an input of this shape and dtype, or None."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim and not self._squeezes(shape):
            return f"expected {self.ndim} dimensions, found {rank}{self._hint(shape)}"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"expected at most {self.max_ndim} dimensions, found {rank}"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"expected at least {self.min_ndim} dimensions, found {rank}"
        if self.dtype is not None and dtype != self.dtype:
            return f"expected dtype {self.dtype}, found {dtype}"
        for axis, size in self.axes.items():
            found = shape[axis] if -rank <= axis < rank else None
            if size is not None and found not in (size, None):
                hint = _layout(shape, axis, size)
                return f"expected axis {axis} to have size {size}, found {found}{hint}"
        if self.shape is not None:
            for axis, (size, found) in enumerate(zip(self.shape, shape, strict=False)):
                if size is not None and found is not None and size != found:
                    return f"expected shape {self.shape}, found {shape}{_layout(shape, axis, size)}"
        return None

    def _squeezes(self, shape: tuple[int | None, ...]) -> bool:
        if not self.allow_last_axis_squeeze or self.shape is None:
            return False
        return (len(shape) == len(self.shape) + 1 and shape[-1] == 1) or (
            len(shape) == len(self.shape) - 1 and self.shape[-1] == 1
        )

    def _hint(self, shape: tuple[int | None, ...]) -> str:
        if self.ndim is not None and len(shape) == self.ndim - 1:
            return (
                f"; a missing batch or channel axis? Try x[None] or x[..., None] on shape {shape}"
            )
        return ""


def _layout(shape: tuple[int | None, ...], axis: int, size: int | None) -> str:
    """A word on the likely mix-up of channel orders for images."""
    last = axis in (-1, len(shape) - 1)
    if last and len(shape) in (4, 5) and shape[1] == size:
        return "; the data look channels-first: move axis 1 to the end"
    return ""


def check(specs: Any, inputs: Any, layer_name: str) -> None:
    """Raise a ValueError if `inputs` do not fit `specs` (a spec, or a nest like `inputs`)."""
    if specs is None:
        return
    spec_list = _specs(specs)
    values = _values(specs, inputs)
    if len(values) != len(spec_list):
        raise ValueError(
            f"layer '{layer_name}' expects {len(spec_list)} input(s), but received {len(values)}"
        )
    for position, (spec, value) in enumerate(zip(spec_list, values, strict=True)):
        if spec is None or value is None or not hasattr(value, "shape"):
            continue
        shape = tuple(value.shape)
        problem = spec.complaint(shape, dtypes.standardize(value.dtype))
        if problem:
            which = f"input '{spec.name}'" if spec.name else f"input {position}"
            raise ValueError(
                f"{which} of layer '{layer_name}' is incompatible with the layer: {problem}. "
                f"Full shape received: {shape}"
            )


def _specs(specs: Any) -> list[InputSpec | None]:
    return tree.flatten(specs)


def _values(specs: Any, inputs: Any) -> list[Any]:
    if isinstance(specs, dict) and isinstance(inputs, dict):
        return [inputs.get(name) for name in sorted(specs)]
    return tree.flatten(inputs)
