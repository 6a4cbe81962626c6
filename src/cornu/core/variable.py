"""Variable: a named array that a model owns.

A variable is *born* when its value is first needed. Until then it is a recipe (an initializer with
shape and dtype), so that building a model computes nothing and shapes can be inferred without
weights. Inside a `Scope` reads and assignments go to the scope; see `scope.py`.
"""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
import numpy as np

from cornu.core import dtypes, naming
from cornu.core.operators import Operators
from cornu.core.scope import current

_autocast: contextvars.ContextVar[str | None] = contextvars.ContextVar("autocast", default=None)
_birth = threading.RLock()  # one lock for all births: they are rare, and two readers must agree

# Counts every change of what a model is made of (a variable made, a layer attached, `trainable`
# toggled). A plan compiled for a model is valid while this number stands.
_structure = itertools.count(1)
structure_version = 0


def structure_changed() -> None:
    """Note that some model's make-up changed, so that cached plans look again."""
    global structure_version
    structure_version = next(_structure)


# Counts changes of numbers that layers hold outside of variables, which compiled programs contain.
constants_version = 0


def constants_changed() -> None:
    """Note that such numbers changed, so that no program compiled before is used again."""
    global constants_version
    constants_version += 1
    structure_changed()


@contextlib.contextmanager
def autocast(dtype: str | None) -> Iterator[None]:
    """Inside, float variables with `autocast=True` read as `dtype`."""
    token = _autocast.set(dtype)
    try:
        yield
    finally:
        _autocast.reset(token)


