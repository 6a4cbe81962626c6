"""What `compile` does: say how a model is to be trained."""

from __future__ import annotations

import threading
import types
from typing import Any, ClassVar

from cornu import losses, optimizers
from cornu.core import tree
from cornu.serialization import codec
from cornu.training import checks
from cornu.training.compiled_spec import CompiledSpec, Objective


class Compiled:
    """A model that can be told how to train."""

    untracked: ClassVar[frozenset[str]] = frozenset(
        {
            "plans",
            "optimizer",
            "loss",
            "history",
            "history_logs",
            "_spec",
            "_objective",
            "_validation_run",
            "_fit_lock",
        }
    )
    name: str
    built: bool

    def __init__(self) -> None:
        self.plans: dict[Any, Any] = {}
        self.optimizer: Any = None
        self.loss: Any = None
        self.history: Any = None
        self.history_logs: dict[str, Any] = {}
        self.resume_at: tuple[int, int] | None = None
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self._spec: CompiledSpec | None = None
        self._objective: Objective | None = None
        self._fit_lock = threading.Lock()
        self._validation_run: Any = None

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
            auto_scale_loss: with mixed_float16, wrap the optimizer in dynamic loss scaling.

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
        metrics = self.metrics  # type: ignore[attr-defined]
        if self._objective is None:
            return [m.name for m in metrics]
        return [self._objective.log_name(m) for m in metrics]

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, JSON-ready."""
        if self._spec is None:
            return None
        names = ("optimizer", "loss", "loss_weights", "metrics", "weighted_metrics", "run_eagerly",
                 "steps_per_execution", "jit_compile")  # fmt: skip
        return {name: _encode(getattr(self._spec, name)) for name in names}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` gave; weights already loaded stay.

        Args:
            config: arguments of `compile`; unknown ones are an error.

        Raises:
            ValueError: for names that are not known.
        """
        if not config:
            return
        self.compile(**{name: codec.decode(value) for name, value in config.items()})

    def _require_compiled(self, what: str) -> None:
        if self._spec is None:
            raise ValueError(
                f"call `compile(optimizer, loss)` before `{what}` (model '{self.name}')"
            )

    def _in_order(self, found: dict[str, Any]) -> Any:
        names = [name for name in self.metrics_names if name in found]
        names += [name for name in found if name not in names]
        values = [found[name] for name in names]
        return values[0] if len(values) == 1 else values

    def __getstate__(self) -> dict[str, Any]:
        kept: dict[str, Any] = dict(self.__dict__)
        kept.pop("_fit_lock", None)
        kept["plans"] = {}
        kept["_validation_run"] = None
        return kept

    def __setstate__(self, found: dict[str, Any]) -> None:
        self.__dict__.update(found)
        self._fit_lock = threading.Lock()


def _encode(value: Any) -> Any:
    """Like `codec.encode`; functions as records, as Keras has them here."""
    if isinstance(value, types.FunctionType):
        return codec.function_record(value)
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    return codec.encode(value)
