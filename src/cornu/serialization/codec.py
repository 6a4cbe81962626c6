"""Values <-> JSON-ready values, in the form that Keras 3 writes."""

from __future__ import annotations

import types
from typing import Any

import jax
import numpy as np

from cornu.core import dtypes
from cornu.core.symbolic import KerasTensor
from cornu.errors import did_you_mean
from cornu.serialization import registry

_PLAIN = (str, int, float, bool, type(None))


def encode(value: Any) -> Any:
    """A JSON-ready form of `value`.

    Raises:
        TypeError: if there is none.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | set | frozenset):
        return [encode(item) for item in value]
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray | jax.Array):
        content = np.asarray(value)
        return {
            "class_name": "__numpy__",
            "config": {"value": content.tolist(), "dtype": dtypes.standardize(content.dtype)},
        }
    if isinstance(value, np.dtype):
        return value.name
    if isinstance(value, KerasTensor):
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": list(value.shape), "dtype": value.dtype},
        }
    return serialize(value)


def serialize(item: Any) -> Any:
    """An object with `get_config`, a function or a class as Keras's four-key record."""
    if item is None or isinstance(item, str):
        return item
    if isinstance(item, types.FunctionType | types.BuiltinFunctionType):
        if item in registry.MODULES:
            return item.__name__
        return {
            "module": "builtins",
            "class_name": "function",
            "config": item.__name__,
            "registered_name": registry.get_registered_name(item)
            if item in registry.CUSTOM_NAMES
            else "function",
        }
    if not hasattr(item, "get_config"):
        raise TypeError(f"cannot write {item!r} into a config: it has no `get_config`")
    cls = type(item)
    own = registry.MODULES.get(cls)
    return {
        "module": own or cls.__module__,
        "class_name": cls.__name__,
        "config": item.get_config(),
        "registered_name": None if own else registry.get_registered_name(cls),
    }


def decode(value: Any) -> Any:
    """The value behind a JSON-ready form; records of known classes become objects."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and "config" in value:
        return deserialize(value)
    return {key: decode(item) for key, item in value.items()}


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The object of a four-key record.

    Raises:
        ValueError: if its class is not known.
    """
    if custom_objects:
        with registry.CustomObjectScope(custom_objects):
            return deserialize(config)
    name, inner = config["class_name"], config["config"]
    if name in ("__numpy__", "__tensor__"):
        return np.array(inner["value"], dtype=inner["dtype"])
    if name == "__tuple__":
        return tuple(decode(item) for item in inner)
    if name == "__keras_tensor__":
        return KerasTensor(inner["shape"], inner["dtype"])
    if name == "function":
        found = registry.find(inner, config.get("registered_name"))
    else:
        found = registry.find(name, config.get("registered_name"), config.get("module"))
    if found is None:
        wanted = inner if name == "function" else name
        raise ValueError(
            f"unknown {'function' if name == 'function' else 'class'} '{wanted}'"
            f"{did_you_mean(str(wanted), registry.OWN)} Pass it in `custom_objects`, or "
            "decorate it "
            "with `@register_keras_serializable()`."
        )
    if name == "function":
        return found
    return found.from_config(inner) if hasattr(found, "from_config") else found(**inner)
