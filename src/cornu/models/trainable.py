"""Trainable: `compile`, `fit`, `evaluate`, `predict`: thin faces over `training`."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

import jax
import numpy as np

from cornu import losses, optimizers
from cornu.callbacks.callback_list import CallbackList
from cornu.core import naming, tree
from cornu.core.scope import current
from cornu.core.symbolic import KerasTensor
from cornu.errors import TrainingBusyError, unexpected_keywords
from cornu.serialization import codec
from cornu.training import checks, inference, loop, plans, runner, state
from cornu.training.compiled_spec import CompiledSpec, Objective
from cornu.training.feed import feed as feeds
from cornu.training.feed.feed import Feed


class Trainable:
    """What a model can do with data."""

    untracked: ClassVar[frozenset[str]] = frozenset(
        {
            "plans",
            "_objective",
            "_spec",
            "optimizer",
            "history",
            "_validation_run",
            "_fit_lock",
            "loss",
            "history_logs",
        }  # fmt: skip
    )
    name: str
    built: bool

    def __init__(self) -> None:
        self.plans: dict[Any, Any] = {}
        self.optimizer: Any = None
        self.loss: Any = None
        self.history: Any = None
        self.history_logs: dict[str, Any] = {}
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self._spec: CompiledSpec | None = None
        self._objective: Objective | None = None
        self._fit_lock = threading.Lock()
        self._validation_run: Any = None

    # -- compile -----------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is to be trained.

        Args:
            optimizer: name or object.
            loss: name, object or function `(y_true, y_pred) -> loss`; for several outputs a list,
                or a dict by output name.
            loss_weights: factor of each output's loss: list or dict.
            metrics: names, objects or functions; for several outputs nested lists or a dict.
            weighted_metrics: the same, with sample weights applied.
            run_eagerly: run steps uncompiled, for debugging.
            steps_per_execution: accepted; the number of steps a dispatch is chosen by itself.
            jit_compile: accepted; steps are always compiled unless `run_eagerly`.
            auto_scale_loss: with the policy mixed_float16, wrap the optimizer in dynamic loss scaling.

        Raises:
            ValueError: for names that are not known.
        """
        chosen = optimizers.get(optimizer)
        policy = getattr(self, "dtype_policy", None)
        if (
            auto_scale_loss
            and policy is not None
            and policy.name == "mixed_float16"
            and not isinstance(chosen, optimizers.LossScaleOptimizer)
        ):
            chosen = optimizers.LossScaleOptimizer(chosen)
        for item in tree.flatten(loss):
            losses.get(item)
        checks.check_compile(self, loss)
        self.optimizer = chosen
        self.loss = loss
        self._spec = CompiledSpec(
            chosen, loss, loss_weights, metrics, weighted_metrics,
            run_eagerly, steps_per_execution, jit_compile, auto_scale_loss,
        )  # fmt: skip
        checks.check_metric_names(metrics, weighted_metrics)
        self._objective = None
        self.plans.clear()

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._spec is not None

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run uncompiled."""
        return self._spec is not None and self._spec.run_eagerly

    @property
    def loss_tracker(self) -> Any:
        """The metric behind the log `loss`."""
        assert self._objective is not None
        return self._objective.loss_tracker

    def compiled_metric_objects(self) -> list[Any]:
        """The metrics of `compile`, the loss's mean first; empty before the first data."""
        return self._objective.metric_objects() if self._objective is not None else []

    @property
    def metrics_names(self) -> list[str]:
        """Names of all metrics, in the order of `evaluate`'s list."""
        return [getattr(m, "_log_name", m.name) for m in self.metrics]  # type: ignore[attr-defined]

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, JSON-ready."""
        if self._spec is None:
            return None
        names = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly",
                 "steps_per_execution", "jit_compile")  # fmt: skip
        return {name: codec.encode(getattr(self._spec, name)) for name in names}

    # -- what a user may override ------------------------------------------------------------------

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The scalar to minimise: the compiled losses, `add_loss` values and weight penalties."""
        del x, training
        assert self._objective is not None
        total = self._objective.loss(y, y_pred, sample_weight)
        scope = current()
        extra = [*(scope.losses if scope is not None else []), *self.regularization_losses()]  # type: ignore[attr-defined]
        for value in extra:
            value = value.mean() if getattr(value, "ndim", 0) else value
            total = value if total is None else total + value
        return total

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Note one batch in the compiled metrics; gives their results so far."""
        del x
        assert self._objective is not None
        self._objective.update_metrics(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Results of all metrics by name."""
        assert self._objective is not None
        found = self._objective.results()
        compiled = {id(m) for m in self._objective.metric_objects()}
        for metric in self.metrics:  # type: ignore[attr-defined]
            if id(metric) not in compiled:
                value = metric.result()
                found.update(value if isinstance(value, dict) else {metric.name: value})
        return found

    def reset_metrics(self) -> None:
        """Start all metrics again."""
        for metric in self.metrics:  # type: ignore[attr-defined]
            metric.reset_state()

    # -- fit, evaluate, predict --------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        *,
        initial_step: int = 0,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x: inputs: array, list or dict of arrays, DataFrame, generator, PyDataset, DataLoader, ...
            y: targets, unless `x` gives them.
            batch_size: rows a step; default 32.
            epochs: epoch number to stop at.
            verbose: 0 silent, 1 progress bar, 2 one line an epoch; "auto" is 1.
            callbacks: list of callbacks.
            validation_split: share of the rows, taken from the end, to validate on.
            validation_data: `(x, y)` or `(x, y, sample_weight)`, or any source as for `x`.
            shuffle: whether to shuffle rows each epoch; "batch" shuffles whole batches.
            class_weight: weight of each class in the loss.
            sample_weight: weight of each row in the loss.
            initial_epoch: epoch number to start from.
            steps_per_epoch: batches an epoch; default: all there are.
            validation_steps: batches to validate on; default: all.
            validation_batch_size: default `batch_size`.
            validation_freq: validate every so many epochs, or after the listed ones.
            initial_step: batches of the first epoch that are done already, to continue a run that
                was stopped in the middle of an epoch. It gives the very bits of the unbroken run.

        Returns:
            History: `history.history` maps each log name to its values by epoch.

        Raises:
            TrainingBusyError: if the model is being trained already.
            ValueError: for data or arguments that cannot mean what was intended.
        """
        self._require_compiled("fit")
        checks.check_fit_arguments(locals())
        if not self._fit_lock.acquire(blocking=False):
            raise TrainingBusyError(
                f"model '{self.name}' is already in a `fit`; wait for it to end"
            )
        try:
            if validation_split and validation_data is None:
                (x, y, sample_weight), validation_data = feeds.split(
                    x, y, sample_weight, validation_split
                )
                checks.check_split(y, validation_data[1])
            feed = feeds.make(
                x, y, sample_weight, batch_size=batch_size, steps=steps_per_epoch, shuffle=shuffle,
                class_weight=class_weight, role="fit",
            )  # fmt: skip
            self.prepare(feed, "fit")
            validation = None
            if validation_data is not None:
                validation = self._validation_feed(
                    validation_data, validation_batch_size or batch_size, validation_steps
                )
            steps = steps_per_epoch or feed.size
            if not isinstance(callbacks, CallbackList):
                callbacks = CallbackList(
                    callbacks, add_history=True, add_progbar=verbose != 0, verbose=verbose,
                    epochs=epochs, steps=steps, model=self,
                )  # fmt: skip
            options = loop.FitOptions(
                epochs,
                initial_epoch,
                initial_step,
                steps_per_epoch,
                validation_steps,
                validation_freq,
            )
            return loop.fit(self, feed, validation, callbacks, options)
        finally:
            self._fit_lock.release()

    def _validation_feed(self, data: Any, batch_size: int | None, steps: int | None) -> Feed:
        x, y, sample_weight = feeds.unpack(data)
        feed = feeds.make(
            x, y, sample_weight, batch_size=batch_size, steps=steps, role="validation_data"
        )
        checks.check_feed(self, feed, self._objective, "validation_data")
        return feed

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Loss and metrics over data; changes nothing in the model.

        Args:
            x, y, sample_weight, batch_size: as for `fit`.
            verbose: 0 silent, 1 progress bar, 2 one line.
            steps: batches to evaluate on; default: all.
            callbacks: list of callbacks.
            return_dict: give a dict by name instead of a list.

        Returns:
            The loss alone, or the list `[loss, metric, ...]` in the order of `metrics_names`.
        """
        if kwargs:
            raise unexpected_keywords(
                "evaluate", kwargs, ("x", "y", "batch_size", "steps", "return_dict")
            )
        self._require_compiled("evaluate")
        feed = feeds.make(x, y, sample_weight, batch_size=batch_size, steps=steps, role="evaluate")
        self.prepare(feed, "evaluate")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, verbose=verbose, epochs=1,
                steps=steps or feed.size, model=self,
            )  # fmt: skip
        self.stop_evaluating = False
        found = loop.evaluate(self, feed, callbacks, steps)
        return found if return_dict else self._in_order(found)

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for every row of `x`, as NumPy arrays; changes nothing in the model.

        Args:
            x: inputs, as for `fit`.
            batch_size: rows a step; default 32.
            verbose: 0 silent, 1 progress bar.
            steps: batches to predict; default: all.
            callbacks: list of callbacks.
        """
        if checks.has_no_rows(x):
            self.prepare_inputs(
                tree.map_structure(lambda a: np.zeros((1, *a.shape[1:]), a.dtype), x)
            )
            return inference.empty_outputs(self, x)
        feed = feeds.make(x, None, None, batch_size=batch_size, steps=steps, role="predict")
        if not self.built:
            self.prepare_inputs(feed.peek()[0])
        checks.check_feed(self, feed, None, "predict")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, verbose=verbose, epochs=1,
                steps=steps or feed.size, model=self,
            )  # fmt: skip
        self.stop_predicting = False
        return inference.predict(self, feed, callbacks, steps)

    # -- one batch ---------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update by one batch; gives the loss, or the list of loss and metrics so far."""
        self._require_compiled("train_on_batch")
        feed = self._one_batch(x, y, sample_weight, class_weight, "train_on_batch")
        binding = loop.bind_for_training(self)
        plan = plans.for_batches(self, "train", binding)
        before = state.read(binding, int(self.optimizer.iterations))
        after, logs = plan.run(before, runner.to_device(feed))
        jax.block_until_ready(after.step)
        state.commit(binding, after)
        return self._batch_logs(logs, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics, one batch added to those so far; weights stay as they are."""
        self._require_compiled("test_on_batch")
        feed = self._one_batch(x, y, sample_weight, None, "test_on_batch")
        binding = state.bind(self, None, self.metrics)  # type: ignore[attr-defined]
        plan = plans.for_batches(self, "test", binding)
        after, logs = plan.run(state.read(binding, 0), runner.to_device(feed))
        jax.block_until_ready(after.step)
        state.commit(binding, after)
        return self._batch_logs(logs, return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, as NumPy arrays."""
        feed = feeds.make(x, None, None, batch_size=feeds.row_count(x) or 1, role="predict")
        batch = feed.peek()[0]
        if not self.built:
            self.prepare_inputs(batch)
        return jax.tree.map(
            np.asarray, inference.run_batch(inference.plan_for(self), batch, 1 << 30)
        )

    def _one_batch(self, x: Any, y: Any, sample_weight: Any, class_weight: Any, role: str) -> Any:
        feed = feeds.make(
            x,
            y,
            sample_weight,
            batch_size=feeds.row_count(x) or 1,
            class_weight=class_weight,
            role=role,
        )
        self.prepare(feed, role)
        return feed.peek()

    def _batch_logs(self, logs: dict[str, Any], return_dict: bool) -> Any:
        found = {name: np.asarray(value) for name, value in logs.items()}
        return found if return_dict else self._in_order(found)

    def _in_order(self, found: dict[str, Any]) -> Any:
        names = [name for name in self.metrics_names if name in found]
        names += [name for name in found if name not in names]
        values = [found[name] for name in names]
        return values[0] if len(values) == 1 else values

    # -- getting ready -----------------------------------------------------------------------------

    def _require_compiled(self, what: str) -> None:
        if self._spec is None:
            raise ValueError(
                f"call `compile(optimizer, loss)` before `{what}` (model '{self.name}')"
            )

    def prepare_inputs(self, x: Any) -> Any:
        """Build the model for such inputs if it is not built; gives the symbolic outputs."""
        spec = jax.tree.map(lambda a: KerasTensor((None, *np.shape(a)[1:]), a.dtype), x)
        return self.symbolic_outputs(spec)

    def symbolic_outputs(self, spec: Any) -> Any:
        """The outputs for symbolic inputs, without a note in any graph."""
        model: Any = self
        if not model.built:
            with naming.name_scope(self.name):
                model.build_for(spec)
        with naming.root_scope(model.path):
            return model.compute_output_spec(spec)

    def prepare(self, feed: Feed, role: str) -> None:
        """Build the model, line up losses and metrics with its outputs, check the data."""
        assert self._spec is not None
        x, y, _ = feed.peek()
        if self._objective is None:
            outputs = self.prepare_inputs(x)
            self._objective = Objective(self._spec, y, outputs, self._names_of(outputs))
        checks.check_feed(self, feed, self._objective, role)

    def _names_of(self, outputs: Any) -> list[str]:
        if isinstance(outputs, dict):
            return sorted(outputs)
        names = list(getattr(self, "output_names", []) or [])
        count = len(tree.flatten(outputs))
        return names if len(names) == count else [f"output_{i}" for i in range(count)]

    def __getstate__(self) -> dict[str, Any]:
        kept: dict[str, Any] = dict(self.__dict__)
        kept.pop("_fit_lock", None)
        kept["plans"] = {}
        kept["_validation_run"] = None
        return kept

    def __setstate__(self, found: dict[str, Any]) -> None:
        self.__dict__.update(found)
        self._fit_lock = threading.Lock()
