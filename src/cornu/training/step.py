"""The steps of training, evaluation and prediction: pure functions of State and batch.

Each is made from a model and knows of it only its variables, its call and its `compute_loss`. What
comes out has no side effects: it can be jitted, looped, sharded and exported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from cornu.core.scope import Scope
from cornu.training import filling
from cornu.training.state import Binding, State

Batch = tuple[Any, Any, Any]
Step = Callable[..., State]  # (state, batch, rows=None); see `filling.py` for the last one


def train_step(model: Any, optimizer: Any, binding: Binding) -> Step:
    """One update of all variables by one batch, of which the first `rows` rows count."""
    fixed = (*binding.frozen, *binding.metrics)

    def step(state: State, batch: Batch, rows: Any = None) -> State:
        x, y, sample_weight = batch

        def loss_of(trainable: tuple[Any, ...]) -> tuple[Any, tuple[Any, ...]]:
            bound = [
                *zip(binding.trainable, trainable, strict=True),
                *zip(fixed, (*state.frozen, *state.metrics), strict=True),
                *zip(binding.optimizer, state.optimizer, strict=True),
            ]
            with Scope(bound, training=True, step=state.step, rows=rows) as scope:
                y_pred = model(x, training=True)
                loss = _total_loss(model, x, y, y_pred, sample_weight, training=True)
                _note(model, x, y, y_pred, sample_weight, loss)
                scaled = optimizer.scale_loss(loss)
            return scaled, tuple(scope.values[id(v)] for v in fixed)

        gradients, after = jax.grad(loss_of, has_aux=True)(state.trainable)
        bound = [
            *zip(binding.trainable, state.trainable, strict=True),
            *zip(binding.optimizer, state.optimizer, strict=True),
        ]
        with Scope(bound, step=state.step) as scope:
            optimizer.apply(list(gradients), list(binding.trainable))
        count = len(binding.frozen)
        return State(
            tuple(scope.values[id(v)] for v in binding.trainable),
            after[:count],
            tuple(scope.values[id(v)] for v in binding.optimizer),
            after[count:],
            state.step + 1,
        )

    return step


def skip_non_finite(step: Step, binding: Binding) -> Step:
    """`step`, but weights and optimizer stay where the step would make weights non-finite."""
    floats = [
        i for i, v in enumerate(binding.trainable) if jnp.issubdtype(v.stored.dtype, jnp.floating)
    ]

    def guarded(state: State, batch: Batch, rows: Any = None) -> State:
        new = step(state, batch, rows)
        finite = jnp.all(jnp.stack([jnp.all(jnp.isfinite(new.trainable[i])) for i in floats]))

        def keep(after: Any, before: Any) -> Any:
            return jax.tree.map(lambda a, b: jnp.where(finite, a, b), after, before)

        return new._replace(
            trainable=keep(new.trainable, state.trainable),
            frozen=keep(new.frozen, state.frozen),
            optimizer=keep(new.optimizer, state.optimizer),
        )

    return guarded


def test_step(model: Any, binding: Binding) -> Step:
    """One batch noted in the metrics; weights stay as they are."""

    def step(state: State, batch: Batch, rows: Any = None) -> State:
        x, y, sample_weight = batch
        bound = [
            *zip(binding.trainable, state.trainable, strict=True),
            *zip(binding.frozen, state.frozen, strict=True),
            *zip(binding.metrics, state.metrics, strict=True),
        ]
        with Scope(bound, training=False, step=state.step, rows=rows) as scope:
            y_pred = model(x, training=False)
            loss = _total_loss(model, x, y, y_pred, sample_weight, training=False)
            _note(model, x, y, y_pred, sample_weight, loss)
        metrics = tuple(scope.values[id(v)] for v in binding.metrics)
        return state._replace(metrics=metrics, step=state.step + 1)

    return step


def predict_step(model: Any, binding: Binding) -> Callable[[tuple[Any, ...], Any], Any]:
    """The outputs for one batch of inputs, as a function of (values, x)."""
    variables = (*binding.trainable, *binding.frozen)

    def step(values: tuple[Any, ...], x: Any) -> Any:
        with Scope(zip(variables, values, strict=True), training=False, step=jnp.uint32(0)):
            return model(x, training=False)

    return step


def results(model: Any, binding: Binding, state: State) -> dict[str, Any]:
    """The logs: every metric's result from its variables in `state`."""
    with Scope(zip(binding.metrics, state.metrics, strict=True)):
        return dict(model.get_metrics_result())


def _total_loss(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Any:
    loss = model.compute_loss(
        x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training
    )
    if loss is None:
        raise ValueError(
            f"model '{model.name}' has no loss: give `compile(loss=...)` one, or `add_loss` in "
            "a layer"
        )
    return jnp.asarray(loss)


def _note(model: Any, x: Any, y: Any, y_pred: Any, sample_weight: Any, loss: Any) -> None:
    model.loss_tracker.update_state(jax.lax.stop_gradient(loss), sample_weight=filling.row_count(x))
    model.compute_metrics(x, y, y_pred, sample_weight)
