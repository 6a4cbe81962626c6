"""Values <-> JSON-ready values, in the form that Keras 3 writes.

Reading makes objects of registered classes only: Cornu's own, and those the user registered or
passed in. A name in a config never leads to an import, and no function is ever called by its name.
"""

from __future__ import annotations

import types
from typing import Any

import jax
import numpy as np

from cornu.core import dtypes
from cornu.core.symbolic import KerasTensor
from cornu.errors import did_you_mean, short
from cornu.serialization import registry, safety, sharing

_PLAIN = (str, int, float, bool, type(None))
_MAX_ELEMENTS = 1 << 26  # of an array given by value in a config


def encode(value: Any) -> Any:
    """A JSON-ready form of `value`.

    Raises:
        TypeError: if there is none.
    """
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, list | tuple | set | frozenset):
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
    if isinstance(value, slice):
        parts = {name: encode(getattr(value, name)) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if value is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(value, KerasTensor):
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": list(value.shape), "dtype": value.dtype},
        }
    return serialize(value)


def serialize(item: Any) -> Any:
    """An object with `get_config`, a function or a class as Keras's record."""
    if item is None or isinstance(item, str):
        return item
    if isinstance(item, types.FunctionType | types.BuiltinFunctionType):
        return item.__name__ if item in registry.MODULES else function_record(item)
    if not hasattr(item, "get_config"):
        raise TypeError(f"cannot write {short(item)} into a config: it has no `get_config`")
    with sharing.scope() as shared:
        return _record(item, shared)


def function_record(function: Any) -> dict[str, Any]:
    """A function by its name, or by the one it is registered under."""
    return {
        "module": "builtins",
        "class_name": "function",
        "config": registry.get_registered_name(function),
        "registered_name": "function",
    }


def _record(item: Any, shared: sharing.Sharing) -> dict[str, Any]:
    cls = registry.saved_class(type(item))
    own = registry.MODULES.get(cls)
    is_public = own is not None and not own.startswith("keras.src")
    has_module = cls not in registry.CUSTOM_NAMES and cls.__module__ != "__main__"
    record: dict[str, Any] = {
        "module": own or (cls.__module__ if has_module else None),
        "class_name": cls.__name__,
        "config": {},
        "registered_name": None if is_public else registry.get_registered_name(cls),
    }
    shared.note_written(item, record)
    record["config"] = item.get_config()
    if isinstance(build_config := _call(item, "get_build_config"), dict):
        record["build_config"] = encode(build_config)
    if hasattr(item, "get_compile_config"):
        record["compile_config"] = encode(item.get_compile_config() or {})
    return record


def _call(item: Any, method: str) -> Any:
    found = getattr(item, method, None)
    return found() if callable(found) else None


# -- reading ---------------------------------------------------------------------------------------


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
    """The object of a record.

    Raises:
        ValueError: if its class is not known, or it is no record.
    """
    if custom_objects:
        with registry.CustomObjectScope(custom_objects):
            return deserialize(config)
    name, inner = config["class_name"], config["config"]
    if name in _VALUES:
        return _value(name, inner)
    if name == "function":
        return _function(inner, config.get("registered_name"))
    is_outermost = sharing.current() is None
    with sharing.scope() as shared:
        known = shared.find(config)
        if known is not None:
            return known
        cls = find_class(config)
        made = _make(cls, inner)
        shared.note_read(made, config)
        if is_outermost:
            shared.build_all()
        return made


def find_class(record: dict[str, Any]) -> type:
    """The class that a record names.

    Raises:
        ValueError: if it is not known, or what is known by the name is no class with a config.
    """
    name = record["class_name"]
    found = registry.find(name, record.get("registered_name"), record.get("module"))
    if found is None:
        raise _unknown("class", name)
    if not isinstance(found, type) or not hasattr(found, "from_config"):
        raise ValueError(f"'{short(name)}' is no class that can be made from a config")
    return found


def _make(cls: type, config: Any) -> Any:
    if not isinstance(config, dict):
        raise ValueError(f"config of '{cls.__name__}' must be a dict. Received: {short(config)}")
    try:
        return cls.from_config(config)  # type: ignore[attr-defined]
    except Exception as error:
        name = config.get("name")
        if isinstance(name, str):
            note_place(error, f"{cls.__name__} '{short(name)[1:-1]}'")
        raise


def note_place(error: Exception, place: str) -> None:
    """Remember where in a config an error came up; the innermost of a kind is kept."""
    places: list[str] = error.__dict__.setdefault("_config_places", [])
    if len(places) < 2 and not any(" " in known for known in places):
        places.append(place)


def place_of(error: Exception) -> str:
    """`"argument 'activation' of Dense 'd': "`, as far as it is known."""
    places = getattr(error, "_config_places", [])
    return f"{' of '.join(places)}: " if places else ""


def _function(name: Any, registered_name: Any) -> Any:
    found = registry.find(name, registered_name) if isinstance(name, str) else None
    if found is None:
        raise _unknown("function", name)
    if isinstance(found, type) or not callable(found):
        raise ValueError(f"'{short(name)}' is not a function")
    return found


def _unknown(kind: str, name: Any) -> ValueError:
    # The name comes out of a file: only its beginning is worth showing.
    shown = str(name)[:60]
    return ValueError(
        f"unknown {kind} '{shown}'{did_you_mean(shown, registry.OWN) or '.'} Pass it in "
        "`custom_objects`, or decorate it with `@register_keras_serializable()`."
    )


def _value(name: str, config: Any) -> Any:
    try:
        return _VALUES[name](config)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"cannot read a value of kind {name}: {str(error)[:100]}") from None


def _array(config: dict[str, Any]) -> np.ndarray:
    dtype = dtypes.standardize(config["dtype"])
    found = np.asarray(config["value"])
    if found.dtype.kind not in "biuf" or found.size > _MAX_ELEMENTS:
        raise ValueError("an array in a config holds numbers only")
    return found.astype(dtype)


def _tensor(config: dict[str, Any]) -> KerasTensor:
    shape = config["shape"]
    if not all(size is None or (type(size) is int and size >= 0) for size in shape):
        raise ValueError("a shape holds sizes and None")
    return KerasTensor(shape, config["dtype"])


def _lambda(config: Any) -> Any:
    del config
    state = "refused" if safety.is_safe() else "read by a Lambda layer only"
    raise ValueError(f"the config holds Python code, which is {state}")


def _as_slice(config: dict[str, Any]) -> slice:
    parts = [config[name] for name in ("start", "stop", "step")]
    if not all(part is None or type(part) is int for part in parts):
        raise ValueError("a slice holds integers and None")
    return slice(*parts)


_VALUES = {
    "__numpy__": _array,
    "__tensor__": _array,
    "__tuple__": lambda config: tuple(decode(item) for item in config),
    "__keras_tensor__": _tensor,
    "__slice__": _as_slice,
    "__ellipsis__": lambda config: Ellipsis,
    "__lambda__": _lambda,
}
