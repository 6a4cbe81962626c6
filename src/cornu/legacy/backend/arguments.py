"""What `K` borrowed from elsewhere: questions to signatures and shapes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from cornu.legacy.backend.values import normalize_data_format


def has_arg(fn: Callable[..., Any], name: str, accept_all: bool = False) -> bool:
    """Whether `fn` can be called with the keyword `name`.

    Args:
        fn: a function, method or class.
        name: of the argument.
        accept_all: whether `**kwargs` counts as taking every name.
    """
    parameters = inspect.signature(fn).parameters.values()
    keywords = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    if any(p.name == name and p.kind in keywords for p in parameters):
        return True
    return accept_all and any(p.kind is p.VAR_KEYWORD for p in parameters)


def transpose_shape(shape: Any, target_format: str, spatial_axes: Sequence[int]) -> Any:
    """A channels-last shape as `target_format` has it.

    Args:
        shape: tuple or list of sizes, channels last.
        target_format: "channels_first" or "channels_last".
        spatial_axes: axes of `shape` between batch and channels.

    Returns:
        Sizes of the type of `shape`.
    """
    if normalize_data_format(target_format) == "channels_last":
        return shape
    order = [*range(spatial_axes[0]), len(shape) - 1, *spatial_axes]
    return type(shape)([shape[axis] for axis in order])
