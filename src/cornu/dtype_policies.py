"""Dtype policies: in which dtype a layer computes, and in which it keeps its weights.

A name says all: "float32" (both), "mixed_bfloat16" (compute in bfloat16, weights in float32), or
"int8_from_mixed_bfloat16" (a quantized layer, and the policy it had before).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes
from cornu.core.operators import TABLE
from cornu.core.symbolic import KerasTensor
from cornu.core.variable import Variable
from cornu.errors import did_you_mean, short
from cornu.serialization import codec, registry
from cornu.serialization.configurable import Configurable
from cornu.settings import settings

_MIXED = {"mixed_float16": ("float16", "float32"), "mixed_bfloat16": ("bfloat16", "float32")}
QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")


class DTypePolicy(Configurable):
    """The dtypes of a layer's computations and of its weights.

    Args:
        name: "mixed_float16" or "mixed_bfloat16" (compute in 16 bits, weights in float32), or the
            name of a dtype, used for both. Default: the global policy's name.

    Raises:
        ValueError: if no policy goes by that name.
        TypeError: if `name` is no string.

    Example:
        >>> DTypePolicy("mixed_bfloat16").compute_dtype
        'bfloat16'
    """

    def __init__(self, name: str | None = None) -> None:
        name = dtype_policy().name if name is None else name
        if not isinstance(name, str):
            raise TypeError(
                "name of a DTypePolicy must be a string, such as 'mixed_float16'. "
                f"Received: name={short(name)} (of type {type(name).__name__})"
            )
        self._name = name
        self._compute_dtype, self._variable_dtype = self._dtypes_of(name)
        self._quantization_mode: str | None = None

    @staticmethod
    def _dtypes_of(name: str) -> tuple[str, str]:
        if name in _MIXED:
            return _MIXED[name]
        if name not in dtypes.ALLOWED:
            hint = did_you_mean(name, (*_MIXED, *dtypes.ALLOWED)) or "."
            raise ValueError(
                f"unknown dtype policy '{name}'{hint} Give 'mixed_float16', 'mixed_bfloat16' or "
                "the name of a dtype such as 'float32'."
            )
        return name, name

    @property
    def name(self) -> str:
        """The name that says all, e.g. "mixed_float16"."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """The dtype that a layer casts its float inputs to."""
        return self._compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The dtype of a layer's weights."""
        return self._variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """How weights are quantized ("int8", ...); None where they are not."""
        return self._quantization_mode

    def convert_input(self, x: Any, autocast: bool, dtype: Any) -> Any:
        """`x` as an array, cast to `dtype` if it holds floats and `autocast` is on.

        Args:
            x: an array, a symbolic tensor, or a nested list of numbers; anything else comes back.
            autocast: whether to cast.
            dtype: the dtype for floats.
        """
        dtype = dtypes.standardize(dtype)
        x = x.value if isinstance(x, Variable) else x
        if isinstance(x, KerasTensor):
            wanted = autocast and dtypes.is_float(x.dtype) and x.dtype != dtype
            return TABLE["cast"](x, dtype) if wanted else x
        if isinstance(x, np.generic | list | tuple | int | float) or hasattr(x, "__array__"):
            x = _as_array(x)
        if not isinstance(x, jax.Array):
            return x
        cast = autocast and jnp.issubdtype(x.dtype, jnp.floating) and x.dtype != dtypes.held(dtype)
        return x.astype(dtypes.held(dtype)) if cast else x

    def __eq__(self, other: object) -> bool:
        same_kind = type(self) is type(other) or {type(self), type(other)} <= _INTERCHANGEABLE
        return same_kind and self.name == other.name  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        kind = "DTypePolicy" if type(self) in _INTERCHANGEABLE else type(self).__name__
        return f'<{kind} "{self.name}">'


