"""Files that a loader must refuse: the published ways of making a model file run, read or grow.

`write_all(folder)` makes them; `loader.py` loads each under an audit hook.
"""

from __future__ import annotations

import base64
import io
import json
import marshal
import os
import pathlib
import stat
import warnings
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import h5py
import numpy as np

from saving import hostile_hdf5

Config = dict[str, Any]

# -- configs ---------------------------------------------------------------------------------------


def record(name: str, module: str = "keras.layers", /, **config: Any) -> Config:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def dense(**changes: Any) -> Config:
    return record("Dense", name="d", units=2, **changes)


def model(*layers: Config, name: str = "m") -> Config:
    start = record("InputLayer", batch_shape=[None, 3], dtype="float32", name="start")
    return record("Sequential", "keras", name=name, layers=[start, *layers])


def nested(layer: Config, depth: int) -> Config:
    for level in range(depth):
        layer = model(layer, name=f"level{level}")
    return model(layer)


def function(module: str, name: str) -> Config:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def code() -> Config:
    compiled = compile("__import__('os').mkdir('ran')", "<file>", "eval")
    text = base64.b64encode(marshal.dumps(compiled)).decode()
    return {
        "class_name": "__lambda__",
        "config": {"code": text, "defaults": None, "closure": None},
    }


REFERENCES = (
    ("os", "system"), ("subprocess", "Popen"), ("builtins", "eval"), ("builtins", "exec"),
    ("builtins", "open"), ("builtins", "getattr"), ("importlib", "import_module"),
    ("pickle", "loads"), ("marshal", "loads"), ("ctypes", "CDLL"), ("numpy", "load"),
    ("torch", "load"), ("shutil", "rmtree"), ("urllib.request", "urlopen"), ("code", "interact"),
    ("keras.utils", "get_file"), ("keras.src.utils.file_utils", "get_file"),
    ("keras.config", "enable_unsafe_deserialization"), ("keras.config", "set_floatx"),
    ("keras.models", "load_model"), ("keras.saving", "load_weights"),
    ("keras.src.saving.saving_lib", "load_model"), ("keras.utils", "set_random_seed"),
    ("keras.src.legacy.saving.legacy_h5_format", "load_model_from_hdf5"),
    ("keras.callbacks", "CSVLogger"), ("cornu.cli.run", "main"), ("cornu.config", "set_backend"),
    ("keras.callbacks", "ModelCheckpoint"), ("keras.callbacks", "RemoteMonitor"),
)  # fmt: skip


def references() -> Iterator[tuple[str, Config]]:
    """Names of things that are no parts of a model, wherever a name can stand."""
    for i, (module, name) in enumerate(REFERENCES):
        as_class = {**record(name, module, command="true"), "registered_name": name}
        yield f"class {module}.{name}", nested(as_class, i % 4)
        yield f"activation {module}.{name}", nested(dense(activation=function(module, name)), i % 3)
    for place in ("kernel_initializer", "bias_regularizer", "kernel_constraint", "dtype"):
        yield f"{place} os.system", nested(dense(**{place: record("system", "os", x="true")}), 1)
        yield f"{place} function", nested(dense(**{place: function("os", "system")}), 2)
        yield f"{place} code", nested(dense(**{place: code()}), 1)


def lambdas() -> Iterator[tuple[str, Config]]:
    for depth in range(4):
        yield f"lambda {depth} deep", nested(record("Lambda", name="l", function=code()), depth)
    shape = record("Lambda", name="l", function="relu", output_shape=code())
    yield "lambda output_shape", nested(shape, 1)
    yield "lambda mask", nested(record("Lambda", name="l", function="relu", mask=code()), 1)
    inner = record("Lambda", name="l", function=code())
    yield "lambda in TimeDistributed", nested(record("TimeDistributed", name="t", layer=inner), 1)
    yield "lambda in Bidirectional", nested(record("Bidirectional", name="b", layer=inner), 0)
    for flag in ("safe_mode", "trusted", "enable_unsafe_deserialization"):
        value = flag != "safe_mode"
        changed = {**record("Lambda", name="l", function=code()), flag: value}
        yield f"{flag} beside", nested(changed, 1)
        within = record("Lambda", name="l", function=code(), **{flag: value})
        yield f"{flag} within", nested(within, 2)
        yield f"{flag} on top", {**nested(inner, 1), flag: value}
    arguments = record("Lambda", name="l", function=function("os", "system"), arguments={"x": 1})
    yield "lambda os.system", nested(arguments, 1)


