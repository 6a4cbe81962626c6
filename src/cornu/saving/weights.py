"""The values of a model to and from a weights file: every array has a place, every weight a value.

What the file holds is compared with what the model needs before the first value is read, so a file
that does not fit changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

from cornu.errors import warn
from cornu.layers.base.layer import Layer
from cornu.optimizers.optimizer import Optimizer
from cornu.optimizers.state import OptimizerState
from cornu.saving import hdf5, legacy_optimizers, parts
from cornu.saving.damage import FileError, listed, shown
from cornu.saving.hdf5 import Group, StoredArray

# No weights: keys of random bits and metrics, which older writers kept, and the state of an
# optimizer, which a model that is not compiled has no place for.
_PASSED_OVER = re.compile(r"(^|/)seed_generator(_\d+)?/vars/|^metrics/|^optimizer/")
# Attributes that hold parts, in the `.keras` files of Keras 2.12 to 2.15.
_OLD_NAMES = {
    "_layer_checkpoint_dependencies": "layers",
    **{f"_{part}_dense": f"{part}_dense" for part in ("query", "key", "value", "output")},
}


Content = list[tuple[str, Any, dict[str, Any]]]  # (path, part, values by key)

# -- writing ---------------------------------------------------------------------------------------


def write(model: Any, file: BinaryIO) -> None:
    """Write all values of a model, its optimizer's included, into an empty file."""
    write_content(collect(model), file)


def write_content(content: Content, file: BinaryIO) -> None:
    """Write some or all parts of a model into an empty file."""
    hdf5.write(
        file,
        ((path, np.asarray(value), _dtype_name(value)) for path, value in arrays_of(content)),
        attributes_of(content),
    )


def collect(model: Any) -> Content:
    """(path, part, values by key) for every part; values are variables, read when written."""
    return [(path, part, _values(part)) for path, part in parts.walk(model)]


def arrays_of(content: Content) -> Iterator[tuple[str, Any]]:
    """(path, array) one after the other."""
    for path, _, values in content:
        for key, value in values.items():
            yield _join(path, "vars", key), getattr(value, "value", value)


def attributes_of(content: Content) -> dict[str, dict[str, Any]]:
    """The name of every part, by the path of its group."""
    return {_join(path, "vars"): {"name": part.name} for path, part, _ in content}


def _values(part: Any) -> dict[str, Any]:
    if type(part).save_own_variables is Layer.save_own_variables:
        return {str(i): v for i, v in enumerate(part.saved_variables())}
    if type(part).save_own_variables is OptimizerState.save_own_variables:
        return {str(i): v for i, v in enumerate(part.variables)}
    found: dict[str, Any] = {}
    part.save_own_variables(found)
    return found


def _dtype_name(value: Any) -> str:
    return np.dtype(getattr(value, "dtype", None) or np.asarray(value).dtype).name


def _join(*names: str) -> str:
    return "/".join(filter(None, names))


# -- reading ---------------------------------------------------------------------------------------


def load(model: Any, root: Group, *, skip_mismatch: bool = False, what: str = "the file") -> None:
    """Set a model's values from a description of a weights file.

    Args:
        model: built, so that its weights are known.
        root: the description.
        skip_mismatch: leave out, with a warning, what does not fit.
        what: the file's name in messages.

    Raises:
        FileError: if arrays are missing or left over, or a shape or dtype differs; no value has
            changed then.
    """
    root = _today(root, {name for path, _ in parts.walk(model) for name in path.split("/")})
    plan = _Plan(model, root)
    problems = plan.problems()
    if problems and not skip_mismatch:
        more = f" (and {len(problems) - 2} more)" if len(problems) > 2 else ""
        raise FileError(
            f"{what} does not fit model '{model.name}': {'; '.join(problems[:2])}{more}"
        )
    if problems:
        warn(f"{what}: not loaded: {listed(problems, 6)}")
    plan.apply()


def _today(group: Group, known: set[str]) -> Group:
    """The same description under today's names of attributes, but for those the model has."""
    names = {name: name if name in known else _OLD_NAMES.get(name, name) for name in group.groups}
    groups = {names[name]: _today(inner, known) for name, inner in group.groups.items()}
    if len(groups) != len(group.groups):  # both names: what is there is not renamed
        return group
    return Group(group.path, group.attributes, group.arrays, groups)


