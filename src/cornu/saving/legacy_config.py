"""Configs of Keras 1 and 2 as today's: data to data, nothing is made here."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from cornu.saving.damage import FileError, shown

Config = dict[str, Any]

CLASSES: Mapping[str, str] = {
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "Container": "Functional",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "CuDNNGRU": "GRU",
    "CuDNNLSTM": "LSTM",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Model": "Functional",
    "Network": "Functional",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "GRUV1": "GRU",
    "LSTMV1": "LSTM",
}
_REPLACED = {"ThresholdedReLU": "ReLU"}  # once its arguments are those of the other
_MODELS = ("Sequential", "Functional")
_KEPT = ("module", "registered_name", "build_config")  # of records in the `.keras` files of Keras 2
# Keras 1's `Merge` by its mode.
_MERGES = {"sum": "Add", "mul": "Multiply", "concat": "Concatenate", "ave": "Average",
           "max": "Maximum", "dot": "Dot"}  # fmt: skip
# Functions that keep their name and not their values.
_FUNCTIONS = {"hard_sigmoid": "hard_sigmoid_of_keras_2"}
_DTYPE_CLASSES = ("Policy", "PolicyV1", "DTypePolicy")


def is_old(config: Any) -> bool:
    """Whether a record of a model is in the form of Keras 1 and 2: layers without modules."""
    if not isinstance(config, dict) or "class_name" not in config:
        return False
    return "module" not in config and "registered_name" not in config


def translate(record: Any, version: int = 2) -> Config:
    """A record of Keras 1 or 2, nested ones included, in today's form.

    Args:
        record: as the file has it.
        version: major version of the Keras that wrote it; 3 for this form as Keras 3 writes it.

    Raises:
        FileError: if it is no record.
    """
    found = _model_or_layer(record)
    return found if version > 2 else _with_functions(found)


def _with_functions(value: Any) -> Any:
    """The same with the names of functions that have changed their meaning."""
    if isinstance(value, list):
        return [_with_functions(item) for item in value]
    if not isinstance(value, dict):
        return value
    found: Config = {}
    for key, item in value.items():
        is_name = isinstance(item, str) and key.endswith("activation")
        found[key] = _FUNCTIONS.get(item, item) if is_name else _with_functions(item)
    return found


def _model_or_layer(record: Any) -> Config:
    if not isinstance(record, dict) or not isinstance(record.get("class_name"), str):
        raise FileError("the config of the model is no record: it lacks 'class_name'")
    name = CLASSES.get(record["class_name"], record["class_name"])
    config: Any = record.get("config", {})
    if name == "Sequential" and isinstance(config, list):
        config = {"layers": config}
    if not isinstance(config, dict):
        raise FileError(f"the config of '{shown(name)}' is no dict")
    config = cast(Config, dict(config))
    if name in _MODELS:
        config["layers"] = [_layer(layer, name) for layer in _list(config, "layers")]
        if name == "Sequential":
            _start(config["layers"])
        config.setdefault("name", record.get("name"))
        config.pop("dtype", None)
    if name == "Functional" or ("input_layers" in config and "output_layers" in config):
        for which in ("input_layers", "output_layers"):
            config[which] = _places(config.get(which))
        _renumber(config)
    elif name not in _MODELS:
        name, config = _layer_config(name, config)
    kept = {key: record[key] for key in _KEPT if key in record}
    return {**kept, "class_name": name, "config": config}


def _list(config: Config, key: str) -> list[Any]:
    found = config.get(key)
    if not isinstance(found, list):
        raise FileError(f"the config of the model lacks the list '{key}'")
    return found


def _layer(record: Any, parent: str) -> Config:
    found = _model_or_layer(record)
    if parent == "Functional":
        name = record.get("name", found["config"].get("name"))
        found["config"].setdefault("name", name)
        found["name"] = name
        calls = [_call(node) for node in record.get("inbound_nodes") or ()]
        is_recurrent = found["class_name"] in _RECURRENT
        found["inbound_nodes"] = [_with_states(c) if is_recurrent else c for c in calls]
    return found


def _start(layers: list[Config]) -> None:
    """Begin a stack with the input of the model that is its first member, as Keras 2.2 left it."""
    first = layers[0] if layers else {}
    shape = _input_shape(first) if first.get("class_name") in _MODELS else None
    if shape is not None:
        name = f"{first['config'].get('name')}_input"
        layers.insert(
            0, {"class_name": "InputLayer", "config": {"batch_shape": shape, "name": name}}
        )


def _input_shape(record: Config) -> Any:
    config = record["config"]
    for key in ("batch_shape", "batch_input_shape"):
        if key in config:
            return config[key]
    layers = config.get("layers")
    return _input_shape(layers[0]) if layers else None


# -- graphs ----------------------------------------------------------------------------------------


def _tensor(place: list[Any]) -> Config:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": place[:3]}}


def _is_place(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and type(value[1]) is int
        and type(value[2]) is int
    )


def _call(node: Any) -> Config:
    """`[[name, node, tensor, kwargs], ...]` as the arguments of a call."""
    if isinstance(node, dict):
        return node  # today's form already
    kwargs: Config = {}
    first: Any
    if _is_place(node):
        first, kwargs = _tensor(node), (node[3] if len(node) == 4 else {})
    elif isinstance(node, list) and node and all(_is_place(place) for place in node):
        tensors = [_tensor(place) for place in node]
        first = tensors[0] if len(tensors) == 1 else tensors
        kwargs = node[0][3] if len(node[0]) == 4 else {}
    elif isinstance(node, dict | list):
        first = _nested(node)
    else:
        raise FileError("a call in the config of the model is no list of tensors")
    if not isinstance(kwargs, dict):
        raise FileError("the keyword arguments of a call are no dict")
    return {"args": [first], "kwargs": {key: _nested(value) for key, value in kwargs.items()}}


def _with_states(call: Config) -> Config:
    """A call of a recurrent layer, whose initial states Keras 2 listed behind its input."""
    args, kwargs = call.get("args"), call.get("kwargs")
    first = args[0] if isinstance(args, list) and args else None
    if not isinstance(first, list) or len(first) < 2 or not isinstance(kwargs, dict):
        return call
    return {"args": first[:1], "kwargs": {**kwargs, "initial_state": first[1:]}}


def _renumber(config: Config) -> None:
    """Count the calls of nested models from 0, where Keras 2 counted their making as number 0.

    Every call in a graph is used, so a reference to call n of n calls tells.
    """
    calls = {
        layer["name"]: len(layer["inbound_nodes"])
        for layer in config["layers"]
        if isinstance(layer, dict) and isinstance(layer.get("config"), dict)
        and "layers" in layer["config"] and isinstance(layer.get("name"), str)
    }  # fmt: skip
    if not calls:
        return
    outputs = config["output_layers"]
    outputs = [outputs] if _is_place(outputs) else outputs
    places = [place for place in outputs or () if _is_place(place)]
    pending: list[Any] = [layer.get("inbound_nodes") for layer in config["layers"]]
    while pending:
        value = pending.pop()
        if isinstance(value, dict) and _is_place(value.get("keras_history")):
            places.append(value["keras_history"])
        elif isinstance(value, list | dict):
            pending.extend(value.values() if isinstance(value, dict) else value)
    shifted = {place[0] for place in places if place[1] >= calls.get(place[0], place[1] + 1)}
    for place in places:
        if place[0] in shifted:
            place[1] -= 1


def _nested(value: Any) -> Any:
    if _is_place(value):
        return _tensor(value)
    if isinstance(value, list):
        return [_nested(item) for item in value]
    if isinstance(value, dict):
        return {key: _nested(item) for key, item in value.items()}
    return value


def _places(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1 and _is_place(value[0]):
        return value[0][:3]
    return value


# -- layers ----------------------------------------------------------------------------------------


def _layer_config(name: str, config: Config) -> tuple[str, Config]:
    config = {key: _value(key, value) for key, value in config.items()}
    _keras_1(name, config)
    if name == "Merge":
        mode = str(config.pop("mode", "sum"))
        axis = config.pop("concat_axis", -1)
        config = {"name": config.get("name"), **({"axis": axis} if mode == "concat" else {})}
        return _MERGES.get(mode, name), config
    if name in _SPECIAL:
        _SPECIAL[name](config)
    if name == "InputLayer" and "batch_input_shape" in config:
        config["batch_shape"] = config.pop("batch_input_shape")
    return _REPLACED.get(name, name), config


def _keras_1(name: str, config: Config) -> None:
    """What Keras 1 wrote of a layer's input besides its shape."""
    dtype = config.pop("input_dtype", None)
    if name == "InputLayer" and dtype is not None:
        config.setdefault("dtype", dtype)
    if name != "Embedding":  # whose `input_dim` is another thing
        for key in ("input_dim", "input_length"):
            if config.get(key) is None or "batch_input_shape" in config:
                config.pop(key, None)


