"""`fit` and `evaluate`: epochs of steps with callbacks between them.

The loop knows a model by its variables, its call, `compute_loss` and its callbacks. After every
dispatch the new state is committed whole; whatever is raised in between, the model holds the last
completed step.
"""

from __future__ import annotations

import collections
import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

import jax

from cornu.callbacks.logs import LazyLogs
from cornu.core import heap, random, variable
from cornu.core.scope import Scope
from cornu.errors import BadInputError, warn
from cornu.layers.base import tracked
from cornu.training import checks, filling, interrupts, logs, plans
from cornu.training.runner import Span
from cornu.training.state import Binding, State, bind, commit, read


@dataclasses.dataclass
class FitOptions:
    """The arguments of `fit` that the loop itself needs."""

    epochs: int = 1
    initial_epoch: int = 0
    initial_step: int = 0
    steps_per_epoch: int | None = None
    validation_steps: int | None = None
    validation_freq: Any = 1


def fit(model: Any, feed: Any, validation: Any, callbacks: Any, options: FitOptions) -> Any:
    """Train; the History callback's records are what the user gets back."""
    session = _Session(model, feed, callbacks, options.steps_per_epoch)
    model.stop_training = False
    with interrupts.guarded(), heap.kept():
        try:
            callbacks.on_train_begin()
            first, start = options.initial_epoch, options.initial_step
            if model.resume_at is not None:  # set by a callback that restored a backup
                (first, start), model.resume_at = model.resume_at, None
            is_alone = validation is None
            for epoch, epoch_logs in session.epochs(first, options.epochs, start, is_alone):
                if validation is not None and _is_due(epoch, options.validation_freq):
                    found = evaluate(
                        model,
                        validation,
                        callbacks,
                        steps=options.validation_steps,
                        inside_fit=True,
                    )
                    epoch_logs.update({f"val_{name}": v for name, v in dict.items(found)})
                callbacks.on_epoch_end(epoch, epoch_logs)
                model.history_logs = epoch_logs
            finalize = getattr(model.optimizer, "finalize_variable_values", None)
            if finalize is not None:
                finalize(model.trainable_variables)
            session.check_learning()
            model._validation_run = None
            callbacks.on_train_end(logs=model.history_logs)
        except BaseException:
            session.restore_if_broken()
            callbacks.on_abort()
            raise
    return model.history


def _is_due(epoch: int, frequency: Any) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


