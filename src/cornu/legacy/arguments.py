"""Argument names of Keras 1 and 2, as tables, and `translate`, which applies them.

A row is a class or function by the name that users call; the tables say what its old arguments are
called today. Nothing here imports a layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cornu.errors import warn

Arguments = dict[str, Any]

# -- today's name of an old one, per group of classes ----------------------------------------------

_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_RECURRENT = {
    **_KERNEL,
    "output_dim": "units",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "U_constraint": "recurrent_constraint",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "forget_bias_init": "unit_forget_bias",
}
_IMAGE = {"border_mode": "padding", "dim_ordering": "data_format"}
_CONVOLUTION = {
    **_KERNEL,
    **_IMAGE,
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
}
_SEPARABLE = {
    **_CONVOLUTION,
    "depthwise_init": "depthwise_initializer",
    "pointwise_init": "pointwise_initializer",
}
_POOLING = {**_IMAGE, "pool_length": "pool_size", "stride": "strides"}
_NOISE = {"p": "rate", "sigma": "stddev"}
_GENERATOR = {
    "nb_epoch": "epochs",
    "max_q_size": "max_queue_size",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
}

RENAMED: dict[str, Mapping[str, str]] = {
    "Dense": {**_KERNEL, "output_dim": "units"},
    "Embedding": {
        "init": "embeddings_initializer",
        "W_regularizer": "embeddings_regularizer",
        "W_constraint": "embeddings_constraint",
    },
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM"), _RECURRENT),
    "ConvLSTM2D": {**_RECURRENT, **_CONVOLUTION},
    **dict.fromkeys(
        ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv3DTranspose"), _CONVOLUTION
    ),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D", "DepthwiseConv2D"), _SEPARABLE),
    **{f"{kind}Pooling{n}D": _POOLING for kind in ("Max", "Average") for n in (1, 2, 3)},
    **{f"Global{kind}Pooling{n}D": _IMAGE for kind in ("Max", "Average") for n in (2, 3)},
    **{f"{layer}{n}D": _IMAGE for layer in ("ZeroPadding", "Cropping") for n in (2, 3)},
    **{f"UpSampling{n}D": {**_IMAGE, "length": "size"} for n in (1, 2, 3)},
    **dict.fromkeys(("Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise"), _NOISE),
    **{f"SpatialDropout{n}D": {**_NOISE, **_IMAGE} for n in (1, 2, 3)},
    "BatchNormalization": {
        "beta_init": "beta_initializer",
        "gamma_init": "gamma_initializer",
    },
    "PReLU": {"init": "alpha_initializer"},
    "fit": {"nb_epoch": "epochs"},
    "fit_generator": _GENERATOR,
    "evaluate_generator": _GENERATOR,
    "predict_generator": _GENERATOR,
    "ReduceLROnPlateau": {"epsilon": "min_delta"},
}

# -- several old arguments that are one today ------------------------------------------------------

_WITH_ROWS_AND_COLUMNS = ("Conv2D", "Conv2DTranspose", "ConvLSTM2D", "SeparableConv2D")
_ROWS_AND_COLUMNS = {("nb_row", "nb_col"): "kernel_size"}
_STEPS = {("input_length", "input_dim"): "input_shape"}
JOINED: dict[str, Mapping[tuple[str, ...], str]] = {
    **dict.fromkeys(_WITH_ROWS_AND_COLUMNS, _ROWS_AND_COLUMNS),
    "Conv3D": {("kernel_dim1", "kernel_dim2", "kernel_dim3"): "kernel_size"},
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM", "Conv1D"), _STEPS),
}
# Joined arguments that may stand alone, the others being unknown sizes.
_MAY_LACK = frozenset({"input_length"})

# Keras 1's order of the first positional arguments, where it differs from today's.
POSITIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_WITH_ROWS_AND_COLUMNS, ("nb_filter", "nb_row", "nb_col")),
    "Conv3D": ("nb_filter", "kernel_dim1", "kernel_dim2", "kernel_dim3"),
}

# -- old arguments that have no effect any more ----------------------------------------------------

_QUEUES = ("max_queue_size", "workers", "use_multiprocessing")
DROPPED: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("SimpleRNN", "GRU", "LSTM", "ConvLSTM2D"), ("consume_less", "implementation")),
    "BatchNormalization": ("fused", "mode", "virtual_batch_size"),
    "Embedding": ("dropout",),
    "Conv2DTranspose": ("output_shape",),
    "fit": (*_QUEUES, "show_accuracy"),
    "evaluate": (*_QUEUES, "show_accuracy"),
    "predict": _QUEUES,
    "compile": ("sample_weight_mode", "target_tensors", "class_mode", "distribute"),
    "ModelCheckpoint": ("load_weights_on_restart",),
    "TensorBoard": ("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data"),
}

# -- old values of arguments -----------------------------------------------------------------------

_INITIALIZERS = {
    "normal": "random_normal",
    "uniform": "random_uniform",
    "zero": "zeros",
    "one": "ones",
}
VALUES: dict[str, Mapping[Any, Any]] = {
    "data_format": {"tf": "channels_last", "th": "channels_first", "default": None},
    "unit_forget_bias": {"one": True, "zero": False},
    "kernel_initializer": _INITIALIZERS,
    "recurrent_initializer": _INITIALIZERS,
    "embeddings_initializer": _INITIALIZERS,
    "bias_initializer": _INITIALIZERS,
}


def translate(
    name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], Arguments]:
    """The arguments of a call as today's callee takes them; each old spelling warns once.

    Args:
        name: the class (`Dense`) or method (`fit`) that is called.
        args: positional arguments, without `self`.
        kwargs: keyword arguments.
    """
    if name in SPECIAL:
        args, kwargs = SPECIAL[name](args, dict(kwargs))
    if not any(_is_old(name, key) for key in kwargs):
        return _as_today(name, args), dict(kwargs)
    args, found = _name_positions(name, args, dict(kwargs))
    for parts, new in JOINED.get(name, {}).items():
        if all(part in found or part in _MAY_LACK for part in parts):
            found[new] = tuple(found.pop(part, None) for part in parts)
            _note(name, ", ".join(f"`{part}`" for part in parts), f"old spelling, write `{new}`")
    for key in [key for key in found if key in DROPPED.get(name, ())]:
        del found[key]
        _note(name, f"`{key}`", "has no effect any more, leave it out")
    for key, new in RENAMED.get(name, {}).items():
        if key in found:
            _refuse_both(name, key, new, found)
            value = found.pop(key)
            found[new] = VALUES.get(new, {}).get(value, value) if _is_plain(value) else value
            _note(name, f"`{key}`", f"old spelling, write `{new}`")
    return args, found


def _is_old(name: str, key: str) -> bool:
    return (
        key in RENAMED.get(name, ())
        or key in DROPPED.get(name, ())
        or any(key in parts for parts in JOINED.get(name, ()))
    )


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | None)


def _refuse_both(name: str, old: str, new: str, given: Arguments) -> None:
    if new in given:
        raise TypeError(f"{name} got both '{new}' and its old name '{old}': leave '{old}' out")


def _name_positions(
    name: str, args: tuple[Any, ...], kwargs: Arguments
) -> tuple[tuple[Any, ...], Arguments]:
    """Keras 1's positional sizes as keywords: `Convolution2D(32, 3, 3, border_mode="same")`."""
    positions = POSITIONS.get(name)
    if positions is None or len(args) < len(positions):
        return args, kwargs
    if not all(isinstance(value, int) for value in args[: len(positions)]):
        return args, kwargs
    return args[len(positions) :], {**dict(zip(positions, args, strict=False)), **kwargs}