def _as_array(x: Any) -> Any:
    array = np.asarray(x) if not isinstance(x, jax.Array) else x
    if array.dtype.kind in "OUS":
        return x
    # Python floats are floatx; NumPy's own dtypes stay what they are.
    python = isinstance(x, list | tuple | float) and array.dtype == np.float64
    return jnp.asarray(array, dtypes.held(None if python else array.dtype))


class FloatDTypePolicy(DTypePolicy):
    """A `DTypePolicy`, under the name of earlier versions.

    Args:
        name: as for `DTypePolicy`.
    """


_INTERCHANGEABLE = {DTypePolicy, FloatDTypePolicy}


class QuantizedDTypePolicy(DTypePolicy):
    """The policy of a quantized layer, with the one it had before.

    Args:
        mode: "int8", "int4", "float8", "gptq" or "awq".
        source_name: name of the policy before; default: the global policy's.

    Raises:
        ValueError: for an unknown mode, or int8 where computations are in float16 (its
            scales overflow there).
    """

    numbers: ClassVar[tuple[str, ...]] = ()  # what follows the mode, as in "gptq/<weight_bits>"

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        head = self._parse_mode(mode)
        source_name = DTypePolicy(source_name).name
        self.mode = mode
        self.source_name = source_name
        self._name = f"{mode}_from_{source_name}"
        self._compute_dtype, self._variable_dtype = self._dtypes_of(source_name)
        self._quantization_mode = head
        if head in _NOT_IN_FLOAT16 and source_name in _REFUSED_SOURCES:
            raise ValueError(
                f"quantization mode '{mode}' does not work with compute dtype 'float16': scales "
                "overflow there. Use 'bfloat16', 'mixed_bfloat16' or 'float32'."
            )

    def _parse_mode(self, mode: Any) -> str:
        if mode not in QUANTIZATION_MODES or self.numbers:
            raise ValueError(
                f"mode must be one of {QUANTIZATION_MODES}. Received: mode={short(mode)}"
                f"{did_you_mean(str(mode), QUANTIZATION_MODES)}"
            )
        return mode


_NOT_IN_FLOAT16 = ("int8",)
_REFUSED_SOURCES = ("float16", "mixed_float16")


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """The policy of a layer that multiplies in float8, with scales from past maxima.

    Args:
        mode: "float8".
        source_name: name of the policy before; default: the global policy's.
        amax_history_length: how many past steps' largest absolute values set the scale.

    Raises:
        TypeError: if `amax_history_length` is no integer.
    """

    default_amax_history_length = 1024

    def __init__(
        self, mode: str, source_name: str | None = None, amax_history_length: int = 1024
    ) -> None:
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int) or isinstance(amax_history_length, bool):
            raise TypeError(
                "amax_history_length must be an integer. "
                f"Received: amax_history_length={short(amax_history_length)}"
            )
        self.amax_history_length = amax_history_length


class _NumberedPolicy(QuantizedDTypePolicy):
    """A mode followed by integers, e.g. "gptq/4/128"."""

    head: ClassVar[str]
    allowed_bits: ClassVar[tuple[int, ...]] = ()

    def _parse_mode(self, mode: Any) -> str:
        parts = str(mode).split("/")
        form = "/".join((self.head, *(f"<{name}>" for name in self.numbers)))
        if parts[0] != self.head or len(parts) != len(self.numbers) + 1:
            raise ValueError(
                f"mode of {type(self).__name__} must have the form '{form}'. Got '{mode}'"
            )
        for name, text in zip(self.numbers, parts[1:], strict=True):
            if re.fullmatch(r"-?\d+", text) is None:
                raise ValueError(
                    f"<{name}> in '{form}' must be an integer. Received: mode='{mode}'"
                )
            setattr(self, name, self._check(name, int(text), mode))
        return self.head

    def _check(self, name: str, number: int, mode: str) -> int:
        if name == "weight_bits" and number not in self.allowed_bits:
            raise ValueError(
                f"weight_bits must be one of {self.allowed_bits}; got {number} from '{mode}'."
            )
        if name != "weight_bits" and number != -1 and number < 1:
            raise ValueError(
                f"{name} must be a positive integer, or -1 for one scale per channel; "
                f"got {number} from '{mode}'."
            )
        return number


