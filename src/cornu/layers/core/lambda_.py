"""Lambda: a function as a layer."""

from __future__ import annotations

import base64
import inspect
import marshal
import types
from collections.abc import Callable
from typing import Any, Self

from cornu.layers.base.layer import Layer
from cornu.serialization import codec, safety


class Lambda(Layer):
    """Calls a function of its inputs.

    Args:
        function: `function(inputs, **arguments)`; may also take `mask` and `training`.
        output_shape: accepted; shapes are found by tracing the function.
        mask: the output's mask, or a function `(inputs, mask)` that makes it.
        arguments: dict of further keyword arguments.

    Input and output: what the function takes and gives.

    Raises:
        TypeError: if `function` cannot be called.
    """

    rows_independent = False  # the function may mix rows

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(
                "`function` must be callable. "
                f"Received: {type(function).__name__} (layer '{self.name}')"
            )
        self.function = function
        self.arguments = arguments or {}
        self.output_shape = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self._accepts = _parameter_names(function)

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        """The function of the inputs."""
        extra = {"mask": mask, "training": training}
        given = {name: extra[name] for name in extra if name in self._accepts}
        return self.function(inputs, **{**self.arguments, **given})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask that was given, or what its function says."""
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self) -> dict[str, Any]:
        """Arguments that make an equal layer; code of a `lambda` goes in as marshalled bytes."""
        config = {name: value for name, value in super().get_config().items() if name not in _OWN}
        config["function"] = _encode(self.function)
        if self.output_shape is not None:
            shape = self.output_shape
            config["output_shape"] = _encode(shape) if callable(shape) else shape
        if self.mask is not None:
            config["mask"] = _encode(self.mask) if callable(self.mask) else self.mask
        config["arguments"] = codec.encode(self.arguments)
        return config

    @classmethod
    def from_config(
        cls,
        config: dict[str, Any],
        custom_objects: dict[str, Any] | None = None,
        safe_mode: bool | None = None,
    ) -> Self:
        """The layer of a config.

        Args:
            config: of `get_config`.
            custom_objects: names of the user's functions.
            safe_mode: refuse configs that hold Python code; default: as the loading function was
                told that this call stands in, else True.

        Raises:
            ValueError: if the config holds code and `safe_mode` is on.
        """
        safe = safety.is_safe() if safe_mode is None else safe_mode is not False
        decoded = dict(config)
        for name in ("function", "output_shape", "mask"):
            if isinstance(decoded.get(name), dict):
                decoded[name] = _decode(decoded[name], safe, custom_objects)
        for name in ("dtype", "arguments"):
            decoded[name] = codec.decode(decoded.get(name))
        return cls(**decoded)


_OWN = ("function", "output_shape", "mask", "arguments")


def _parameter_names(function: Callable[..., Any]) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(function).parameters)
    except (TypeError, ValueError):  # builtins without a signature
        return frozenset()


def _encode(function: Any) -> Any:
    if not isinstance(function, types.LambdaType) or function.__name__ != "<lambda>":
        return codec.serialize(function)
    closure = tuple(cell.cell_contents for cell in function.__closure__ or ()) or None
    return {
        "class_name": "__lambda__",
        "config": {
            "code": base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii"),
            "defaults": function.__defaults__,
            "closure": closure,
        },
    }


def _decode(config: dict[str, Any], safe: bool, custom_objects: dict[str, Any] | None) -> Any:
    if config.get("class_name") != "__lambda__":
        return codec.deserialize(config, custom_objects)
    if safe:
        raise ValueError(
            "the config of this Lambda layer holds Python code, which is run when the layer is "
            "called. If you trust its source, pass `safe_mode=False` to the loading function."
        )
    parts = config["config"]
    code = marshal.loads(base64.decodebytes(parts["code"].encode("ascii")))
    cells = tuple(types.CellType(value) for value in parts["closure"] or ())
    defaults = tuple(parts["defaults"]) if parts["defaults"] else None
    return types.FunctionType(code, {}, "<lambda>", defaults, cells)