class Variable(Operators):
    """An array with a name that can be assigned to.

    Args:
        initializer: a value (array, number, nested list), or a callable `(shape, dtype=...)`.
        shape: tuple of ints; needed when `initializer` is a callable.
        dtype: name of the dtype; default: the value's own (Python floats: `floatx()`).
        trainable: whether gradients update it.
        autocast: whether a layer's compute dtype applies when it reads the value.
        aggregation: how replicas combine it: "none", "mean", "sum" or "only_first_replica".
        synchronization: when replicas combine it ("auto", "on_read", ...); kept for configs.
        name: last part of its path; must not contain "/".
        layout: sharding of the value; default: as placed by the active distribution.

    Raises:
        ValueError: for a name with "/", or a callable initializer without a shape.
    """

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        del kwargs
        name = name or naming.auto_name(type(self).__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"name of a Variable must be a string without '/'. Received: {name!r}")
        if aggregation not in (None, "none", "mean", "sum", "only_first_replica"):
            raise ValueError(
                "aggregation must be None, 'none', 'mean', 'sum' or 'only_first_replica'. "
                f"Received: {aggregation!r}"
            )
        self._name = name
        parent = naming.current_path()
        self._path = f"{parent}/{name}" if parent else name
        self._trainable = bool(trainable)
        self.autocast = bool(autocast)
        self.aggregation = aggregation or "none"
        self.synchronization = synchronization
        self.layout = layout
        self.regularizer: Any = None
        self.constraint: Any = None
        self.overwrite_with_gradient = False
        self.serial = next(_structure)  # in the order in which variables were made
        self._value: jax.Array | None = None
        self._recipe: Callable[[], Any] | None = None
        if callable(initializer) and not hasattr(initializer, "shape"):
            self._plan(initializer, shape, dtype)
        else:
            self._take(initializer, shape, dtype)
        structure_changed()

    def _plan(self, initializer: Callable[..., Any], shape: Any, dtype: Any) -> None:
        if shape is None:
            raise ValueError(f"Variable '{self._name}': a callable initializer needs `shape`")
        self._shape = standardize_shape(shape, self._name)
        self._dtype = dtypes.standardize(dtype)
        self._recipe = lambda: initializer(self._shape, dtype=self._dtype)

    def _take(self, value: Any, shape: Any, dtype: Any) -> None:
        value = value.value if isinstance(value, Variable) else value
        if dtype is None:
            dtype = None if isinstance(value, float) else getattr(np.asarray(value), "dtype", None)
            if isinstance(value, float | list | tuple) and str(dtype) == "float64":
                dtype = None
        self._dtype = dtypes.standardize(dtype)
        array = _on_device(value, self._dtype)
        if shape is not None and tuple(shape) != array.shape:
            raise ValueError(
                f"Variable '{self._name}': value has shape {array.shape}, but shape={tuple(shape)}"
            )
        self._dtype = array.dtype.name
        self._shape = array.shape
        self._value = array

    # -- what it is ------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Last part of the path, e.g. `kernel`."""
        return self._name

    @property
    def path(self) -> str:
        """Place in the model, e.g. `sequential/dense/kernel`."""
        return self._path

    @property
    def shape(self) -> tuple[int, ...]:
        """Tuple of ints."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(np.prod(self._shape, dtype=np.int64))

    @property
    def dtype(self) -> str:
        """Name of the dtype it reads as: the compute dtype inside a layer that autocasts."""
        wanted = _autocast.get() if self.autocast else None
        return wanted if wanted and dtypes.is_float(self._dtype) else self._dtype

    @property
    def trainable(self) -> bool:
        """Whether gradients update it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        if self._trainable != bool(value):
            self._trainable = bool(value)
            structure_changed()

    # -- its value -------------------------------------------------------------------------------

    @property
    def value(self) -> jax.Array:
        """The current array: the scope's inside a scope, else the stored one."""
        scope = current()
        found = scope.read(self) if scope is not None else None
        if found is None:
            if self._value is None and scope is not None and scope.abstract:
                found = jnp.zeros(self._shape, dtypes.held(self._dtype))
            else:
                found = self.stored
        wanted = _autocast.get() if self.autocast else None
        if wanted and jnp.issubdtype(found.dtype, jnp.floating) and found.dtype != wanted:
            return found.astype(wanted)
        return found

    @property
    def stored(self) -> jax.Array:
        """The stored array, whatever scope is open; made now if the variable is unborn."""
        if self._value is None:
            with _birth:
                if self._value is None:
                    assert self._recipe is not None
                    self._value = self._check_shape(_born(self._recipe, self._dtype))
                    self._recipe = None
        return self._value

    def assign(self, value: Any) -> jax.Array:
        """Set the value; shape must match, dtype is cast.

        Raises:
            ValueError: if the shape differs.
        """
        array = self.check(value)
        scope = current()
        if scope is not None:
            noted = scope.keeps_stores or scope.holds(self)
            if noted or isinstance(array, jax.core.Tracer):
                scope.values[id(self)] = array
                return array
        elif isinstance(array, jax.core.Tracer):
            raise RuntimeError(
                f"Variable '{self.path}' was assigned inside a function that JAX traces. "
                "Use `stateless_call` (layers) or `stateless_update_state` (metrics) there."
            )
        self.store(array)
        return array

    def check(self, value: Any) -> jax.Array:
        """`value` as an array of the variable's dtype.

        Raises:
            ValueError: if its shape is another.
        """
        if isinstance(value, Variable):
            value = value.value
        return self._check_shape(_on_device(value, self._dtype))

    def store(self, array: jax.Array) -> None:
        """Put `array` (right shape and dtype) into the store, whatever scope is open."""
        self._value = array
        self._recipe = None

    def _check_shape(self, array: jax.Array) -> jax.Array:
        if array.shape != self._shape:
            raise ValueError(
                f"Variable '{self.path}' has shape {self._shape}; the value assigned to it has "
                f"shape {array.shape}."
            )
        return array

    def assign_add(self, value: Any) -> jax.Array:
        """Add `value` to the variable."""
        return self.assign(self.value + value)

    def assign_sub(self, value: Any) -> jax.Array:
        """Subtract `value` from the variable."""
        return self.assign(self.value - value)

    def numpy(self) -> np.ndarray:
        """The value as a NumPy array."""
        return np.asarray(self.value)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        found = np.asarray(self.value, dtype)
        return np.array(found) if copy else found

    def __jax_array__(self) -> jax.Array:
        return self.value

    def __float__(self) -> float:
        return float(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __len__(self) -> int:
        return self._shape[0]

    def __iter__(self) -> Iterator[jax.Array]:
        return iter(self.value)

    def __repr__(self) -> str:
        if self._value is None:
            return f"<Variable path={self.path}, shape={self.shape}, dtype={self._dtype}>"
        text = str(np.asarray(self._value)) if self.size <= 1000 else "..."
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self._dtype}, value={text}>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_value": np.asarray(self.stored), "_recipe": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._value = jnp.asarray(state["_value"])
        structure_changed()


def _born(recipe: Callable[[], Any], dtype: str) -> jax.Array:
    """The value a recipe gives, concrete even while a function is being traced."""
    value = recipe()
    array = _on_device(value, dtype)
    if not isinstance(array, jax.core.Tracer):
        return array
    with jax.ensure_compile_time_eval():
        return _on_device(recipe() if isinstance(value, jax.core.Tracer) else value, dtype)


def _on_device(value: Any, dtype: str) -> jax.Array:
    """`value` as a device array; a NumPy array is copied there without compiling anything."""
    if isinstance(value, jax.Array):
        held = dtypes.held(dtype)
        return value if value.dtype == held else value.astype(held)
    # Not `jnp.asarray`, which compiles a program for each shape; and never the caller's own memory.
    return jax.device_put(np.asarray(value, dtypes.held(dtype)), may_alias=False)


def standardize_shape(shape: Any, name: str = "") -> tuple[int, ...]:
    """`shape` as a tuple of non-negative ints.

    Raises:
        ValueError: for unknown or negative dimensions.
    """
    dims = (shape,) if isinstance(shape, int) else tuple(shape)
    for dim in dims:
        if dim is None or int(dim) < 0:
            raise ValueError(
                f"shape of weight '{name}' must be fully known and non-negative. "
                f"Received: {dims} (an Input with an unknown dimension there?)"
            )
    return tuple(int(dim) for dim in dims)