class _Plan:
    """Which array goes into which variable."""

    def __init__(self, model: Any, root: Group) -> None:
        self.assignments: list[tuple[Any, StoredArray]] = []
        self.custom: list[tuple[Any, Group]] = []
        self.older: list[Any] = []  # optimizers whose state is in the form of Keras 2
        self.wrong: list[str] = []
        self.claimed: set[str] = set()
        for path, part in parts.walk(model):
            group = root.find(_join(path, "vars"))
            if isinstance(part, Optimizer):
                self._optimizer(model, path, part, group)
            elif group is not None or _values(part):
                self._part(path, part, group or Group(path, {}, {}, {}))
        self.left_over = [
            array.path
            for array in root.all_arrays()
            if array.path not in self.claimed and not _PASSED_OVER.search(array.path)
        ]

    def problems(self) -> list[str]:
        """What does not fit, each in a phrase."""
        found = list(self.wrong)
        if self.left_over:
            count = len(self.left_over)
            found.append(
                f"{count} array{'s' * (count > 1)} of the file without a place in the model: "
                f"{listed(self.left_over, 3)}"
            )
        return found

    def apply(self) -> None:
        """Read the arrays and set the values."""
        for variable, array in self.assignments:
            variable.assign(values_of(array))
        for part, group in self.custom:
            part.load_own_variables(Store(group))
        for optimizer in self.older:
            legacy_optimizers.complete(optimizer)

    def _optimizer(self, model: Any, path: str, optimizer: Any, group: Group | None) -> None:
        """An optimizer's state is loaded where it fits; weights alone are often wanted."""
        if group is None:
            return
        self.claimed.update(array.path for array in group.arrays.values())
        if not group.arrays:
            return
        if not optimizer.built and optimizer is getattr(model, "optimizer", None):
            optimizer.build(model.trainable_variables)
        variables = optimizer.variables
        if len(variables) != len(group.arrays) or _mismatches(variables, group, path):
            if self._older_optimizer(optimizer, group):
                return
            warn(
                f"state of optimizer '{optimizer.name}' not loaded: the file holds "
                f"{len(group.arrays)} arrays for it, of another optimizer or other weights; "
                f"it has {len(variables)}"
            )
            return
        self._assign(variables, group)

    def _older_optimizer(self, optimizer: Any, group: Group) -> bool:
        """Whether the state is one of Keras 2.12 to 2.15; then it is noted."""
        keys = sorted(group.arrays, key=lambda key: (len(key), key))
        shapes = [group.arrays[key].shape for key in keys]
        found = legacy_optimizers.nameless(optimizer, shapes)
        if found is None:
            return False
        variables = optimizer.variables
        self.assignments += [(variables[i], group.arrays[keys[k]]) for i, k in found.items()]
        self.older.append(optimizer)
        return True

    def _part(self, path: str, part: Any, group: Group) -> None:
        place = f"layer '{part.name}' ({path or 'the model itself'})"
        self.claimed.update(array.path for array in group.arrays.values())
        if type(part).load_own_variables is not Layer.load_own_variables:
            self.custom.append((part, group))
            return
        variables = part.saved_variables()
        if group.arrays and not variables and not part.built:
            self.wrong.append(f"{place} is not built yet: call the model on data, or `build` it")
            return
        wrong = _mismatches(variables, group, place)
        self.wrong += wrong
        if not wrong:
            self._assign(variables, group)

    def _assign(self, variables: list[Any], group: Group) -> None:
        self.assignments += [(v, group.arrays[str(i)]) for i, v in enumerate(variables)]


def _mismatches(variables: list[Any], group: Group, place: str) -> list[str]:
    if not group.arrays and variables:
        return [f"{place} has no arrays in the file, expected {len(variables)}"]
    if set(group.arrays) != {str(i) for i in range(len(variables))}:
        return [
            f"{place} has {len(group.arrays)} arrays in the file, expected {len(variables)}: "
            f"{listed([v.name for v in variables], 6) or 'none'}"
        ]
    found = []
    for i, variable in enumerate(variables):
        array = group.arrays[str(i)]
        if array.shape != variable.shape:
            found.append(
                f"{place}: '{variable.name}' has shape {shown(array.shape)} in the file, expected "
                f"{variable.shape}"
            )
        elif _kind(array.dtype) != _kind(variable.dtype):
            found.append(
                f"{place}: '{variable.name}' is {array.dtype} in the file, expected "
                f"{variable.dtype}"
            )
    return found


def _kind(dtype: str) -> str:
    """Float, integer or bool: within one kind values may be stored in another width."""
    return "float" if "float" in dtype else "int" if "int" in dtype else dtype


def values_of(array: StoredArray) -> np.ndarray:
    """The values of a stored array, in its own dtype."""
    read = array.read()
    if array.dtype in hdf5.WIDTHS:
        return read.view(getattr(ml_dtypes, array.dtype)).reshape(array.shape)
    return read


class Store(MutableMapping[str, Any]):
    """What a layer's own `load_own_variables` is given: its arrays by key, read when asked."""

    def __init__(self, group: Group) -> None:
        self._group = group

    def __getitem__(self, key: str) -> np.ndarray:
        return values_of(self._group.arrays[key])

    def __setitem__(self, key: str, value: Any) -> None:
        raise TypeError("a weights file that is being loaded cannot be written to")

    def __delitem__(self, key: str) -> None:
        raise TypeError("a weights file that is being loaded cannot be written to")

    def __iter__(self) -> Iterator[str]:
        return iter(self._group.arrays)

    def __len__(self) -> int:
        return len(self._group.arrays)
