"""Family: the small named things of one kind (initializers, losses, ...) and how to get one.

`get` takes what users write: a name, a config, a class, an object, a function, or None.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cornu.core import naming
from cornu.errors import unknown
from cornu.serialization import codec, registry


class Family:
    """All members of one kind.

    Args:
        kind: what a member is called in messages ("activation").
        module: the module name Keras writes for members ("keras.activations").
        members: classes and functions of Cornu.
        aliases: more names by which users call a member ("mse").
    """

    def __init__(
        self,
        kind: str,
        module: str,
        members: Iterable[Any],
        aliases: Mapping[str, Any] | None = None,
    ) -> None:
        self.kind = kind
        self.module = module
        members = list(members)
        registry.register_own(module, members)
        self.names: dict[str, Any] = {}
        for member in members:
            self.names[member.__name__] = member
            self.names.setdefault(naming.to_snake_case(member.__name__), member)
        self.names.update(aliases or {})

    def find(self, name: str) -> Any:
        """The class or function called `name`, the user's registered ones first.

        Raises:
            UnknownNameError: with the closest name there is.
        """
        found = registry.get_registered_object(name) or registry.get_registered_object(
            f"Custom>{name}"
        )
        found = found or self.names.get(name)
        if found is None:
            raise unknown(self.kind, name, self.names)
        return found

    def get(self, identifier: Any, make: Callable[[Any], Any] | None = None) -> Any:
        """The member meant by a name, a config, a class, a callable or None.

        Args:
            identifier: what the user wrote.
            make: turns a class into an object; default: call it without arguments.

        Raises:
            UnknownNameError: if a name is not known.
            TypeError: if it is nothing of the above.
        """
        if identifier is None:
            return None
        found = identifier
        if isinstance(identifier, str):
            found = self.find(identifier)
        elif isinstance(identifier, dict):
            found = self.deserialize(identifier)
        if inspect.isclass(found):
            return make(found) if make else found()
        if not callable(found) and not hasattr(found, "get_config"):
            raise TypeError(
                f"could not understand {self.kind} {identifier!r}: give a name, an object or a "
                "function"
            )
        return found

    def serialize(self, member: Any) -> Any:
        """A JSON-ready form of a member."""
        return codec.serialize(member)

    def deserialize(self, config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
        """The member behind such a form."""
        with registry.CustomObjectScope(custom_objects or {}):
            if isinstance(config, str):
                return self.find(config)
            if not isinstance(config, dict) or "class_name" not in config:
                raise TypeError(f"config of {self.kind} must be a name or a dict with 'class_name'")
            config = {"module": self.module, **config}
            if "config" not in config or registry.find(config["class_name"]) is None:
                config = {"config": {}, **config}
                cls = (
                    self.find(config["class_name"]) if config["class_name"] != "function" else None
                )
                if cls is not None:
                    return cls.from_config(config["config"])
            return codec.deserialize(config)
