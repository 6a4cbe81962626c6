"""Config: named values with dots, that can be frozen."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from cornu.errors import did_you_mean


class Config:
    """A dict whose entries are attributes too, and which can be frozen.

    Args:
        **kwargs: the first entries.

    Example:
        >>> config = Config(learning_rate=0.1)
        >>> config.momentum = 0.9
        >>> config["momentum"], config.to_json()
        (0.9, '{"learning_rate": 0.1, "momentum": 0.9}')
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_values", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    _values: dict[str, Any]
    _frozen: bool

    @property
    def frozen(self) -> bool:
        """Whether entries can neither be set nor taken away."""
        return self._frozen

    def freeze(self) -> None:
        """From now on, every change is an error."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """The entries as a new dict."""
        return dict(self._values)

    def to_json(self) -> str:
        """The entries as JSON.

        Raises:
            TypeError: if a value has no JSON form.
        """
        return json.dumps(self._values)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of name and value."""
        return self._values.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """The entry `keyname`, or `value` where there is none."""
        return self._values.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Take an entry away: `pop(name)` or `pop(name, default)`."""
        return self._changeable().pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several entries, from a dict or by keyword."""
        self._changeable().update(*args, **kwargs)

    def _changeable(self) -> dict[str, Any]:
        if self._frozen:
            raise ValueError("this Config is frozen; call `unfreeze()` to change it")
        return self._values

    def __getattr__(self, name: str) -> Any:
        values = self.__dict__.get("_values", {})
        if name in values:
            return values[name]
        raise AttributeError(f"Config has no entry '{name}'{did_you_mean(name, values)}")

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"`{name}` of a Config cannot be set")
        self._changeable()[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._values:
            raise AttributeError(f"Config has no entry '{name}'{did_you_mean(name, self._values)}")
        del self._changeable()[name]

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, item: Any) -> None:
        self._changeable()[key] = item

    def __delitem__(self, key: str) -> None:
        del self._changeable()[key]

    def __contains__(self, item: object) -> bool:
        return item in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._values))

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]  # entries change

    def __copy__(self) -> Config:
        return Config(**self._values)

    def __reduce__(self) -> Any:
        return _restored, (self.as_dict(), self._frozen)

    def __repr__(self) -> str:
        return f"<Config {self._values}>"


def _restored(values: dict[str, Any], frozen: bool) -> Config:
    config = Config(**values)
    if frozen:
        config.freeze()
    return config
