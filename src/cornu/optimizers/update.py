"""What happens to gradients and weights around an optimizer's own rule, as pure functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.core
import jax.numpy as jnp
from jax import Array, lax

from cornu.core import scope
from cornu.core.variable import Variable


def unscale(gradients: Sequence[Array], factor: float | None) -> list[Array]:
    """Gradients of a loss that was multiplied by `factor`, as those of the loss itself."""
    if factor is None:
        return list(gradients)
    return [g / jnp.asarray(factor, g.dtype) for g in gradients]


def clip(
    gradients: Sequence[Array],
    *,
    norm: float | None = None,
    value: float | None = None,
    global_norm: float | None = None,
) -> list[Array]:
    """Gradients shortened to a norm each, cut to a range, or shortened to a norm all together."""
    if norm is not None:
        return [g * _shrink(jnp.sqrt(jnp.sum(jnp.square(g))), norm) for g in gradients]
    if value is not None:
        return [jnp.clip(g, -value, value) for g in gradients]
    if global_norm is not None:
        squares = [jnp.sum(jnp.square(g.astype("float32"))) for g in gradients]
        factor = _shrink(jnp.sqrt(jnp.sum(jnp.stack(squares))), global_norm)
        return [g * factor.astype(g.dtype) for g in gradients]
    return list(gradients)


def _shrink(length: Array, limit: float) -> Array:
    # limit / max(length, limit): exactly 1 for short vectors, and no division by zero
    return limit / jnp.maximum(length, jnp.asarray(limit, length.dtype))


def decayed(value: Array, rate: float, learning_rate: Array) -> Array:
    """Weights after decoupled decay (Loshchilov & Hutter, arXiv:1711.05101)."""
    return value - value * jnp.asarray(rate, value.dtype) * learning_rate.astype(value.dtype)


def moving_average(average: Array, value: Array, momentum: float, is_first: Array) -> Array:
    """Exponential moving average of `value`; the first value counts in full."""
    kept = jnp.where(is_first, 0.0, momentum).astype(value.dtype)
    return kept * average + (1 - kept) * value


def all_finite(gradients: Sequence[Array]) -> Array:
    """Whether no gradient holds an infinity or a NaN: a bool scalar."""
    finite = [jnp.all(jnp.isfinite(g)) for g in gradients if jnp.issubdtype(g.dtype, jnp.floating)]
    return jnp.all(jnp.stack(finite)) if finite else jnp.asarray(True)


def when(
    condition: Any,
    change: Callable[[], None],
    otherwise: Callable[[], None],
    variables: Sequence[Variable],
) -> None:
    """Run `change` or `otherwise`, which only read and assign `variables`, by a bool scalar.

    A known condition costs nothing; for a traced one both become branches of one `lax.cond`.
    """
    if not isinstance(condition, jax.core.Tracer):
        (change if bool(condition) else otherwise)()
        return
    step = getattr(scope.current(), "step", None)

    def branch(run: Callable[[], None]) -> Callable[[tuple[Array, ...]], tuple[Array, ...]]:
        bound = scope.pure(run, variables)
        return lambda values: bound(values, step=step).values

    values = tuple(jnp.asarray(v.value) for v in variables)
    chosen = lax.cond(condition, branch(change), branch(otherwise), values)
    for variable, value in zip(variables, chosen, strict=True):
        variable.assign(value)
