"""Ops in saved graphs: their names there, and which arguments stand in the call or in the config.

Keras keeps ops as classes: a call's tensors stand among the arguments of the call, all else in the
config. Here a parameter annotated `Tensor` is a call's; `CALL_ARGUMENTS` holds the exceptions.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

from cornu.core.operators import TABLE
from cornu.errors import short
from cornu.ops.operation import FunctionOperation
from cornu.settings import settings

# Op -> its arguments that stand in the call, where the annotation does not tell.
CALL_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "arange": ("start", "stop", "step"),
    "bincount": ("x",),
    "clip": ("x",),
    "dot_product_attention": ("query", "key", "value", "bias", "mask", "scale"),
    "get_item": ("x", "key"),
    "isclose": ("x1", "x2", "rtol", "atol"),
    "pad": ("x", "constant_values"),
    "scale_and_translate": ("images", "output_shape", "scale", "translation"),
    "select": ("condlist", "choicelist", "default"),
    "trapezoid": ("y",),
}
# Arguments of a call that Keras notes by name.
_BY_NAME = {"pad": ("constant_values",)}

# Op -> home and class in files, where these are not the op's own home and name.
CLASSES: dict[str, tuple[str, str]] = {
    "core.view_as_complex": ("math", "ViewAsComplex"),
    "core.view_as_real": ("math", "ViewAsReal"),
    "image.hsv_to_rgb": ("image", "HSVToRGB"),
    "image.rgb_to_grayscale": ("image", "RGBToGrayscale"),
    "image.rgb_to_hsv": ("image", "RGBToHSV"),
    "image.ssim": ("image", "SSIM"),
    "linalg.slogdet": ("numpy", "Slogdet"),
    "linalg.svd": ("linalg", "SVD"),
    "math.cdist": ("math", "CDist"),
    **{f"math.{name}": ("math", name.upper()) for name in (
        "fft", "fft2", "ifft2", "irfft", "istft", "rfft", "stft",
    )},
    "nn.batch_normalization": ("nn", "BatchNorm"),
    "nn.ctc_decode": ("nn", "CTCDecode"),
    "nn.ctc_loss": ("nn", "CTCLoss"),
    "nn.layer_normalization": ("nn", "LayerNorm"),
    "nn.psnr": ("nn", "PSNR"),
    "nn.rms_normalization": ("nn", "RMSNorm"),
    "numpy.allclose": ("numpy", "AllClose"),
    "numpy.isin": ("numpy", "IsIn"),
    "numpy.logsumexp": ("math", "Logsumexp"),
    "numpy.polar": ("nn", "Polar"),
    "numpy.searchsorted": ("numpy", "SearchSorted"),
}  # fmt: skip
# Homes that files know; calls of other functions are read back by Cornu alone.
HOMES = ("core", "einops", "image", "linalg", "math", "nn", "numpy")
_KERAS, _OWN = "keras.src.ops.", "cornu.ops."


class Call(NamedTuple):
    """One call of an op, split as files have it."""

    config: dict[str, Any]
    args: list[Any]
    kwargs: dict[str, Any]


def split(operation: FunctionOperation, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    """What of a call's arguments is config and what is not.

    Raises:
        TypeError: if an argument is a function, which no file can hold.
    """
    key = _key(operation)
    function, name = TABLE[key], key.partition(".")[2]
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    in_call = _call_arguments(name, function)
    by_name = _BY_NAME.get(name, ())
    arguments: dict[str, Any] = dict(bound.arguments)
    found = Call({}, [], {})
    for parameter in bound.signature.parameters.values():
        value = arguments[parameter.name]
        _refuse_function(operation, value)
        if parameter.kind is parameter.VAR_POSITIONAL:
            found.args.extend(value)
        elif parameter.kind is parameter.VAR_KEYWORD:
            found.config.update(value)
        elif parameter.name in by_name:
            found.kwargs[parameter.name] = value
        elif parameter.name in in_call:
            found.args.append(value)
        else:
            found.config[parameter.name] = value
    if found.config.get("data_format", "") is None:
        found.config["data_format"] = settings.image_data_format  # what it meant when called
    return found


def _refuse_function(operation: FunctionOperation, value: Any) -> None:
    if callable(value) and not isinstance(value, type):
        raise TypeError(f"op '{operation.name}' has a function among its arguments")


def record(operation: FunctionOperation, config: dict[str, Any]) -> dict[str, Any]:
    """The record of an op, without its calls."""
    module, class_name = _home_and_class(_key(operation))
    return {
        "module": module,
        "class_name": class_name,
        "config": {"name": operation.name, **config},
        "registered_name": class_name,
    }


def _home_and_class(key: str) -> tuple[str, str]:
    home, _, name = key.partition(".")
    home, class_name = CLASSES.get(key, (home, _camel(name)))
    return f"{_KERAS if home in HOMES else _OWN}{home}", class_name


@functools.cache
def _by_class() -> dict[tuple[str, str], str]:
    """Module and class in files -> the op's key in the table of ops."""
    return {_home_and_class(key): key for key in TABLE if "." in key}