def _value(key: str, value: Any) -> Any:
    """Objects inside a layer's config: policies become names, nested records today's."""
    if isinstance(value, dict) and "class_name" not in value and value.get("name") in _NAMED:
        return _named(value)
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    if key == "dtype" and value["class_name"] in _DTYPE_CLASSES:
        return (value.get("config") or {}).get("name")
    if "config" not in value or not isinstance(value["config"], dict):
        return value
    if "layers" in value["config"] or key in ("layer", "backward_layer", "cell"):
        return _model_or_layer(value)
    inner = {k: _value(k, v) for k, v in value["config"].items()}
    if "initializer" in key:
        inner.pop("dtype", None)
    return {**value, "config": inner}


# Regularizers and constraints of Keras 1 by name: today's class, and arguments renamed since.
_NAMED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "L1L2Regularizer": ("L1L2", {}),
    "MaxNorm": ("MaxNorm", {"m": "max_value"}),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {}),
}


def _named(value: Config) -> Config:
    name, renamed = _NAMED[value["name"]]
    config = {renamed.get(key, key): item for key, item in value.items() if key != "name"}
    return {"class_name": name, "config": config}


def _batch_normalization(config: Config) -> None:
    axis = config.get("axis")
    if isinstance(axis, list) and len(axis) == 1:
        config["axis"] = axis[0]
    for key in ("fused", "mode", "virtual_batch_size", "adjustment", "gamma_init", "beta_init"):
        config.pop(key, None)