def files_in_configs() -> Iterator[tuple[str, Config]]:
    """Layers that would open a path or an address, or unpickle."""
    for path in ("/etc/passwd", "http://example.com/x", "file:///etc/passwd", "../secret"):
        for name in ("StringLookup", "TextVectorization", "IntegerLookup"):
            yield f"{name} {path}", nested(record(name, name="v", vocabulary=path), 1)
        yield f"TFSMLayer {path}", nested(record("TFSMLayer", name="t", filepath=path), 1)
    torch = {"class_name": "__tensor__", "config": {"value": "gASV", "dtype": "bytes"}}
    wrapped = record("TorchModuleWrapper", name="t", module=torch)
    yield "torch module", nested(wrapped, 1)
    for name in ("JaxLayer", "FlaxLayer"):
        yield f"{name}", nested(record(name, name="j", call_fn=code(), init_fn=code()), 1)


def impossible() -> Iterator[tuple[str, Config]]:
    for units in (10**12, -1, 2.5, "many", None, [3], {"a": 1}, 2**70):
        yield f"units {units}", nested(record("Dense", name="d", units=units), 0)
    for shape in ([None, 10**15], [None, -4], "abc", [[1]], 7):
        start = record("InputLayer", batch_shape=shape, dtype="float32", name="s")
        yield f"shape {shape}", record("Sequential", "keras", name="m", layers=[start, dense()])
    for config in ([], "x", 3, {}, {"class_name": "Dense"}, {"class_name": 3, "config": {}}):
        yield f"config {config}", config  # type: ignore[misc]
    yield "model of a loss", record("MeanSquaredError", "keras.losses")
    yield "model of a layer", dense()
    yield "function as class", nested(record("relu", "keras.activations", x=1), 1)
    yield "array of objects", nested(
        dense(kernel_initializer={"class_name": "__numpy__",
                                  "config": {"value": ["a"], "dtype": "object"}}), 0
    )  # fmt: skip
    yield "twice the same name", model(dense(), dense())
    loop = record("Dense", name="d", units=2)
    loop.update(name="d", inbound_nodes=[{"args": [history("d", 0, 0)], "kwargs": {}}])
    yield "graph in a circle", graph(loop)
    for place in (("x", 0, 0), ("start", 5, 0), ("start", 0, 9), ("start", -1, 0), (1, 2, 3)):
        lost = {**dense(), "name": "d"}
        lost["inbound_nodes"] = [{"args": [history(*place)], "kwargs": {}}]
        yield f"graph with {place}", graph(lost)
    op = {**record("System", "keras.src.ops.numpy"), "name": "o", "inbound_nodes": []}
    yield "unknown op", graph(op)


def history(*place: Any) -> Config:
    config = {"shape": [None, 3], "dtype": "float32", "keras_history": list(place)}
    return {"class_name": "__keras_tensor__", "config": config}


def graph(layer: Config) -> Config:
    start = record("InputLayer", batch_shape=[None, 3], dtype="float32", name="start")
    start.update(name="start", inbound_nodes=[])
    config = {
        "name": "g",
        "layers": [start, layer],
        "input_layers": ["start", 0, 0],
        "output_layers": [layer.get("name", "d"), 0, 0],
    }
    return record("Functional", "keras.src.models.functional", **config)


def configs() -> Iterator[tuple[str, Config]]:
    yield from references()
    yield from lambdas()
    yield from files_in_configs()
    yield from impossible()


