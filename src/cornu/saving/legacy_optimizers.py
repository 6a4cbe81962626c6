"""Where each variable of an optimizer stands among the arrays that Keras 2 wrote for its state.

Three orders were in use: Keras up to 2.3 numbered its arrays, one slot of all weights after the
other; tf.keras and `optimizers.legacy` called them `Adam/dense/kernel/m`; the optimizers of Keras
2.11 to 2.15 `Adam/m/dense/kernel`, in `.keras` files without the names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Shape = tuple[int, ...]
Places = dict[int, int]  # index of a variable -> index of its array

# What older Keras called a slot -> what it is called today; the first that the optimizer has.
_SLOTS: Mapping[str, tuple[str, ...]] = {
    "accum_grad": ("accumulated_grad",),
    "accum_var": ("accumulated_delta_var",),
    "accumulated_delta_var": ("accumulated_delta_var",),
    "accumulated_grad": ("accumulated_grad",),
    "accumulator": ("accumulator",),
    "average": ("average",),
    "average_gradient": ("average_gradient",),
    "c": ("column",),
    "linear": ("linear",),
    "m": ("momentum",),
    "mg": ("average_gradient",),
    "momentum": ("momentum",),
    "r": ("row",),
    "rms": ("velocity",),
    "u": ("norm",),
    "v": ("velocity", "norm"),
    "velocity": ("velocity",),
    "vhat": ("velocity_hat",),
}
# Slots by class, in the order of Keras up to 2.3.
_NUMBERED: Mapping[str, tuple[str, ...]] = {
    "Adadelta": ("accumulated_grad", "accumulated_delta_var"),
    "Adagrad": ("accumulator",),
    "Adam": ("momentum", "velocity", "velocity_hat"),
    "Adamax": ("momentum", "norm"),
    "Nadam": ("momentum", "velocity"),
    "RMSprop": ("velocity",),
    "SGD": ("momentum",),
}
# Groups of slots by class, in the order of Keras 2.11 to 2.15: a group goes weight by weight.
_GROUPS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Adadelta": (("accumulated_grad", "accumulated_delta_var"),),
    "Adafactor": (("r", "c", "v"),),
    "Adagrad": (("accumulator",),),
    "Adam": (("m", "v"), ("vhat",)),
    "AdamW": (("m", "v"), ("vhat",)),
    "Adamax": (("m", "u"),),
    "Ftrl": (("accumulator", "linear"),),
    "Lion": (("m",),),
    "Nadam": (("m", "v"),),
    "RMSprop": (("velocity",), ("momentum",), ("average_gradient",)),
    "SGD": (("m",),),
}
_OF_MATRICES = ("row", "column")  # Keras 2 kept these for no vector
_KEPT_ALWAYS = {"SGD": "momentum"}  # a slot that Keras 2 kept even where it is not used


def restore(
    optimizer: Any, names: list[str], arrays: list[Any], weights: list[str] | None = None
) -> bool:
    """Set the state of an optimizer; gives whether that of the file fits.

    Args:
        optimizer: built.
        names: of the arrays.
        arrays: of the file, in its order.
        weights: names of the trained weights in the file of Keras 1, which sorted by them.
    """
    variables = optimizer.variables
    if weights is not None:
        if len(weights) != len(optimizer._trainable_variables):
            return False
        arrays = _unsorted(arrays, _counter(names, [a.shape for a in arrays]), weights)
    shapes = [array.shape for array in arrays]
    found = places(optimizer, names, shapes)
    if found is not None:
        for i, array in found.items():
            variables[i].assign(arrays[array].reshape(variables[i].shape))
        complete(optimizer)
        return True
    if shapes != [v.shape for v in variables]:
        return False
    optimizer.set_weights(arrays)
    return True


def _unsorted(arrays: list[Any], counter: int | None, weights: list[str]) -> list[Any]:
    """The arrays in the order of the weights in the model, not of the weights' names."""
    order = sorted(range(len(weights)), key=weights.__getitem__)
    found = list(arrays)
    start = 0 if counter is None else 1
    for run in range(start, len(arrays) - len(weights) + 1, len(weights)):
        for i, weight in enumerate(order):
            found[run + weight] = arrays[run + i]
    return found


def places(optimizer: Any, names: Sequence[str], shapes: Sequence[Shape]) -> Places | None:
    """Where the variables of an optimizer stand among arrays of Keras 2; None if not there.

    Those that Keras 2 did not store, the learning rate above all, are not in the answer.
    """
    slots = _named(names)
    if slots is None:
        slots = _numbered(optimizer, names, shapes)
    if slots is None:
        return None
    index = {id(v): i for i, v in enumerate(optimizer.variables)}
    found: Places = {}
    for word, arrays in slots.items():
        name, owners = _owners(optimizer, word)
        if not owners and _may_be_left(optimizer, word):
            continue
        if len(arrays) != len(owners):
            return None
        for owner, array in zip(owners, arrays, strict=True):
            if owner[name].shape != tuple(shapes[array]):
                return None
            found[index[id(owner[name])]] = array
    if len(found) != sum(len(_owned(optimizer, name)) for name in _slot_names(optimizer)):
        return None
    counter = _counter(names, shapes)
    return found if counter is None else {0: counter, **found}