class _Session:
    """One fit: its bound variables, compiled plan and last states."""

    def __init__(self, model: Any, feed: Any, callbacks: Any, limit: int | None) -> None:
        self.model = model
        self.feed = feed
        self.callbacks = callbacks
        self.limit = limit
        self.binding: Binding | None = None
        self.run: Any = None
        # The newest state that is computed, and those after it.
        self.states: collections.deque[State] = collections.deque()
        self.version = -1
        # Values of the metric variables after a reset; None where a reset may do more.
        self.fresh: tuple[Any, ...] | None = None
        self.watch: checks.LearningWatch | None = None
        self.counted: tuple[Any, int] = (None, 0)  # stored value of the step counter, as a number

    def _bind(self) -> Binding:
        if self.binding is None or self.version != variable.structure_version:
            with tracked.still():
                self._bind_anew()
        assert self.binding is not None
        return self.binding

    def _bind_anew(self) -> None:
        binding = bind_for_training(self.model)
        if self.binding is None or binding.key() != self.binding.key():
            self.binding = binding
            what = (self.model, "train", binding, self.feed, self.callbacks.keeps_finite)
            if self.run is None:
                self.run = plans.make_run(*what)
            else:
                self.run.plan = plans.plan_for(*what)  # the data stay where they are
        self.fresh = _fresh_if_plain(self.model, self.binding)
        self.version = variable.structure_version

    def epochs(
        self, first: int, end: int, start: int, is_alone: bool
    ) -> Iterator[tuple[int, LazyLogs]]:
        """Run epochs until training is stopped; gives the number and the logs of each.

        Args:
            first: number of the first epoch.
            end: number after that of the last epoch.
            start: steps of the first epoch that are done.
            is_alone: whether nothing but callbacks has to be done between epochs.
        """
        epoch = first
        while epoch < end and not (epoch > first and self.model.stop_training):
            for epoch_logs in self._run(epoch, start, end - epoch, is_alone):
                yield epoch, epoch_logs
                epoch += 1
            start = 0

    def _run(self, epoch: int, start: int, coming: int, is_alone: bool) -> list[LazyLogs]:
        """Run an epoch from step `start`, or several of `coming` epochs; gives the logs of each."""
        model, callbacks = self.model, self.callbacks
        self._bind()
        if not start:
            self._reset_metrics()
        callbacks.on_epoch_begin(epoch)
        binding = self._bind()
        iterations = self._steps_taken()
        single = callbacks.wants_batches("train")
        size = self.limit or self.feed.size
        span = Span(
            (random.process_seed(), iterations - start),
            start,
            self.limit,
            single=single,
            epochs=coming,
            together=is_alone and self._goes_on_alone(),
        )
        state = read(binding, iterations)
        self._note(state)
        if self.watch is None and not callbacks.keeps_finite:
            self.watch = checks.LearningWatch(model, binding.trainable, state.trainable)
        earlier: list[dict[str, Any]] = []
        latest: dict[str, Any] = {}
        done = start
        if single and not model.stop_training:
            callbacks.on_train_batch_begin(start)
        steps = self.run.epoch(state, span, self._refresh)
        with contextlib.closing(steps):
            for progress in steps:
                earlier.extend(progress.earlier)
                latest, done = progress.logs, progress.steps
                self._store(progress.state, iterations - start + len(earlier) * done + done)
                if single:
                    callbacks.on_train_batch_end(done - 1, LazyLogs(latest))
                    if not model.stop_training and (size is None or done < size):
                        callbacks.on_train_batch_begin(done)
                else:
                    callbacks.on_progress("train", done, LazyLogs(latest))
                if model.stop_training:
                    break
        self._check_length(epoch, done)
        self.feed.epoch_end()
        found = [logs.ordered(each) for each in (*earlier, latest)]
        if self.watch is not None:
            for number, epoch_logs in enumerate(found, epoch):
                self.watch.note(number, epoch_logs)
        return found

    def _goes_on_alone(self) -> bool:
        """Whether one epoch may follow another with nothing done or looked at in between."""
        return (
            not self.callbacks.wants_epochs()
            and self.model.optimizer.counts_every_step
            and self.fresh is not None
        )

    def _reset_metrics(self) -> None:
        if self.fresh is None:
            self.model.reset_metrics()
            return
        assert self.binding is not None
        for metric_variable, value in zip(self.binding.metrics, self.fresh, strict=True):
            metric_variable.store(value)

    def _steps_taken(self) -> int:
        """Steps that the optimizer has taken; asked of the device only if somebody changed it."""
        stored = self.model.optimizer.steps_taken.stored
        if self.counted[0] is not stored:
            self.counted = stored, int(stored)
        return self.counted[1]

    def _refresh(self, state: State) -> State:
        """The state as callbacks may have changed it."""
        assert self.binding is not None
        return read(self.binding, state.step)

    def _store(self, state: State, steps: int) -> None:
        assert self.binding is not None
        self._note(state)
        commit(self.binding, state)
        if self.model.optimizer.counts_every_step:
            self.counted = self.model.optimizer.steps_taken.stored, steps

    def _note(self, state: State) -> None:
        """Remember a state, and of those before it what a failure could have to go back to."""
        self.states.append(state)
        ready = next((i for i in reversed(range(len(self.states))) if _is_ready(self.states[i])), 0)
        for _ in range(ready):
            self.states.popleft()

    def check_learning(self) -> None:
        """Voice doubts about the last epochs, too."""
        if self.watch is not None:
            self.watch.look()

    def restore_if_broken(self) -> None:
        """After an error: if the device failed to compute what is stored, go back to what was."""
        if self.binding is None or _is_sound([v.stored for v in self.binding.all()]):
            return
        last = next((state for state in reversed(self.states) if _is_sound(state)), None)
        if last is not None:
            commit(self.binding, last)

    def _check_length(self, epoch: int, done: int) -> None:
        if self.model.stop_training:
            return
        wanted = self.limit or self.feed.size
        if done == 0:
            raise BadInputError(
                f"the data gave no batch in epoch {epoch + 1}: a generator must go on for ever, or "
                "be made anew for each epoch (a Dataset or PyDataset does so)"
            )
        if wanted is not None and self.feed.arrays is None and done < wanted:
            warn(
                f"the data ended at step {done} of {wanted} in epoch {epoch + 1}; later epochs "
                "will find no more: give a source that lasts `steps_per_epoch * epochs` batches"
            )


