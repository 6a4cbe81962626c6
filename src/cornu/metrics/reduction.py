"""Means and sums over batches: of values, of functions of (y_true, y_pred)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from cornu.core import dtypes
from cornu.core.masks import get_mask
from cornu.losses.loss import function_record, keep_masked_axis
from cornu.losses.weighting import align, combine_mask, weighted_sum
from cornu.metrics.metric import Metric
from cornu.ops.promotion import as_array
from cornu.serialization import codec


class Sum(Metric):
    """Weighted sum of all values seen.

    Args:
        name: key in logs.
        dtype: dtype of the sum; default `floatx()`.
    """

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            values: array of any shape.
            sample_weight: None, a number, or weights of the leading dimensions of `values`.
        """
        values, weights = weighted(values, sample_weight, self.dtype)
        self.total.assign(self.total.value + weighted_sum(values, weights))

    def result(self) -> Array:
        """The sum."""
        return self.total.value


class Mean(Metric):
    """Weighted mean of all values seen; each sample counts once, whatever its shape.

    Args:
        name: key in logs.
        dtype: dtype of sum and count; default `floatx()`.
    """

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            values: array of any shape; the first dimension is the samples'.
            sample_weight: None, a number, or weights of the leading dimensions of `values`.
        """
        values, weights = weighted(values, sample_weight, self.dtype)
        if weights is not None and weights.size == 1 and jnp.ndim(as_array(sample_weight)) == 0:
            # One number weighs the batch as one value: so that means of batches can be averaged.
            values, weights = jnp.mean(values), weights.reshape(())
        inner = max(math.prod(values.shape[1:]), 1)
        if weights is None:
            total, count = jnp.sum(values), values.shape[0] if values.ndim else 1
        else:
            total = weighted_sum(values, weights)
            count = jnp.sum(jnp.broadcast_to(weights, values.shape)) / inner
        self.total.assign(self.total.value + total / inner)
        self.count.assign(self.count.value + count)

    def result(self) -> Array:
        """The mean; 0 where nothing was seen."""
        return divide_no_nan(self.total.value, self.count.value)


class MeanMetricWrapper(Mean):
    """Mean of a function of targets and predictions.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, one value for each sample.
        name: key in logs; default: from the class name.
        dtype: dtype of sum and count; default `floatx()`.
        **kwargs: passed on to `fn`.
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.fn = fn
        self.fn_kwargs = kwargs

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch.

        Args:
            y_true: targets.
            y_pred: predictions; their mask, if they carry one, is applied.
            sample_weight: None, a number, or weights of the leading dimensions of what `fn` gives.
        """
        y_true, sample_weight = _masked(y_true, y_pred, sample_weight, self.dtype)
        super().update_state(self.fn(y_true, y_pred, **self.fn_kwargs), sample_weight)

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        config = super().get_config()
        if "fn" in config:
            config["fn"] = function_record(self.fn)
            config.update({key: codec.encode(value) for key, value in self.fn_kwargs.items()})
        return config


class FunctionMeans(Metric):
    """Means of what a user's function gives: one tensor, or a dict of name -> tensor.

    A dict makes as many entries in the logs, under its own names. Which it is, is found out by
    tracing the function abstractly in `build`, once, with the shapes of the first batch.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`.
        name: key in logs of a single tensor; default: the function's name.
        dtype: dtype of sums and counts; default `floatx()`.
        **kwargs: passed on to `fn`.
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), dtype=dtype)
        self.fn = fn
        self.fn_kwargs = kwargs
        self.means: dict[str, Mean] | None = None
        self.is_named = False

    def build(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Make one `Mean` for each name; arguments may be abstract."""
        del sample_weight
        if self.means is not None:
            return
        traced = jax.eval_shape(lambda t, p: self.fn(t, p, **self.fn_kwargs), y_true, y_pred)
        self.is_named = isinstance(traced, dict)
        names = list(traced) if self.is_named else [self.name]
        self.means = {name: Mean(name=name, dtype=self.dtype) for name in names}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add a batch; see `MeanMetricWrapper.update_state`.

        Raises:
            ValueError: if the function gives other names than for the first batch.
        """
        self.build(y_true, y_pred)
        assert self.means is not None
        y_true, sample_weight = _masked(y_true, y_pred, sample_weight, self.dtype)
        found = self.fn(y_true, y_pred, **self.fn_kwargs)
        values = found if isinstance(found, dict) else {self.name: found}
        if set(values) != set(self.means):
            raise ValueError(
                f"metric function '{self.name}' gave the names {sorted(values)}, for the first "
                f"batch {sorted(self.means)}; they must stay the same."
            )
        for name, mean in self.means.items():
            mean.update_state(values[name], sample_weight)

    def result(self) -> Any:
        """The mean, or a dict of name -> mean."""
        results = {name: mean.result() for name, mean in (self.means or {}).items()}
        if self.is_named:
            return results
        return results.get(self.name, jnp.zeros((), dtypes.held(self.dtype)))

    def get_config(self) -> dict[str, Any]:
        """Arguments, as JSON-ready values, from which `from_config` makes an equal object."""
        config = {**super().get_config(), "fn": function_record(self.fn)}
        config.update({key: codec.encode(value) for key, value in self.fn_kwargs.items()})
        return config


def weighted(values: Any, sample_weight: Any, dtype: str) -> tuple[Array, Any]:
    """`values` and weights (or None) as arrays of `dtype` and of equal rank.

    Like Keras, a mask that `values` carry counts only where there are weights, too.
    """
    held = dtypes.held(dtype)
    array = as_array(values)
    mask = get_mask(values) if sample_weight is not None else None
    array = array.astype(held)
    if sample_weight is None:
        return array, None
    weights = align(as_array(sample_weight).astype(held), array.shape)
    if mask is not None:
        weights = combine_mask(weights, align(jnp.asarray(mask), array.shape), held)
    return array, weights


def divide_no_nan(numerator: Any, denominator: Any) -> Array:
    """The quotient, and 0 where the denominator is 0."""
    numerator, denominator = jnp.asarray(numerator), jnp.asarray(denominator)
    is_zero = denominator == 0
    return jnp.where(is_zero, 0, numerator / jnp.where(is_zero, 1, denominator))


def _masked(y_true: Any, y_pred: Any, sample_weight: Any, dtype: str) -> tuple[Any, Any]:
    mask = get_mask(y_pred)
    if mask is None:
        return y_true, sample_weight
    mask = jnp.asarray(mask)
    targets = keep_masked_axis(as_array(y_true), as_array(y_pred), mask)
    if sample_weight is not None:
        sample_weight = as_array(sample_weight)
        if sample_weight.ndim > mask.ndim:
            sample_weight = align(sample_weight, mask.shape)
    return targets, combine_mask(sample_weight, mask, dtypes.held(dtype))
