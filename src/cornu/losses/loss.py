"""Loss: what turns targets and predictions into the number that training makes small."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jax import Array

from cornu.core import dtypes, naming, symbolic, tree
from cornu.core.masks import get_mask, set_mask
from cornu.losses.pairing import check_not_crossed, same_rank
from cornu.losses.weighting import reduce_weighted, standardize_reduction
from cornu.ops.operation import FunctionOperation
from cornu.ops.promotion import as_array
from cornu.serialization import codec, registry
from cornu.serialization.configurable import Configurable, given_arguments
from cornu.settings import settings


def compute_dtype(dtype: Any) -> str:
    """The float in which to compute, from a dtype, a policy or its name; None is `floatx()`."""
    dtype = getattr(dtype, "compute_dtype", dtype)
    if isinstance(dtype, dict):
        dtype = dtype.get("config", {}).get("name")
    if isinstance(dtype, str) and dtype.startswith("mixed_"):
        dtype = dtype.removeprefix("mixed_")
    return dtypes.standardize(dtype)


class Loss(Configurable):
    """Base class of losses: subclasses define `call(y_true, y_pred)`, one value for each sample.

    Args:
        name: shown in messages and configs; default: from the class name.
        reduction: "sum_over_batch_size" or "mean" (mean over everything), "sum",
            "mean_with_sample_weight" (divides by the sum of the weights), "none" or None.
        dtype: float in which to compute; default `floatx()`.

    Raises:
        ValueError: for an unknown reduction.
    """

    # Arguments that Keras leaves out of the config; here they are written when not the default.
    config_quiet: ClassVar[tuple[str, ...]] = ("dtype",)
    keeps_integer_targets: ClassVar[bool] = False
    rows_independent: ClassVar[bool] = True  # whether a row's value depends on that row alone

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        self.name = name or naming.auto_name(type(self).__name__)
        self.reduction = standardize_reduction(reduction)
        self._dtype = compute_dtype(dtype)

    @property
    def dtype(self) -> str:
        """Name of the float in which it computes."""
        return self._dtype

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The loss.

        Args:
            y_true: targets, an array or a nest of arrays.
            y_pred: predictions, likewise; their mask, if they carry one, is applied.
            sample_weight: None, a number, one number a sample `(N,)`, or one a step `(N, T)`.

        Raises:
            ValueError: if shapes do not belong together.
        """
        if symbolic.any_symbolic(y_true, y_pred, sample_weight):
            return FunctionOperation(self._reduced, self.name).symbolic_call(
                y_true, y_pred, sample_weight
            )
        return self._reduced(y_true, y_pred, sample_weight)

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: Any) -> Array:
        mask = None if tree.is_nested(y_pred) else get_mask(y_pred)
        dtype = dtypes.held(self._dtype)
        targets = tree.map_structure(self._cast_target, y_true)
        predictions = tree.map_structure(lambda x: as_array(x).astype(dtype), y_pred)
        if mask is not None:
            mask = jnp.asarray(mask)
            targets = keep_masked_axis(targets, predictions, mask)
        values = self.call(targets, predictions)
        result_mask = self.result_mask(targets, predictions)
        if result_mask is None:
            result_mask = get_mask(values)
        if result_mask is not None:
            mask = result_mask if mask is None else mask & result_mask
        values = as_array(values)
        check_not_crossed(self.name, values, targets, predictions)
        if not jnp.issubdtype(values.dtype, jnp.floating):
            values = values.astype(dtype)
        return reduce_weighted(values, sample_weight, mask, self.reduction)

    def _cast_target(self, x: Any) -> Array:
        array = as_array(x)
        if self.keeps_integer_targets and jnp.issubdtype(array.dtype, jnp.integer):
            return array
        return array.astype(dtypes.held(self._dtype))

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One value for each sample (or step); subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `call(y_true, y_pred)`")

    def result_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Which of the values `call` gave count; None: all."""
        del y_true, y_pred
        return None

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        config = super().get_config()
        drop_defaults(self, config, self.config_quiet)
        return config

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """A loss made from a function.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, one value for each sample.
        reduction: how these become one; see `Loss`.
        name: default: from the class name.
        dtype: float in which to compute; default `floatx()`.
        **kwargs: passed on to `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self.fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One value for each sample."""
        pairs_itself = getattr(self.fn, "pairs_itself", False)
        if not pairs_itself and isinstance(y_true, jax.Array) and isinstance(y_pred, jax.Array):
            y_true, y_pred = _paired(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        config = super().get_config()
        if "fn" in config:
            config["fn"] = function_record(self.fn)
            config.update({key: codec.encode(value) for key, value in self.fn_kwargs.items()})
        return config


def _paired(y_true: Array, y_pred: Array) -> tuple[Array, Array]:
    mask = get_mask(y_pred)
    y_true, paired = same_rank(y_true, y_pred)
    if mask is not None and paired is not y_pred:
        set_mask(paired, mask)
    return y_true, paired


def keep_masked_axis(targets: Any, predictions: Any, mask: Array) -> Any:
    """Targets with a trailing size of 1 where the mask is for what would be their last axis."""
    # Targets (N, T) for predictions (N, T, 1) would be averaged over T, the axis of the mask.
    if not isinstance(targets, jax.Array) or not isinstance(predictions, jax.Array):
        return targets
    if predictions.shape == (*targets.shape, 1) and mask.ndim == targets.ndim > 1:
        return targets[..., None]
    return targets


def function_record(fn: Any) -> Any:
    """The config of a function as Keras writes it inside losses and metrics."""
    if isinstance(fn, types.FunctionType) and fn in registry.MODULES:
        return {
            "module": "builtins",
            "class_name": "function",
            "config": fn.__name__,
            "registered_name": "function",
        }
    return codec.encode(fn)


def drop_defaults(instance: Any, config: dict[str, Any], names: tuple[str, ...]) -> None:
    """Take out of `config` those of `names` that have their default values.

    For what Keras leaves out of configs altogether, so that loading would lose it.
    """
    given = given_arguments(instance)
    parameters = inspect.signature(type(instance).__init__).parameters
    for name in names:
        default = parameters[name].default if name in parameters else None
        is_floatx = name == "dtype" and config.get(name) == settings.floatx
        if name in config and (given.get(name) == default or is_floatx):
            del config[name]
