"""Objects <-> JSON-ready forms over any nest of values, under their public names."""

from __future__ import annotations

from typing import Any

from cornu.errors import unexpected_keywords
from cornu.serialization import codec, safety
from cornu.serialization.registry import CustomObjectScope


def serialize_keras_object(obj: Any) -> Any:
    """A JSON-ready form of a layer, model, loss, function, array, or a nest of them.

    Args:
        obj: anything with `get_config`, a registered function, a plain value, or a list, tuple or
            dict of these.

    Raises:
        TypeError: if there is no such form.
    """
    return codec.encode(obj)


def deserialize_keras_object(
    config: Any,
    custom_objects: dict[str, Any] | None = None,
    safe_mode: bool = True,
    **kwargs: Any,
) -> Any:
    """The object behind a form that `serialize_keras_object` gave.

    Args:
        config: the form.
        custom_objects: classes and functions by name, for this call.
        safe_mode: whether to refuse code inside the form (that of a `lambda`). Where the call is
            part of a loading function that was given `safe_mode=False`, that holds.
        **kwargs: none are known.

    Raises:
        ValueError: for the name of a class or function that is not known.
    """
    if kwargs:
        known = ("config", "custom_objects", "safe_mode")
        raise unexpected_keywords("deserialize_keras_object", kwargs, known)
    safe = safe_mode is not False and safety.is_safe()
    with safety.mode(safe), CustomObjectScope(custom_objects or {}):
        return codec.decode(config)