def _without(*keys: str) -> Callable[[Config], None]:
    """Leaves out what had no effect in these layers."""

    def drop(config: Config) -> None:
        for key in keys:
            config.pop(key, None)

    return drop


def _thresholded(config: Config) -> None:
    config["threshold"] = config.pop("theta", 1.0)


def _gru(config: Config) -> None:
    # Absent, it was False: Keras 1 and the first versions of 2 knew nothing else.
    config.setdefault("reset_after", False)
    _recurrent(config)


def _cudnn_gru(config: Config) -> None:
    config["reset_after"] = True


def _recurrent(config: Config) -> None:
    if config.get("time_major"):
        raise FileError(
            f"layer '{shown(config.get('name'))}' has time_major=True: only rows first are read"
        )
    _without("implementation", "consume_less", "time_major", "input_dim", "input_length")(config)


def _lambda(config: Config) -> None:
    """Code as today's records have it; a name of a function stays a name."""
    for key in ("function", "output_shape", "mask"):
        kind = config.pop(f"{key}_type", None)
        config.pop("module" if key == "function" else f"{key}_module", None)
        value = config.get(key)
        if isinstance(value, list) and (kind == "lambda" or key == "function"):
            code, defaults, closure = (*value, None, None, None)[:3]
            parts = {"code": code, "defaults": defaults, "closure": closure}
            config[key] = {"class_name": "__lambda__", "config": parts}
        elif isinstance(value, str) and kind == "function":
            config[key] = {"class_name": "function", "config": value}
    if config.get("mask") is None:
        config.pop("mask", None)
    config.setdefault("arguments", {})


def _stacked(config: Config) -> None:
    cells = config.get("cells")
    if isinstance(cells, list):
        config["cells"] = [_model_or_layer(cell) for cell in cells]


