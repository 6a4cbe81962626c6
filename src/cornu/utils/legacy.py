"""Objects and names as Keras 2 wrote them into configs."""

from __future__ import annotations

from typing import Any

from cornu.errors import unknown
from cornu.serialization import codec, registry


def serialize_keras_object(instance: Any) -> Any:
    """An object as `{"class_name", "config"}`, a function as its name.

    Args:
        instance: anything with `get_config` or a `__name__`; None stays None.

    Raises:
        ValueError: if it has neither.
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config") and not isinstance(instance, type):
        name = registry.get_registered_name(registry.saved_class(type(instance)))
        return {"class_name": name, "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return registry.get_registered_name(instance)
    raise ValueError(f"{type(instance).__name__} has neither `get_config` nor a name")


def deserialize_keras_object(
    identifier: Any,
    module_objects: dict[str, Any] | None = None,
    custom_objects: dict[str, Any] | None = None,
    printable_module_name: str = "object",
) -> Any:
    """The object behind such a form.

    Args:
        identifier: name, or dict with `class_name` and `config`; None stays None.
        module_objects: classes and functions by name, besides Cornu's own.
        custom_objects: the same, before all others.
        printable_module_name: what is being looked for, in messages.

    Raises:
        ValueError: if it is not known.
    """
    if identifier is None:
        return None
    with registry.CustomObjectScope(custom_objects or {}):
        if isinstance(identifier, str):
            found = registry.find(identifier) or (module_objects or {}).get(identifier)
            if found is None:
                raise unknown(printable_module_name, identifier, module_objects or registry.OWN)
            return found() if isinstance(found, type) else found
        if not isinstance(identifier, dict) or "class_name" not in identifier:
            raise ValueError(f"config of {printable_module_name} must be a name or a dict")
        known = registry.find(identifier["class_name"])
        extra = {} if known is not None else (module_objects or {})
        with registry.CustomObjectScope(extra):
            return codec.deserialize({"config": {}, **identifier})
