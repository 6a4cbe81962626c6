"""What a model file holds, read without making a model: for `cornu inspect`."""

from __future__ import annotations

import dataclasses
import math
import os
import re
from collections.abc import Iterator
from typing import Any, cast

from cornu.saving import container, folder, hdf5, plain_json
from cornu.saving.damage import FileError, shown
from cornu.saving.hdf5 import Group

# Parts of configs that no ordinary model has.
_CODE = "__lambda__"
_ADDRESS = re.compile(r"(?i)^([a-z][a-z0-9+.-]*://|/|\.\./|~/|[a-z]:\\)")
_NO_PARTS = ("dtype", "compile_config", "inbound_nodes")
_MAX_PATH = 500  # characters
_PLACES = ("keras", "cornu", "builtins")


@dataclasses.dataclass
class Listing:
    """The content of one file, as plain data.

    Attributes:
        kind: what sort of file it is.
        about: versions, dates, sizes, whether there are checksums.
        layers: (path, class) of every layer in the config.
        arrays: (path, shape, dtype) of every array.
        suspicious: what a reader should look at before trusting the file.
    """

    kind: str
    about: dict[str, str] = dataclasses.field(default_factory=dict)
    layers: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    arrays: list[tuple[str, tuple[int, ...], str]] = dataclasses.field(default_factory=list)
    suspicious: list[str] = dataclasses.field(default_factory=list)

    def parameters(self) -> dict[str, int]:
        """Numbers of scalars by part: the optimizer's state apart from each layer's weights."""
        found: dict[str, int] = {}
        for path, shape, _ in self.arrays:
            part = path.rpartition("/vars/")[0] or path.rpartition("/")[0]
            found[part] = found.get(part, 0) + math.prod(shape)
        return found


def read(path: str | os.PathLike[str]) -> Listing:
    """List the content of a `.keras`, `.weights.h5`, `.h5`, `.json` file or a model's folder.

    Raises:
        FileError: if it is damaged, or something that loading never follows.
        OSError: if it cannot be opened.
    """
    if os.path.isdir(path):
        return _members("folder of a model", folder.Folder(os.fspath(path)))
    with open(path, "rb") as file:
        start = file.read(8)
        if start.startswith(b"PK"):
            found = _members(".keras archive", container.Container(cast(Any, file)))
        elif start.startswith(b"\x89HDF"):
            found = _hdf5(cast(Any, file))
        elif start.lstrip()[:1] == b"{":
            file.seek(0)
            config = plain_json.parse(file.read(plain_json.MAX_BYTES + 1), "the file")
            found = Listing("config as JSON")
            _config(found, config)
        else:
            raise FileError("the file is neither a .keras, an HDF5 nor a JSON file")
        found.about["size"] = f"{os.fstat(file.fileno()).st_size:,} bytes"
    return found


def _members(kind: str, box: container.Container | folder.Folder) -> Listing:
    found = Listing(kind)
    metadata = plain_json.parse(box.read(container.METADATA), container.METADATA)
    if isinstance(metadata, dict):
        found.about.update({shown(k): shown(v) for k, v in list(metadata.items())[:10]})
    _config(found, plain_json.parse(box.read(container.CONFIG), container.CONFIG))
    with box.open(container.WEIGHTS) as stored, hdf5.Reader(stored, container.WEIGHTS) as reader:
        _arrays(found, reader)
    if box.assets:
        found.about["files of layers"] = ", ".join(map(shown, list(box.assets)[:5]))
    return found


def _hdf5(file: Any) -> Listing:
    with hdf5.Reader(file, "the file") as reader:
        root = reader.root
        text = root.attributes.get("model_config")
        found = Listing("whole model in HDF5" if isinstance(text, str) else "weights in HDF5")
        for name in ("keras_version", "backend"):
            if name in root.attributes:
                found.about[name] = shown(root.attributes[name])
        if isinstance(text, str):
            _config(found, plain_json.parse(text.encode(), "model_config"))
        _arrays(found, reader)
    return found


def _arrays(found: Listing, reader: hdf5.Reader) -> None:
    root: Group = reader.root
    found.arrays = [(a.path, a.shape, a.dtype) for a in root.all_arrays()]
    right = f"right, for {len(found.arrays)} arrays"
    found.about["checksums"] = right if reader.trailer is not None else "none in the file"


def _config(found: Listing, config: Any) -> None:
    for path, record, is_part in _records(config, "", True):
        name = record["class_name"]
        inner = record.get("config")
        if not isinstance(name, str):
            found.suspicious.append(f"{path}: a class name that is no text")
        elif name == _CODE:
            found.suspicious.append(f"{path}: Python code, which `safe_mode` refuses")
        elif is_part and isinstance(inner, dict) and ("layers" in inner or "name" in inner):
            found.layers.append((path, shown(name)))
        module = record.get("module")
        if isinstance(module, str) and module.split(".")[0] not in _PLACES:
            found.suspicious.append(f"{path}: a class of '{shown(module)}', to be passed in")
    for path, value in _texts(config, ""):
        if _ADDRESS.match(value):
            found.suspicious.append(f"{path}: a path or address, '{shown(value)}'")


def _records(value: Any, path: str, is_part: bool) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """(path, record, whether it is a layer's place) of every record in a config."""
    if isinstance(value, list):
        for item in value:
            yield from _records(item, path, is_part)
    if not isinstance(value, dict):
        return
    config = value.get("config")
    if "class_name" in value and isinstance(config, dict):
        name = config.get("name", value.get("name"))
        if isinstance(name, str):
            path = _below(path, name)
        yield path or "model", value, is_part
    for key, item in value.items():
        yield from _records(item, path, is_part and key not in _NO_PARTS)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, _below(path, key))


def _below(path: str, name: str) -> str:
    """The path of what is called `name` at a path; deep ones end in dots, as no model has them."""
    if len(path) > _MAX_PATH:
        return path if path.endswith("...") else f"{path}/..."
    return f"{path}/{shown(name)}" if path else shown(name)