_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_CONV_LSTM = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_SPECIAL: Mapping[str, Callable[[Config], None]] = {
    "BatchNormalization": _batch_normalization,
    **dict.fromkeys(_CONV_LSTM, _recurrent),
    "Conv2DTranspose": _without("groups"),
    "Conv3DTranspose": _without("groups"),
    "Conv1DTranspose": _without("groups"),
    "DepthwiseConv1D": _without("groups", "filters", *_KERNEL),
    "DepthwiseConv2D": _without("groups", "filters", *_KERNEL),
    "GRU": _gru,
    "GRUCell": _gru,
    "LSTM": _recurrent,
    "LSTMCell": _recurrent,
    "Lambda": _lambda,
    "MultiHeadAttention": _without("query_shape", "key_shape", "value_shape"),
    "RNN": _recurrent,
    "SeparableConv1D": _without("groups", *_KERNEL),
    "SeparableConv2D": _without("groups", *_KERNEL),
    "SimpleRNN": _recurrent,
    "SimpleRNNCell": _recurrent,
    "SpatialDropout1D": _without("noise_shape"),
    "SpatialDropout2D": _without("noise_shape"),
    "SpatialDropout3D": _without("noise_shape"),
    "StackedRNNCells": _stacked,
    "ThresholdedReLU": _thresholded,
}
_RECURRENT = ("Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN", *_CONV_LSTM)


# -- training --------------------------------------------------------------------------------------

_WRAPPERS = ("MeanMetricWrapper", "LossFunctionWrapper")
_TRAINING = ("loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly",
             "steps_per_execution", "jit_compile")  # fmt: skip


def compile_config(training: Any, version: str = "") -> Config | None:
    """`training_config`, or `compile_config` of a `.keras` file, as arguments of `compile`.

    None if there is no optimizer in it.

    Args:
        training: as the file has it.
        version: of the Keras that wrote it.
    """
    if not isinstance(training, dict):
        return None
    optimizer = training.get("optimizer_config", training.get("optimizer"))
    if not isinstance(optimizer, dict | str):
        return None
    given = {key: training[key] for key in _TRAINING if training.get(key) is not None}
    found = {key: _plain(value, _MODULES.get(key)) for key, value in given.items()}
    for key in ("metrics", "weighted_metrics"):
        found[key] = _without_none(found.get(key))
        if not _holds_any(found[key]):
            del found[key]
    if _BEFORE_TF_KERAS.fullmatch(version):
        _as_before_tf_keras(optimizer, found)
    return {"optimizer": optimizer, **found}


_MODULES = {"loss": "keras.losses", "metrics": "keras.metrics", "weighted_metrics": "keras.metrics"}
# Keras by itself; that in TensorFlow numbered itself "2.2.4-tf", then 2.4 and up.
_BEFORE_TF_KERAS = re.compile(r"1\..*|2\.[0-3]\.\d+")


def _as_before_tf_keras(optimizer: Any, found: Config) -> None:
    """What two arguments meant in Keras before 2.4."""
    config = optimizer.get("config") if isinstance(optimizer, dict) else None
    if isinstance(config, dict) and "clipnorm" in config:  # the norm of all gradients together
        optimizer["config"] = {
            ("global_clipnorm" if key == "clipnorm" else key): value
            for key, value in config.items()
        }
    if found.get("loss") == "binary_crossentropy" and isinstance(found.get("metrics"), list):
        found["metrics"] = [_BINARY.get(str(m), m) for m in found["metrics"]]


_BINARY = {
    name: {"module": "keras.metrics", "class_name": "BinaryAccuracy", "config": {"name": name}}
    for name in ("accuracy", "acc")
}


def _holds_any(metrics: Any) -> bool:
    if isinstance(metrics, list):
        return any(_holds_any(metric) for metric in metrics)
    if isinstance(metrics, dict) and "class_name" not in metrics:
        return any(_holds_any(metric) for metric in metrics.values())
    return metrics is not None


def _without_none(metrics: Any) -> Any:
    if isinstance(metrics, list):
        return [_without_none(metric) for metric in metrics if metric is not None]
    return metrics


def _plain(value: Any, module: str | None = None) -> Any:
    """Losses and metrics: wrappers of a function become its name, `"auto"` the default."""
    if isinstance(value, list):
        return [_plain(item, module) for item in value]
    if not isinstance(value, dict):
        return value
    config = value.get("config")
    if "class_name" not in value or not isinstance(config, dict):
        return {key: _plain(item, module) for key, item in value.items()}
    if value["class_name"] in _WRAPPERS and isinstance(config.get("fn"), str):
        return config["fn"]
    config = {key: item for key, item in config.items() if key != "fn"}
    if config.get("reduction") == "auto":
        config["reduction"] = "sum_over_batch_size"
    return {"module": module, **value, "config": config}