# -- containers ------------------------------------------------------------------------------------


def weights(fill: Callable[[h5py.File], None] | None = None) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        if fill is not None:
            fill(file)
        else:
            group = file.create_group("layers/dense/vars")
            group["0"], group["1"] = np.ones((3, 2), "float32"), np.ones(2, "float32")
    return content.getvalue()


def archive(config: Any, values: bytes, change: Callable[[zipfile.ZipFile], None] | None = None,
            compression: int = zipfile.ZIP_STORED) -> bytes:  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        file.writestr("metadata.json", "{}")
        text = config if isinstance(config, str | bytes) else json.dumps(config)
        file.writestr("config.json", text)
        file.writestr("model.weights.h5", values)
        if change is not None:
            change(file)
    return content.getvalue()


def legacy(config: Any) -> bytes:
    def strip(value: Any) -> Any:
        if isinstance(value, list):
            return [strip(item) for item in value]
        if not isinstance(value, dict):
            return value
        return {k: strip(v) for k, v in value.items() if k not in ("module", "registered_name")}

    def fill(file: h5py.File) -> None:
        file.attrs["model_config"] = json.dumps(strip(config))
        file.attrs["keras_version"] = "2.4.0"
        file.create_group("model_weights").attrs["layer_names"] = np.array([b"d"])

    return weights(fill)


