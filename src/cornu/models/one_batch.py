"""`train_on_batch` and its kin: one step by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from cornu.models.compiling import Compiled
from cornu.training import inference, loop, plans, runner, state
from cornu.training.feed import feed as feeds


class OneBatch(Compiled):
    """What a model can do with a single batch."""

    prepare: Callable[[Any, str], Any]
    prepare_inputs: Callable[[Any], Any]
    reset_metrics: Callable[[], None]

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One update by one batch; gives the batch's loss, or the list of its loss and metrics."""
        self._require_compiled("train_on_batch")
        feed = self._one_batch(x, y, sample_weight, class_weight, "train_on_batch")
        binding = loop.bind_for_training(self)
        plan = plans.for_batches(self, "train", binding)
        self.reset_metrics()
        before = state.read(binding, int(self.optimizer.iterations))
        after, logs = plan.run(before, runner.to_device(feed))
        jax.block_until_ready(after.step)
        state.commit(binding, after)
        return self._batch_logs(logs, return_dict)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Loss and metrics of one batch; weights stay as they are."""
        self._require_compiled("test_on_batch")
        feed = self._one_batch(x, y, sample_weight, None, "test_on_batch")
        binding = state.bind(self, None, self.metrics)  # type: ignore[attr-defined]
        plan = plans.for_batches(self, "test", binding)
        self.reset_metrics()
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
        return jax.tree.map(np.asarray, inference.run_batch(inference.plan_for(self), batch))

    def _one_batch(self, x: Any, y: Any, sample_weight: Any, class_weight: Any, role: str) -> Any:
        feed = feeds.make(
            x,
            y,
            sample_weight,
            batch_size=feeds.row_count(x) or 1,
            class_weight=class_weight,
            role=role,
        )
        return self.prepare(feed, role).peek()

    def _batch_logs(self, logs: dict[str, Any], return_dict: bool) -> Any:
        found = {name: _plain(value) for name, value in logs.items()}
        return found if return_dict else self._in_order(found)


def _plain(value: Any) -> float | np.ndarray:
    """A number as Python's, which can be formatted; other results as arrays."""
    return float(value) if np.ndim(value) == 0 else np.asarray(value)
