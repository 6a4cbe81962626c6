"""Registry: class names to classes, Cornu's own and the user's.

Own classes are noted by the package faces (`register_family`); a user's by
`@register_keras_serializable`, or for a while by `CustomObjectScope`.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

OWN: dict[str, Any] = {}  # class or function name -> object, of Cornu itself
BY_MODULE: dict[tuple[str, str], Any] = {}  # the same by (module, name): some names are used twice
MODULES: dict[Any, str] = {}  # own class or function -> the module name Keras writes into files
COMPLETE: list[Callable[[], None]] = []  # slot of the root face: open the packages with classes
CUSTOM: dict[str, Any] = {}  # "package>Name" -> the user's object
CUSTOM_NAMES: dict[Any, str] = {}
_scoped: contextvars.ContextVar[tuple[dict[str, Any], ...]] = contextvars.ContextVar(
    "custom_objects", default=()
)


def register_own(module: str, objects: Iterable[Any]) -> None:
    """Note Cornu's own classes or functions under the module name that Keras writes for them."""
    for item in objects:
        OWN[item.__name__] = item
        BY_MODULE[module, item.__name__] = item
        MODULES[item] = module


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[T], T]:
    """Decorator: make a class or function known to loading under `package>name`."""

    def register(item: T) -> T:
        registered = f"{package}>{name or getattr(item, '__name__', '')}"
        CUSTOM[registered] = item
        CUSTOM_NAMES[item] = registered
        return item

    return register


def get_registered_name(obj: Any) -> str:
    """`package>name` of a registered object, else its `__name__`."""
    return CUSTOM_NAMES.get(obj) or getattr(obj, "__name__", str(obj))


def get_registered_object(
    name: str,
    custom_objects: dict[str, Any] | None = None,
    module_objects: dict[str, Any] | None = None,
) -> Any:
    """The object registered under `name`, or None."""
    for table in (*reversed(_scoped.get()), CUSTOM, custom_objects or {}, module_objects or {}):
        if name in table:
            return table[name]
    return None


def saved_class(cls: type) -> type:
    """The class that files name for `cls`: the user's own, where Cornu put a subclass over it."""
    return cls.__dict__.get("_stands_for", cls)


def find(class_name: str, registered_name: str | None = None, module: str | None = None) -> Any:
    """The class or function that a config means, user's first; None where unknown.

    `module` tells `keras.losses.MeanSquaredError` from `keras.metrics.MeanSquaredError`.
    """
    for name in (registered_name, class_name):
        if not isinstance(name, str):
            continue
        found = get_registered_object(name)
        if found is None:
            found = get_registered_object(f"Custom>{name}")
        if found is not None:
            return found
    if not isinstance(class_name, str):
        return None
    complete()
    module = module if isinstance(module, str) else ""
    # Without a module, the choice between two must not hang on which was imported first.
    homes = [home for home, name in BY_MODULE if name == class_name]
    home = module if module in homes else max(homes, default="")
    return BY_MODULE.get((home, class_name))


def complete() -> None:
    """See to it that all of Cornu's own classes are noted."""
    for prepare in COMPLETE:
        prepare()


class CustomObjectScope:
    """While open, names in `custom_objects` stand for the given classes and functions."""

    def __init__(self, custom_objects: dict[str, Any]) -> None:
        self.custom_objects = dict(custom_objects or {})
        self._token: contextvars.Token[Any] | None = None

    def __enter__(self) -> CustomObjectScope:
        self._token = _scoped.set((*_scoped.get(), self.custom_objects))
        return self

    def __exit__(self, *exc: object) -> None:
        if self._token is not None:
            _scoped.reset(self._token)


def get_custom_objects() -> dict[str, Any]:
    """The process-wide table of the user's objects; may be changed in place."""
    return CUSTOM
