"""KerasFileEditor: looks into a weights file and changes what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

import numpy as np

from cornu.errors import did_you_mean
from cornu.saving import container, hdf5, plain_json, weights
from cornu.saving.atomic import replacing

Weights = dict[str, np.ndarray]


class KerasFileEditor:
    """Shows, compares and changes the weights in a file; nothing is written before `save`.

    Args:
        filepath: a `.keras`, `.weights.h5` or `.h5` file.

    Attributes:
        weights_dict: nested dicts of arrays, as the file has them.
        config: the model's config in a `.keras` file, else None.
        metadata: who wrote the file, if it says so.

    Raises:
        FileError: a ValueError, if the file is damaged or not safe to read.
    """

    def __init__(self, filepath: str | os.PathLike[str]) -> None:
        self.filepath = os.fspath(filepath)
        self.config: Any = None
        self.metadata: Any = None
        self.names: dict[str, str] = {}
        self.weights_dict: dict[str, Any] = {}
        with open(self.filepath, "rb") as file:
            if file.read(2) != b"PK":
                self._read(cast(Any, file))
                return
            box = container.Container(cast(Any, file))
            self.config = plain_json.parse(box.read(container.CONFIG), container.CONFIG)
            self.metadata = plain_json.parse(box.read(container.METADATA), container.METADATA)
            with box.open(container.WEIGHTS) as stored:
                self._read(stored)

    def _read(self, file: Any) -> None:
        with hdf5.Reader(file, os.path.basename(self.filepath)) as reader:
            for group in reader.root.walk():
                path = group.path.removesuffix("vars").strip("/")
                if isinstance(name := group.attributes.get("name"), str):
                    self.names[path] = name
                for name, array in group.arrays.items():
                    self._place(path, make=True)[name] = weights.values_of(array)

    # -- looking -----------------------------------------------------------------------------------

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Print the objects in the file with the shapes of their weights.

        Args:
            print_fn: called with each line.
        """
        print_fn(f"Weights in {self.filepath}")
        for depth, name, value in _lines(self.weights_dict, 1):
            indent = "  " * depth
            if isinstance(value, dict):
                print_fn(f"{indent}{name}")
            else:
                print_fn(f"{indent}{name}: shape={value.shape}, dtype={value.dtype}")

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """How the file differs from a model; prints each difference.

        Args:
            reference_model: the model, built.

        Returns:
            `status` ("success" or "error"), `error_count`, `match_count`.
        """
        wanted = {
            _path(path): {key: tuple(np.shape(getattr(v, "value", v))) for key, v in values.items()}
            for path, _, values in weights.collect(reference_model)
        }
        found = {_path(path): arrays for path, arrays in self._objects()}
        errors = matches = 0
        for path in sorted({*wanted, *found}):
            expected, given = wanted.get(path, {}), found.get(path, {})
            for key in sorted({*expected, *given}):
                shape = given[key].shape if key in given else None
                if shape == expected.get(key):
                    matches += 1
                    continue
                errors += 1
                print(f"{path}/{key}: {shape} in the file, {expected.get(key)} in the model")
        status = "success" if not errors else "error"
        return {"status": status, "error_count": errors, "match_count": matches}

    def _objects(self) -> Iterator[tuple[str, Weights]]:
        """(path, arrays) of everything that has arrays."""

        def visit(content: Mapping[str, Any], path: str) -> Iterator[tuple[str, Weights]]:
            arrays = {k: v for k, v in content.items() if not isinstance(v, dict)}
            if arrays:
                yield path, arrays
            for name, value in content.items():
                if isinstance(value, dict):
                    yield from visit(value, f"{path}/{name}" if path else name)

        yield from visit(self.weights_dict, "")

    # -- changing ----------------------------------------------------------------------------------

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object another name at its place.

        Args:
            object_name: its path, or its name where only one object has it.
            new_name: the new name; may be a path with the same parent.

        Raises:
            ValueError: if there is no such object, or the new name is taken.
        """
        path = self._find(object_name)
        parent, _, old = path.rpartition("/")
        new = new_name.rpartition("/")[2]
        holder = self._place(parent)
        if new in holder:
            raise ValueError(f"'{new}' is there already")
        holder[new] = holder.pop(old)

    def delete_object(self, object_name: str) -> None:
        """Take an object and everything in it out.

        Args:
            object_name: its path, or its name where only one object has it.

        Raises:
            ValueError: if there is no such object.
        """
        parent, _, name = self._find(object_name).rpartition("/")
        del self._place(parent)[name]

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Put a new object in.

        Args:
            object_path: its full path, e.g. "layers/dense_2".
            weights: arrays by key, e.g. `{"0": kernel, "1": bias}`.

        Raises:
            ValueError: if the path is taken.
        """
        path = _path(object_path)
        if path in set(self._paths()):
            raise ValueError(f"'{path}' is there already: use `add_weights`")
        self._place(path, make=True).update(_arrays(weights))

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take one weight out of an object.

        Args:
            object_name: the object's path, or its name where only one object has it.
            weight_name: key of the weight, e.g. "0".

        Raises:
            ValueError: if there is no such object or weight.
        """
        holder = self._place(self._find(object_name))
        if isinstance(holder.get(weight_name), dict) or weight_name not in holder:
            raise ValueError(f"'{object_name}' has no weight '{weight_name}'")
        del holder[weight_name]

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Put weights into an object that is there, over those of equal keys.

        Args:
            object_name: the object's path, or its name where only one object has it.
            weights: arrays by key.

        Raises:
            ValueError: if there is no such object.
        """
        self._place(self._find(object_name)).update(_arrays(weights))

    def save(self, filepath: str | os.PathLike[str]) -> None:
        """Write the weights as they are now.

        Args:
            filepath: ending in `.weights.h5`.

        Raises:
            ValueError: for another ending.
        """
        path = os.fspath(filepath)
        if not path.endswith(".weights.h5"):
            raise ValueError(f"the path must end in '.weights.h5'. Received: filepath={path!r}")
        objects = list(self._objects())
        names = {p: n for p, n in self.names.items() if p in set(self._paths()) or not p}
        attributes = {f"{p}/vars" if p else "vars": {"name": n} for p, n in names.items()}
        arrays = (
            (f"{path}/vars/{key}" if path else f"vars/{key}", array, array.dtype.name)
            for path, content in objects
            for key, array in content.items()
        )
        with replacing(path) as file:
            hdf5.write(file, arrays, attributes)

    def resave_weights(self, filepath: str | os.PathLike[str]) -> None:
        """The same as `save`."""
        self.save(filepath)

    # -- finding -----------------------------------------------------------------------------------

    def _place(self, path: str, make: bool = False) -> dict[str, Any]:
        place = self.weights_dict
        for part in filter(None, path.split("/")):
            place = place.setdefault(part, {}) if make else place[part]
        return place

    def _paths(self) -> Iterator[str]:
        def visit(content: Mapping[str, Any], path: str) -> Iterator[str]:
            for name, value in content.items():
                if isinstance(value, dict):
                    inner = f"{path}/{name}" if path else name
                    yield inner
                    yield from visit(value, inner)

        yield from visit(self.weights_dict, "")

    def _find(self, object_name: str) -> str:
        wanted, paths = _path(object_name), list(self._paths())
        if wanted in paths:
            return wanted
        found = [path for path in paths if path.rpartition("/")[2] == wanted]
        if len(found) != 1:
            reason = f"stands at {', '.join(found)}: give the path" if found else "is not there"
            hint = "" if found else did_you_mean(wanted, paths)
            raise ValueError(f"object '{object_name}' {reason}{hint}")
        return found[0]


def _path(path: str) -> str:
    return path.strip("/").removesuffix("/vars")


def _arrays(weights: Mapping[str, Any]) -> Weights:
    return {str(key): np.asarray(value) for key, value in weights.items()}


def _lines(content: Mapping[str, Any], depth: int) -> Iterator[tuple[int, str, Any]]:
    for name, value in content.items():
        yield depth, name, value
        if isinstance(value, dict):
            yield from _lines(value, depth + 1)
