"""Methods that models had in Keras 1 and 2, as functions; `attach` puts them on a model class."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from cornu.core import tree
from cornu.legacy.arguments import translate


def fit_generator(
    model: Any,
    generator: Any,
    steps_per_epoch: int | None = None,
    epochs: int = 1,
    verbose: Any = 1,
    callbacks: Any = None,
    validation_data: Any = None,
    validation_steps: int | None = None,
    class_weight: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    shuffle: bool = True,
    initial_epoch: int = 0,
    *,
    samples_per_epoch: int | None = None,
    nb_val_samples: int | None = None,
) -> Any:
    """`fit` on a generator of batches; Keras 1's sample counts become numbers of steps."""
    del max_queue_size, workers, use_multiprocessing
    if samples_per_epoch is not None:
        generator, steps_per_epoch = _in_steps(generator, samples_per_epoch)
    if nb_val_samples is not None:
        validation_data, validation_steps = _in_steps(validation_data, nb_val_samples)
    return model.fit(
        generator,
        steps_per_epoch=steps_per_epoch,
        epochs=epochs,
        verbose=verbose,
        callbacks=callbacks,
        validation_data=validation_data,
        validation_steps=validation_steps,
        class_weight=class_weight,
        shuffle=shuffle,
        initial_epoch=initial_epoch,
    )


def evaluate_generator(
    model: Any,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: Any = 0,
    *,
    val_samples: int | None = None,
) -> Any:
    """`evaluate` on a generator of batches."""
    del max_queue_size, workers, use_multiprocessing
    if val_samples is not None:
        generator, steps = _in_steps(generator, val_samples)
    return model.evaluate(generator, steps=steps, callbacks=callbacks, verbose=verbose)


def predict_generator(
    model: Any,
    generator: Any,
    steps: int | None = None,
    callbacks: Any = None,
    max_queue_size: int = 10,
    workers: int = 1,
    use_multiprocessing: bool = False,
    verbose: Any = 0,
    *,
    val_samples: int | None = None,
) -> Any:
    """`predict` on a generator of batches."""
    del max_queue_size, workers, use_multiprocessing
    if val_samples is not None:
        generator, steps = _in_steps(generator, val_samples)
    return model.predict(generator, steps=steps, callbacks=callbacks, verbose=verbose)


def predict_proba(model: Any, x: Any, batch_size: int | None = 32, verbose: Any = 0) -> np.ndarray:
    """`predict`."""
    return model.predict(x, batch_size=batch_size, verbose=verbose)


def predict_classes(
    model: Any, x: Any, batch_size: int | None = 32, verbose: Any = 0
) -> np.ndarray:
    """The class of each row: the most likely one, or whether a single output is above 0.5."""
    found = model.predict(x, batch_size=batch_size, verbose=verbose)
    if found.shape[-1] > 1:
        return found.argmax(axis=-1)
    return (found > 0.5).astype("int32")


METHODS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        fit_generator,
        evaluate_generator,
        predict_generator,
        predict_proba,
        predict_classes,
    )
}


def attach(model_class: type) -> None:
    """Give `model_class` the methods it lacks."""
    for name, function in METHODS.items():
        if not hasattr(model_class, name):
            setattr(model_class, name, _with_old_arguments(name, function))


def _with_old_arguments(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        args, kwargs = translate(name, args, kwargs)
        return function(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = function.__doc__
    return method


def _in_steps(source: Any, samples: int) -> tuple[Any, int | None]:
    """`source` with its first batch looked at and put back, and `samples` in batches."""
    if isinstance(source, tuple | list) or source is None:
        return source, None  # arrays know their size
    batch_size = getattr(source, "batch_size", None)
    if batch_size is None and not hasattr(source, "__getitem__"):
        first, source = _peek(source)
        batch_size = len(tree.flatten(first)[0])
    elif batch_size is None:
        batch_size = len(tree.flatten(source[0])[0])
    return source, math.ceil(samples / batch_size)


def _peek(source: Iterable[Any]) -> tuple[Any, Iterable[Any]]:
    iterator = iter(source)
    first = next(iterator)
    return first, itertools.chain([first], iterator)
