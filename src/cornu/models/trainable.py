"""Trainable: `compile`, `fit`, `evaluate`, `predict`: thin faces over `training`."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from cornu.callbacks.callback_list import CallbackList
from cornu.core import naming, tree
from cornu.core.scope import current
from cornu.core.symbolic import KerasTensor
from cornu.errors import TrainingBusyError, unexpected_keywords
from cornu.models.one_batch import OneBatch
from cornu.training import checks, filling, inference, logs, loop
from cornu.training.compiled_spec import Objective
from cornu.training.feed import feed as feeds
from cornu.training.feed.feed import Feed
from cornu.training.profile import Profile, profile_step


class Trainable(OneBatch):
    """What a model can do with data."""

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
        filling.refuse_unweighted(scope.losses if scope is not None else [])
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
            x: inputs: array, list or dict of arrays, DataFrame, generator, PyDataset, ...
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
            feed = self.prepare(feed, "fit")
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
        return checks.checked(self, feed, self._objective, "validation_data")

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
            x: inputs, as for `fit`.
            y: targets.
            batch_size: rows a step; default 32.
            verbose: 0 silent, 1 progress bar, 2 one line.
            sample_weight: weight of each row.
            steps: batches to evaluate on; default: all.
            callbacks: list of callbacks.
            return_dict: give a dict by name instead of a list.
            **kwargs: none; an unknown keyword is an error.

        Returns:
            The loss alone, or the list `[loss, metric, ...]` in the order of `metrics_names`.
        """
        if kwargs:
            raise unexpected_keywords(
                "evaluate", kwargs, ("x", "y", "batch_size", "steps", "return_dict")
            )
        self._require_compiled("evaluate")
        feed = feeds.make(x, y, sample_weight, batch_size=batch_size, steps=steps, role="evaluate")
        feed = self.prepare(feed, "evaluate")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, verbose=verbose, epochs=1,
                steps=steps or feed.size, model=self,
            )  # fmt: skip
        self.stop_evaluating = False
        found = logs.fetched(loop.evaluate(self, feed, callbacks, steps))
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
        feed = checks.checked(self, feed, None, "predict")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, verbose=verbose, epochs=1,
                steps=steps or feed.size, model=self,
            )  # fmt: skip
        self.stop_predicting = False
        return inference.predict(self, feed, callbacks, steps)

    def profile(
        self,
        x: Any,
        y: Any = None,
        batch_size: int | None = None,
        sample_weight: Any = None,
        runs: int = 10,
        verbose: Any = "auto",
    ) -> Profile:
        """What one training step costs: seconds, FLOPs, arithmetic rate and memory, by part.

        The step is compiled and timed on the first batch of `x`. Weights, metrics and the
        optimizer's values stay as they are; model and optimizer are built if they are not.

        Args:
            x: inputs, as for `fit`.
            y: targets.
            batch_size: rows a step; default 32, or all there are if fewer.
            sample_weight: weight of each row in the loss.
            runs: how often to time each part; medians are reported.
            verbose: 0 silent, else print the table.

        Returns:
            Profile: figures of forward, backward, update and the whole step, the machine's matmul
            rate, memory as XLA reports it; `str(...)` of it is the table.

        Raises:
            ValueError: if the model was not compiled, or compiled to run eagerly.
        """
        self._require_compiled("profile")
        if self.run_eagerly:
            raise ValueError(
                f"`profile` looks at compiled steps, and model '{self.name}' was compiled with "
                "run_eagerly=True: compile it without"
            )
        checks.check_count("runs", runs)
        feed = feeds.make(x, y, sample_weight, batch_size=batch_size, role="profile")
        found = profile_step(self, self.prepare(feed, "profile").peek(), runs)
        if verbose:
            print(found)
        return found

    # -- getting ready -----------------------------------------------------------------------------

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
        known = model.graph_outputs()
        if known is not None:
            return known
        with naming.root_scope(model.path):
            return model.compute_output_spec(spec)

    def prepare(self, feed: Feed, role: str) -> Feed:
        """Build the model, line up losses and metrics with its outputs, check the data.

        Returns:
            The feed to use: one that looks at each batch, where batches come one by one.
        """
        assert self._spec is not None
        x, y, _ = feed.peek()
        if self._objective is None:
            outputs = self.prepare_inputs(x)
            self._objective = Objective(self._spec, y, outputs, self._names_of(outputs))
        return checks.checked(self, feed, self._objective, role)

    def _names_of(self, outputs: Any) -> list[str]:
        if isinstance(outputs, dict):
            return sorted(outputs)
        names = list(getattr(self, "output_names", []) or [])
        count = len(tree.flatten(outputs))
        return names if len(names) == count else [f"output_{i}" for i in range(count)]
