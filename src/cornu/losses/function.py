"""`@loss_function`: what all built-in losses share around their formula."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import jax.numpy as jnp
from jax import Array

from cornu.losses.pairing import Pairing
from cornu.ops.declare import op
from cornu.ops.promotion import as_array, as_float

P = ParamSpec("P")
R = TypeVar("R")

_NARROW = ("float16", "bfloat16")


def loss_function(
    pairing: Pairing, *, cast_targets: bool = True
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a formula of `(y_true, y_pred, ...)` as a public function.

    The formula gets arrays that `pairing` has matched, as floats of the predictions' dtype; 16-bit
    floats are computed in 32 bits, where `log(epsilon)` is finite, and the result is cast back.
    Symbolic tensors give a symbolic result.

    Args:
        pairing: which shapes belong together.
        cast_targets: False leaves integer targets (class numbers) as they are.
    """

    def declare(formula: Callable[P, R]) -> Callable[P, R]:
        parameter = inspect.signature(formula).parameters.get("axis")
        default_axis = -1 if parameter is None else parameter.default

        @functools.wraps(formula)
        def evaluate(y_true: Any, y_pred: Any, *args: Any, **kwargs: Any) -> Array:
            targets, predictions = as_array(y_true), as_float(y_pred)
            dtype = predictions.dtype
            work = jnp.dtype("float32") if dtype.name in _NARROW else dtype
            axis = kwargs.get("axis", default_axis)
            targets, predictions = pairing(
                targets, predictions, axis if isinstance(axis, int) else -1
            )
            if cast_targets:
                targets = targets.astype(work)
            result = formula(targets, predictions.astype(work), *args, **kwargs)  # type: ignore[call-arg]
            return cast(Array, result).astype(dtype)

        run = op("losses")(evaluate)
        run.pairs_itself = True  # type: ignore[attr-defined]
        return cast(Callable[P, R], run)

    return declare