def _is_ready(state: State) -> bool:
    """Whether the device has finished computing a state, without waiting for it."""
    arrays: tuple[Any, ...] = state.metrics
    return all(array.is_ready() for array in arrays)


def _is_sound(values: Any) -> bool:
    """Whether the device could compute all of `values`; waits for them."""
    try:
        jax.block_until_ready(values)
    except Exception:
        return False
    return True


def bind_for_training(model: Any) -> Binding:
    """The model's variables, with those of its optimizer built."""
    if model.optimizer is None:
        raise RuntimeError(
            f"model '{model.name}' has no optimizer: call `compile(optimizer, loss)` first"
        )
    trainable = model.trainable_variables
    known = {id(v): v for v in model.optimizer._trainable_variables}
    if not model.optimizer.built or any(id(v) not in known for v in trainable):
        # Weights unfrozen since are added to this model's own; those of another are refused.
        frozen = (v for v in model.non_trainable_variables if id(v) in known)
        model.optimizer.build([*trainable, *frozen])
    return bind(model, model.optimizer, model.metrics)


@heap.kept()
def evaluate(
    model: Any, feed: Any, callbacks: Any, steps: int | None = None, inside_fit: bool = False
) -> LazyLogs:
    """Metrics over a feed. Reads the model's variables and changes none."""
    ready = _ready_to_evaluate(model, feed, inside_fit)
    fresh = _fresh_metrics(model, ready.binding) if ready.fresh is None else ready.fresh
    state = read(ready.binding, 0)._replace(metrics=fresh)
    callbacks.on_test_begin()
    single = callbacks.wants_batches("test")
    latest: dict[str, Any] = {}
    done = 0
    size = steps or feed.size
    if single:
        callbacks.on_test_batch_begin(0)
    span = Span((0, 0), limit=steps, single=single)
    chunks = ready.run.epoch(state, span, lambda state: state)
    with contextlib.closing(chunks):
        for progress in chunks:
            latest, done = progress.logs, progress.steps
            if single:
                callbacks.on_test_batch_end(done - 1, LazyLogs(latest))
                if size is None or done < size:
                    callbacks.on_test_batch_begin(done)
            else:
                callbacks.on_progress("test", done, LazyLogs(latest))
            if getattr(model, "stop_evaluating", False):
                break
    if not done:
        raise BadInputError("the data to evaluate on gave no batch")
    found = logs.ordered(latest)
    callbacks.on_test_end(found)
    return found


@dataclasses.dataclass
class _Evaluation:
    """What an evaluation needs besides values; that of a fit's validation is used again."""

    feed: Any
    version: int  # of the structure of all models
    binding: Binding
    run: Any
    fresh: tuple[Any, ...] | None  # values of the metric variables after a reset, if they are known


def _ready_to_evaluate(model: Any, feed: Any, inside_fit: bool) -> _Evaluation:
    kept = getattr(model, "_validation_run", None) if inside_fit else None
    if kept is not None and kept.feed is not feed:
        kept = None
    if kept is not None and kept.version == variable.structure_version:
        return kept
    binding = bind(model, None, model.metrics)
    if kept is not None and kept.binding.key() == binding.key():
        run = kept.run  # its arrays lie on the device already
    else:
        run = plans.make_run(model, "test", binding, feed)
    fresh = _fresh_if_plain(model, binding)
    ready = _Evaluation(feed, variable.structure_version, binding, run, fresh)
    if inside_fit:
        model._validation_run = ready
    return ready


def _fresh_if_plain(model: Any, binding: Binding) -> tuple[Any, ...] | None:
    """The values after a reset; None where it may do more than set variables, as a user's may."""
    is_plain = filling.is_ours(type(model).reset_metrics) and all(
        filling.is_ours(type(metric)) for metric in model.metrics
    )
    return _fresh_metrics(model, binding) if is_plain else None


def _fresh_metrics(model: Any, binding: Binding) -> tuple[Any, ...]:
    """The values of the metric variables after a reset, without resetting them."""
    with Scope([(v, v.stored) for v in binding.metrics]) as scope:
        model.reset_metrics()
    return tuple(scope.values[id(v)] for v in binding.metrics)