class PlainOp:
    """An op out of a file: a function of Cornu and its config."""

    def __init__(self, function: Callable[..., Any], op: str, config: dict[str, Any]) -> None:
        self.function = function
        self.op = op
        self.config = {key: value for key, value in config.items() if key != "name"}
        name = config.get("name")
        self.name = name if isinstance(name, str) else op

    def call(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """Note a call in the graph, under the name that the file gives.

        Raises:
            ValueError: if the arguments do not fit the op.
        """
        signature = inspect.signature(self.function)
        given = {**self.config, **kwargs}
        rest = list(args)
        positional: list[Any] = []
        in_call = _call_arguments(self.op, self.function)
        has_many = any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values())
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional += rest
                rest = []
            elif parameter.name in in_call and rest and parameter.name not in kwargs:
                given[parameter.name] = _argument(parameter.name, rest.pop(0))
            if has_many and parameter.name in given and not positional:
                positional.append(given.pop(parameter.name))
        try:
            signature.bind(*positional, **given)
        except TypeError as error:
            raise ValueError(f"op '{short(self.name)}': {str(error)[:100]}") from None
        if rest:
            raise ValueError(f"op '{short(self.name)}' has arguments that it does not take")
        outputs = self.function(*positional, **given)
        _rename(outputs, self.name)
        return outputs


def _argument(name: str, value: Any) -> Any:
    """JSON has no tuples: the key of `x[:, 0]` comes as a list."""
    return tuple(value) if name == "key" and isinstance(value, list) else value


def find(record: dict[str, Any]) -> PlainOp | None:
    """The op that a record means, or None if it means something else.

    Raises:
        ValueError: if it names an op that there is not.
    """
    module, class_name = record.get("module"), record.get("class_name")
    if not isinstance(module, str) or not module.startswith((_KERAS, _OWN)):
        return None
    key = _by_class().get((module, str(class_name)))
    if key is None:
        raise ValueError(f"unknown op {short(class_name)} of module {short(module)}")
    return PlainOp(TABLE[key], key.partition(".")[2], record["config"])


def _rename(outputs: Any, name: str) -> None:
    """Give the operation that made symbolic `outputs` a name."""
    leaves = outputs if isinstance(outputs, list | tuple) else [outputs]
    node = next((leaf.node for leaf in leaves if getattr(leaf, "node", None) is not None), None)
    if node is None or not isinstance(node.operation, FunctionOperation):
        raise ValueError(f"op '{short(name)}' is called on no symbolic tensor")
    node.operation.name = name


def _key(operation: FunctionOperation) -> str:
    """The op's key in the table of ops; an activation is the op of its name."""
    key = f"{operation.home}.{operation.op_name}"
    if operation.home == "activations" and f"nn.{operation.op_name}" in TABLE:
        return f"nn.{operation.op_name}"
    return "numpy.exp" if key == "activations.exponential" else key


def _call_arguments(name: str, function: Callable[..., Any]) -> tuple[str, ...]:
    if name in CALL_ARGUMENTS:
        return CALL_ARGUMENTS[name]
    parameters = inspect.signature(function).parameters.values()
    return tuple(p.name for p in parameters if "Tensor" in str(p.annotation))


def _camel(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))
