"""Sources that can only be iterated over: generators, and iterables that start anew each time."""

from __future__ import annotations

import collections
import dis
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

import numpy as np

from cornu.errors import BadInputError, warn
from cornu.training.feed import weights
from cornu.training.feed.arrays import to_arrays
from cornu.training.feed.batch import Batch, unpack_x_y_sample_weight
from cornu.training.feed.order import Seed
from cornu.training.feed.prefetch import Prefetch

LOOKAHEAD = 2  # one batch that waits, one in the making
_SUSPICIOUS = 10_000  # batches of an epoch of unknown length after which to speak up
_LEAVING = {"RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS"}
_STEPS_ARGUMENT = {"fit": "steps_per_epoch", "validation_data": "validation_steps"}


def is_endless(source: Any) -> bool:
    """Whether it is certain that iterating over `source` never stops.

    A generator function whose code neither returns nor raises can only stop by an error of others.
    """
    if isinstance(source, itertools.count | itertools.cycle | itertools.repeat):
        return True
    return inspect.isgenerator(source) and not any(
        instruction.opname in _LEAVING for instruction in dis.get_instructions(source.gi_code)
    )


def no_length(kind: str, role: str) -> BadInputError:
    """The error for a source that never ends, when nobody says how long an epoch is."""
    argument = _STEPS_ARGUMENT.get(role, "steps")
    return BadInputError(f"the {kind} never ends, so there is no known length: pass {argument}")


def convert(
    item: Any,
    number: int,
    kind: str,
    role: str = "fit",
    class_weight: dict[int, float] | None = None,
) -> Batch:
    """What a source gave as batch `number`, as arrays; `predict` looks at the inputs only."""
    try:
        x, y, sample_weight = unpack_x_y_sample_weight(item)
        if role == "predict":
            return to_arrays(x)
        x, y, sample_weight = to_arrays(x, y, sample_weight)
        if class_weight is not None:
            sample_weight = weights.with_class_weight(y, sample_weight, class_weight)
    except BadInputError as error:
        # No chain: the cause would show the same message twice.
        raise BadInputError(f"batch {number} of the {kind}: {error}") from None
    return x, y, sample_weight


class IterableFeed:
    """Batches from whatever `start` gives an iterator over.

    Without `steps`, an epoch is one pass, made anew where the source can. With it, an epoch of
    `fit` is the next `steps` batches, and a source that can starts over when it ends. A batch that
    was made ahead but not used is the first of the next epoch, so that a generator loses none.

    Args:
        start: gives the iterator of a new pass.
        kind: what messages call the source.
        restarts: whether `start` gives all batches again when it is called again.
        size: batches of one pass, if known.
        samples: rows of one pass, if known.
        batch_size: rows of a batch, if known.
        steps: batches of an epoch.
        role: what the data is for: "fit", "validation_data", "evaluate", "predict".
        class_weight: as from `weights.check_class_weight`.
    """

    arrays: Batch | None = None
    shuffle = False

    def __init__(
        self,
        start: Callable[[], Iterator[Any]],
        kind: str,
        *,
        restarts: bool,
        size: int | None = None,
        samples: int | None = None,
        batch_size: int | None = None,
        steps: int | None = None,
        role: str = "fit",
        class_weight: dict[int, float] | None = None,
    ) -> None:
        self.kind, self.batch_size = kind, batch_size
        self.size = steps or size
        self.samples = samples if steps is None else None
        self._start, self._restarts, self._steps, self._role = start, restarts, steps, role
        self._class_weight = class_weight
        self._goes_on = not restarts or (role == "fit" and steps is not None)
        self._iterator: Iterator[Any] | None = None
        self._ready: collections.deque[Batch] = collections.deque()
        self._failure: BaseException | None = None
        self._only_peeked = False
        self._count = 0  # items drawn from the iterator

    def order(self, epoch_seed: Seed) -> np.ndarray | None:
        """None: the source has its own order."""
        del epoch_seed

    def peek(self) -> Batch:
        """The first batch; the next `batches` gives it again."""
        if not self._ready:
            if not self._goes_on:
                self._iterator = None
            first = next(self._drawn(1), None)
            if first is None:
                raise BadInputError(f"the {self.kind} gave no batch: it is empty or used up")
            self._ready.append(first)
            self._only_peeked = True
        return self._ready[0]

    def batches(self, epoch_seed: Seed, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch; the first `start` are drawn and thrown away."""
        del epoch_seed
        if not self._goes_on and not self._only_peeked:
            self._iterator = None
            self._ready.clear()
        self._only_peeked = False
        given = 0
        for batch in self._ahead():
            given += 1
            if given > start:
                yield batch
        if self._steps is None:
            if self._restarts:
                self.size = given
        elif given < self._steps and self._role != "fit":
            warn(f"the {self.kind} ended after {given} of {self._steps} batches")

    def epoch_end(self) -> None:
        """Nothing: the source is told by being started again."""

    def _ahead(self) -> Iterator[Batch]:
        """One epoch, made in the background; what is left over stays for the next."""
        left = self._steps
        while self._ready and left != 0:
            yield self._ready.popleft()
            left = None if left is None else left - 1
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        if left == 0:
            return
        ahead = Prefetch(self._drawn(left), LOOKAHEAD)
        try:
            yield from ahead
        finally:
            ahead.close()
            unread, self._failure = ahead.unread()
            self._ready.extend(unread)

    def _drawn(self, limit: int | None) -> Iterator[Batch]:
        """Up to `limit` more batches of the iterator, which starts over where that is meant."""
        drawn = 0
        while drawn != limit:
            if self._iterator is None:
                self._iterator, self._count = self._start(), 0
            try:
                item = next(self._iterator)
            except StopIteration:
                if self._restarts and self._goes_on and self._count:
                    self._iterator = None
                    continue
                return
            self._count += 1
            drawn += 1
            if drawn == _SUSPICIOUS and limit is None and self.size is None:
                warn(
                    f"{drawn} batches so far and the {self.kind} has not ended; if it never does, "
                    f"pass "
                    f"{_STEPS_ARGUMENT.get(self._role, 'steps')}"
                )
            yield convert(item, self._count - 1, self.kind, self._role, self._class_weight)


def make_generator_feed(source: Iterable[Any], **options: Any) -> IterableFeed:
    """A feed over a generator or any other iterable.

    Raises:
        ValueError: if it never ends and `steps` is not given.
    """
    kind = "generator" if inspect.isgenerator(source) else type(source).__name__
    if options.get("steps") is None and is_endless(source):
        raise no_length(kind, options.get("role", "fit"))
    restarts = not hasattr(source, "__next__")
    if isinstance(source, Sized):
        options.setdefault("size", len(source))
    return IterableFeed(lambda: iter(source), kind, restarts=restarts, **options)