def _as_today(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """`args` unchanged; warns of `Conv2D(32, 3, 3)`, which older Keras read as a 3 x 3 kernel."""
    positions = POSITIONS.get(name, ())
    sizes = args[1 : len(positions)]
    if len(sizes) > 1 and all(isinstance(size, int) and size > 1 for size in sizes):
        _note(
            name,
            f"{name}{args[: len(positions)]}",
            f"means kernel_size={sizes[0]}, strides={sizes[1]}. For a kernel of "
            f"{' x '.join(map(str, sizes))}, as older Keras read it, write kernel_size={sizes}",
        )
    return args


_noted: set[tuple[str, str]] = set()


def _note(name: str, spelling: str, advice: str) -> None:
    if (name, spelling) not in _noted:
        _noted.add((name, spelling))
        warn(f"{name}: {spelling}: {advice}.")


# -- calls whose old form no table can tell --------------------------------------------------------


def _compile(args: tuple[Any, ...], kwargs: Arguments) -> tuple[tuple[Any, ...], Arguments]:
    """Keras 2 had `metrics` third and `loss_weights` fourth; today it is the reverse."""
    third = args[2] if len(args) > 2 else None
    names = isinstance(third, list | tuple) and any(
        isinstance(x, str) or callable(x) for x in third
    )
    if not names:
        return args, kwargs
    _note("compile", "third argument", "old order of arguments, write `metrics=[...]`")
    moved = dict(zip(("metrics", "loss_weights"), args[2:], strict=False))
    return args[:2], {**moved, **kwargs}


SPECIAL: dict[str, Callable[[tuple[Any, ...], Arguments], tuple[tuple[Any, ...], Arguments]]] = {
    "compile": _compile,
}