def _slot_names(optimizer: Any) -> set[str]:
    return {name for held in optimizer._slots for name in held}


def nameless(optimizer: Any, shapes: Sequence[Shape]) -> Places | None:
    """The same for a `.keras` file of Keras 2.12 to 2.15: an order alone."""
    return places(optimizer, names, shapes) if (names := _names(optimizer, len(shapes))) else None


def complete(optimizer: Any) -> None:
    """Set what Keras 2 did not store and today's optimizers keep: Nadam's product of momenta."""
    product = getattr(optimizer, "_u_product", None)
    if product is None or not 0 <= optimizer.beta_1 < 1:
        return
    steps = int(optimizer.iterations)
    value, counted = 1.0, min(steps, 1000)
    for step in range(1, counted + 1):
        value *= optimizer.beta_1 * (1 - 0.5 * 0.96**step)
    product.assign(value * optimizer.beta_1 ** (steps - counted))


def _owners(optimizer: Any, word: str) -> tuple[str, list[dict[str, Any]]]:
    """Today's name of a slot, and the slots of each weight that had it."""
    for name in _SLOTS.get(word, (word,)):
        if owners := _owned(optimizer, name):
            return name, owners
    return word, []


def _owned(optimizer: Any, name: str) -> list[dict[str, Any]]:
    return [
        held
        for held, variable in zip(optimizer._slots, optimizer._trainable_variables, strict=True)
        if name in held and (name not in _OF_MATRICES or len(variable.shape) > 1)
    ]


def _may_be_left(optimizer: Any, word: str) -> bool:
    kept = _KEPT_ALWAYS.get(type(optimizer).__name__)
    return kept is not None and kept in _SLOTS.get(word, (word,))


def _counter(names: Sequence[str], shapes: Sequence[Shape]) -> int | None:
    """Which array is the number of steps: it is called so; Keras 1 put it first, without a name."""
    for i, name in enumerate(names):
        last = name.split(":")[0].rpartition("/")[2]
        if tuple(shapes[i]) in ((), (1,)) and last in ("iter", "iteration", "iterations"):
            return i
    is_first = bool(names) and tuple(shapes[0]) == () and "/" not in names[0]
    return 0 if is_first else None


def _named(names: Sequence[str]) -> dict[str, list[int]] | None:
    """Arrays by the slot that their names tell; None where they do not."""
    parts = [(i, name.split(":")[0].split("/")) for i, name in enumerate(names)]
    parts = [(i, part) for i, part in parts if len(part) > 2]
    if not parts and len(names) == 1:  # a model without weights to train
        return {}
    for place in (-1, 1):
        if parts and all(part[place] in _SLOTS for _, part in parts):
            found: dict[str, list[int]] = {}
            for i, part in parts:
                found.setdefault(part[place], []).append(i)
            return found
    return None


def _numbered(
    optimizer: Any, names: Sequence[str], shapes: Sequence[Shape]
) -> dict[str, list[int]] | None:
    """Arrays by slot where only their order tells."""
    kinds = _NUMBERED.get(type(optimizer).__name__)
    count = len(optimizer._trainable_variables)
    counter = _counter(names, shapes)
    rest = [i for i in range(len(names)) if i != counter]
    if kinds is None or not count or not all("ariable" in names[i] for i in rest):
        return None
    runs = [rest[i : i + count] for i in range(0, len(rest), count)]
    if len(runs) > len(kinds) or len(rest) % count:
        return None
    # Adam without `amsgrad` kept an array of one 0 for each weight in place of the third slot.
    has_third = getattr(optimizer, "amsgrad", True)
    wanted = [kind for kind in kinds if kind != "velocity_hat" or has_third]
    return dict(zip(wanted, runs, strict=False))


def _names(optimizer: Any, count: int) -> list[str]:
    """The names that Keras 2.11 to 2.15 would have given, or none if their number differs."""
    found = ["iteration", *_words(optimizer)]
    return found if len(found) == count else []


def _words(optimizer: Any) -> Iterator[str]:
    groups = _GROUPS.get(type(optimizer).__name__, ())
    for group in (("average",), *groups):
        for i, held in enumerate(optimizer._slots):
            for word in group:
                _, owners = _owners(optimizer, word)
                if any(owner is held for owner in owners) or _may_be_left(optimizer, word):
                    yield f"optimizer/{word}/{i}"
