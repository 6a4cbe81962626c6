"""Configurable: objects that know the arguments they were made with.

`get_config` writes itself from the constructor's signature: each parameter's value is the attribute
of the same name where there is one (so it is normalised), else the argument as given. A class that
differs from this in Keras's file format says so with `config_omit` or `config_extra`.
"""

from __future__ import annotations

import inspect
from typing import Any, ClassVar, Self

from cornu.serialization import codec


class Configurable:
    """Base of everything that can be rebuilt from a config."""

    config_omit: ClassVar[tuple[str, ...]] = ()
    config_extra: ClassVar[dict[str, Any]] = {}
    _given: tuple[tuple[Any, ...], dict[str, Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Keep the arguments as they were given."""
        instance = object.__new__(cls)
        object.__setattr__(instance, "_given", (args, kwargs))
        return instance

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        given = given_arguments(self)
        config: dict[str, Any] = {}
        for name in config_names(type(self)):
            if name in self.config_omit or (name not in given and not hasattr(self, name)):
                continue
            config[name] = codec.encode(_attribute(self, name, given.get(name)))
        config.update(self.config_extra)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An object made with the arguments of a config."""
        return cls(**{key: _decode(key, value) for key, value in config.items()})


def _decode(key: str, value: Any) -> Any:
    try:
        return codec.decode(value)
    except Exception as error:
        codec.note_place(error, f"'{key}'")
        raise


def _attribute(instance: Any, name: str, default: Any) -> Any:
    value = getattr(instance, name, default)
    return default if inspect.ismethod(value) else value


def config_names(cls: type) -> list[str]:
    """Constructor parameters along the MRO while `**kwargs` passes on; base class first."""
    found: list[list[str]] = []
    for owner in cls.__mro__:
        init = owner.__dict__.get("__init__")
        if init is None or owner is object:
            continue
        parameters = list(inspect.signature(init).parameters.values())[1:]
        found.append([
            p.name for p in parameters
            if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.name != "self"
        ])  # fmt: skip
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    ordered: dict[str, None] = {}
    for names in reversed(found):
        ordered.update(dict.fromkeys(names))
    return list(ordered)


def given_arguments(instance: Configurable) -> dict[str, Any]:
    """The constructor's arguments by name, defaults filled in."""
    args, kwargs = instance._given
    try:
        bound = inspect.signature(type(instance).__init__).bind(instance, *args, **kwargs)
    except TypeError:
        return dict(kwargs)
    bound.apply_defaults()
    arguments = dict(list(bound.arguments.items())[1:])
    for parameter in bound.signature.parameters.values():
        if parameter.kind is parameter.VAR_KEYWORD:
            arguments.update(arguments.pop(parameter.name, {}))
        elif parameter.kind is parameter.VAR_POSITIONAL:
            arguments.pop(parameter.name, None)
    return arguments