def zips() -> Iterator[tuple[str, bytes]]:
    good = model(dense())
    for name in ("../evil", "/etc/cron.d/x", "config.json", "a.py", "assets/../../x", "C:\\x",
                 "assets/a b", "model.weights.h5", "__pycache__/x.pyc", "assetsx/a", "assets\\a",
                 "assets//a", "assets/./a", "assets/a\n", "assets/\u00e4", "ASSETS/a", "assets/a:b",
                 "assets/.././config.json", "assets/layers/d/words.txt",
                 "assets" + "/a" * 17, "assets/" + "a" * 256):  # fmt: skip

        def add(file: zipfile.ZipFile, name: str = name) -> None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a name twice, which is what is wanted
                file.writestr(name, b"x")

        yield f"member {name}", archive(good, weights(), add)

    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):

        def special(file: zipfile.ZipFile, kind: int = kind) -> None:
            info = zipfile.ZipInfo("assets/link")
            info.external_attr = (kind | 0o777) << 16
            file.writestr(info, "/etc/passwd")

        yield f"special member {kind}", archive(good, weights(), special)

    def many(file: zipfile.ZipFile) -> None:
        for i in range(10_000):
            file.writestr(f"assets/{i}", b"")

    def bomb(file: zipfile.ZipFile) -> None:
        file.writestr("assets/a", bytes(250 << 20), zipfile.ZIP_DEFLATED)

    yield "many assets", archive(good, weights(), many)
    yield "asset bomb", archive(good, weights(), bomb)
    yield "bzip2", archive(good, weights(), compression=zipfile.ZIP_BZIP2)
    zeros = bytes(300 << 20)
    yield "zip bomb", archive(good, zeros, compression=zipfile.ZIP_DEFLATED)
    yield "json zip bomb", archive(b"[" + b" " * (200 << 20) + b"]", weights(),
                                   compression=zipfile.ZIP_DEFLATED)  # fmt: skip
    yield "no weights", archive(good, b"")
    yield "text for weights", archive(good, b"hello" * 100)
    yield "pickle for weights", archive(good, b"\x80\x04\x95" + bytes(60))
    cut = archive(good, weights())
    yield "cut short", cut[: len(cut) // 2]


def folders(place: pathlib.Path) -> Iterator[str]:
    """Folders that a model of `zipped=False` must not be read from; gives their names."""

    def link(to: str, name: str = "assets/x") -> Callable[[pathlib.Path], None]:
        def linked(folder: pathlib.Path) -> None:
            (folder / name).unlink(missing_ok=True)
            (folder / name).symlink_to(to)

        return linked

    def put(name: str, content: str = "x") -> Callable[[pathlib.Path], Any]:
        return lambda folder: (folder / name).write_text(content)

    wrong = json.dumps({"sha256": {"config.json": "0" * 64}})
    lost = json.dumps({"sha256": {"assets/../../secret": "0" * 64}})
    changes: dict[str, Callable[[pathlib.Path], Any]] = {
        "link": link("/etc/passwd"),
        "link to a folder": link("/etc"),
        "config link": link("../good.json", "config.json"),
        "weights link": link("../good.weights.h5", "model.weights.h5"),
        "metadata link": link("/etc/passwd", "metadata.json"),
        "code": put("model.py"),
        "pickle": put("saved_model.pkl"),
        "asset without a layer": put("assets/words.txt"),
        "asset of another name": put("assets/a b"),
        "other config": put("metadata.json", wrong),
        "digest of elsewhere": put("metadata.json", lost),
        "metadata bomb": put("metadata.json", "[" * 100_000),
        "pipe": lambda folder: os.mkfifo(folder / "assets" / "p"),
        "pipe for the config": lambda folder: (
            (folder / "config.json").unlink(),
            os.mkfifo(folder / "config.json"),
        ),
    }
    (place / "good.json").write_text(json.dumps(model(dense())))
    (place / "good.weights.h5").write_bytes(weights())
    for name, change in changes.items():
        folder = place / f"folder {name}"
        (folder / "assets").mkdir(parents=True)
        put("config.json", json.dumps(model(dense())))(folder)
        put("metadata.json", "{}")(folder)
        (folder / "model.weights.h5").write_bytes(weights())
        change(folder)
        yield folder.name


def texts() -> Iterator[tuple[str, bytes]]:
    yield "deep json", b"[" * 100_000 + b"]" * 100_000
    yield "deep objects", b'{"a":' * 5000 + b"1" + b"}" * 5000
    yield "many lists", b"[" + b"[]," * 2_000_000 + b"[]]"
    yield "many numbers", b"[" + b"1," * 9_000_000 + b"1]"
    yield "long number", b'{"class_name": ' + b"9" * 1_000_000 + b', "config": {}}'
    yield "twice a key", b'{"class_name": "Sequential", "class_name": "Lambda", "config": {}}'
    yield "quotes without an end", b'{"a": "' + b'\\"' * 2_000_000
    yield "quotes and a backslash", b'{"a": "' + b'\\"' * 2_000_000 + b"\\"
    yield "no json", b"\x00\xff\xfe"
    yield "yaml", b"!!python/object/apply:os.system ['true']"
    yield "python", b"__import__('os').system('true')"


def write_all(folder: pathlib.Path) -> list[str]:
    """Write every file; gives their names."""
    good = model(dense())
    made: list[tuple[str, str, bytes]] = []
    for i, (name, config) in enumerate(configs()):
        made.append((name, ".keras", archive(config, weights())))
        if isinstance(config, dict) and i % 3 == 0:
            made.append((name, ".h5", legacy(config)))
        if i % 4 == 0:
            made.append((name, ".json", json.dumps(config).encode()))
    made += [(name, ".keras", content) for name, content in zips()]
    for name, text in texts():
        made.append((name, ".keras", archive(text, weights())))
        made.append((name, ".json", text))
    (folder / hostile_hdf5.ELSEWHERE).write_bytes(weights(hostile_hdf5.elsewhere))
    for fill in hostile_hdf5.CASES:
        name, content = fill.__name__, weights(fill)
        made.append((name, ".keras", archive(good, content)))
        made.append((name, ".weights.h5", content))
    names = []
    for i, (name, ending, content) in enumerate(made):
        plain = "".join(c if c.isalnum() else "_" for c in name)[:60]
        names.append(f"{i:03d}_{plain}{ending}")
        (folder / names[-1]).write_bytes(content)
    return [*names, *folders(folder)]