class Int4DTypePolicy(_NumberedPolicy):
    """4-bit integers with one scale for each block of rows: mode "int4/<block_size>".

    Args:
        mode: e.g. "int4/128"; a block size of -1 means one scale per channel.
        source_name: name of the policy before; default: the global policy's.
    """

    head = "int4"
    numbers = ("block_size",)
    block_size: int


class GPTQDTypePolicy(_NumberedPolicy):
    """GPTQ (Frantar et al., 2022): mode "gptq/<weight_bits>/<group_size>".

    Args:
        mode: e.g. "gptq/4/128"; bits are 2, 3, 4 or 8, a group size of -1 is the whole tensor.
        source_name: name of the policy before; default: the global policy's.
    """

    head = "gptq"
    numbers = ("weight_bits", "group_size")
    allowed_bits = (2, 3, 4, 8)
    weight_bits: int
    group_size: int


class AWQDTypePolicy(_NumberedPolicy):
    """AWQ (Lin et al., 2023): mode "awq/4/<group_size>".

    Args:
        mode: e.g. "awq/4/128"; a group size of -1 means one scale per channel.
        source_name: name of the policy before; default: the global policy's.
    """

    head = "awq"
    numbers = ("weight_bits", "group_size")
    allowed_bits = (4,)
    weight_bits: int
    group_size: int


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """A policy for each layer of a model that contains layers, by the layer's path.

    A key is a path or a regular expression that must match the whole path. What no key matches gets
    the default policy.

    Args:
        default_policy: the policy for all other paths; default: the global one, whatever it is
            when asked.
        policy_map: dict from path to policy (or its name).

    Raises:
        TypeError: if `policy_map` is no dict.
    """

    def __init__(
        self,
        default_policy: Any = None,
        policy_map: dict[str, Any] | None = None,
    ) -> None:
        if policy_map is not None and not isinstance(policy_map, dict):
            raise TypeError(
                "policy_map must be a dict from layer path to DTypePolicy. "
                f"Received: policy_map={short(policy_map)}"
            )
        self._default = None if default_policy is None else get(default_policy)
        self.policy_map: dict[str, DTypePolicy] = {}
        self.update(policy_map or {})

    @property
    def default_policy(self) -> DTypePolicy:
        """The policy of paths that no key matches."""
        return self._default or dtype_policy()

    @property
    def name(self) -> str:
        """The default policy's name after "map_"."""
        return f"map_{self.default_policy.name}"

    @property
    def compute_dtype(self) -> str:
        """The default policy's compute dtype."""
        return self.default_policy.compute_dtype

    @property
    def variable_dtype(self) -> str:
        """The default policy's variable dtype."""
        return self.default_policy.variable_dtype

    @property
    def quantization_mode(self) -> str | None:
        """The default policy's quantization mode."""
        return self.default_policy.quantization_mode

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self.policy_map:
            return self.policy_map[key]
        matching = [pattern for pattern in self.policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(
                f"path '{key}' matches several keys of the DTypePolicyMap: {matching}. "
                "Make the patterns exclude each other, or add the path itself as a key."
            )
        return self.policy_map[matching[0]] if matching else self.default_policy

    def get(self, key: str, default: Any = None) -> Any:  # noqa: D102 - as `map[key]`
        del default
        return self[key]

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self.policy_map:
            raise ValueError(
                f"'{key}' is already in the DTypePolicyMap, as {self.policy_map[key]}. "
                "Delete it first if it shall change."
            )
        self.policy_map[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self.policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self.policy_map

    def __iter__(self) -> Iterator[str]:
        return iter(self.policy_map)

    def __len__(self) -> int:
        return len(self.policy_map)

    def get_config(self) -> dict[str, Any]:
        """The default policy (None: the global one) and the policies by key."""
        return {
            "default_policy": codec.encode(self._default),
            "policy_map": codec.encode(self.policy_map),
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> DTypePolicyMap:
        """The map of a config."""
        with registry.CustomObjectScope(custom_objects or {}):
            return cls(**codec.decode(config))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicyMap) and self.get_config() == other.get_config()

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        pairs = {key: policy.name for key, policy in self.policy_map.items()}
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, policy_map={pairs}>"


registry.register_own("keras", (DTypePolicy, FloatDTypePolicy))
registry.register_own(
    "keras.dtype_policies",
    (
        QuantizedDTypePolicy,
        QuantizedFloat8DTypePolicy,
        Int4DTypePolicy,
        GPTQDTypePolicy,
        AWQDTypePolicy,
        DTypePolicyMap,
    ),
)

_NUMBERED: dict[str, type[DTypePolicy]] = {
    "int4": Int4DTypePolicy,
    "gptq": GPTQDTypePolicy,
    "awq": AWQDTypePolicy,
}
_PLAIN: dict[str, type[DTypePolicy]] = {"float8": QuantizedFloat8DTypePolicy}


def get(identifier: Any) -> DTypePolicy:
    """The policy meant by a name, a dtype, a policy, a config, or None (the global one).

    Raises:
        ValueError: if it is nothing of the above, or the name is not known.
    """
    for kind, meant_by in _KINDS:
        if isinstance(identifier, kind):
            return meant_by(identifier)
    try:
        return DTypePolicy(dtypes.standardize(identifier))
    except (ValueError, TypeError):
        raise ValueError(
            "a dtype must be a name such as 'mixed_float16', a dtype or a DTypePolicy. "
            f"Received: dtype={short(identifier)} (of type {type(identifier).__name__})"
        ) from None


def _from_name(name: str) -> DTypePolicy:
    mode, separator, source = name.partition("_from_")
    head = mode.partition("/")[0]
    if separator and head in QUANTIZATION_MODES:
        kinds = _NUMBERED if "/" in mode or head in ("gptq", "awq") else _PLAIN
        return kinds.get(head, QuantizedDTypePolicy)(mode, source)  # type: ignore[call-arg]
    if head in QUANTIZATION_MODES:
        raise ValueError(
            f"'{name}' names a quantization but not the policy it starts from: write "
            f"'{name}_from_float32', or `DTypePolicy('{name}')` for the plain dtype."
        )
    return DTypePolicy(name)


def serialize(dtype_policy: DTypePolicy) -> Any:
    """A JSON-ready form of a policy."""
    return codec.serialize(dtype_policy)


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """The policy behind such a form.

    Raises:
        ValueError: if its class is not known.
    """
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError("config of a dtype policy must be a dict with 'class_name' and 'config'")
    return codec.deserialize({"config": {}, **config}, custom_objects)


def dtype_policy() -> DTypePolicy:
    """The global policy: what layers use that are given none."""
    return settings.dtype_policy or DTypePolicy(settings.floatx)


def set_dtype_policy(policy: Any) -> None:
    """Set the global policy.

    Args:
        policy: a `DTypePolicy` or a name such as "mixed_bfloat16".

    Raises:
        ValueError: if it is neither.
    """
    if not isinstance(policy, DTypePolicy | str | dict):
        raise ValueError(
            "policy must be a DTypePolicy or a name such as 'mixed_float16'. "
            f"Received: policy={short(policy)} (of type {type(policy).__name__})"
        )
    settings.dtype_policy = get(policy)


# What each kind of identifier means to `get`, first match first.
_KINDS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (type(None), lambda _: dtype_policy()),
    (DTypePolicy, lambda policy: policy),
    (dict, deserialize),
    (str, _from_name),
)
