"""TerminateOnNaN."""

from __future__ import annotations

import math

from cornu.callbacks.callback import Callback, Logs
from cornu.callbacks.console import say


class TerminateOnNaN(Callback):
    """Stops training when the loss is not finite.

    It asks the loop (`keeps_finite`) that a step whose loss is not finite leave the weights as they
    were.

    Args:
        raise_error: whether to raise RuntimeError instead of stopping as if the epochs were over.
    """

    keeps_finite = True

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Look at the loss."""
        super().on_train_batch_end(batch, logs)
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"the loss became {float(loss)} at batch {batch}: training was stopped"
            )
        say(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
