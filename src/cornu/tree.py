"""Nested structures: lists, tuples, named tuples, deques and dicts, with anything else as a leaf.

Dicts are walked in the order of their sorted keys (an `OrderedDict` in its own order), so that
equal dicts give equal lists however they were filled. None is a leaf.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Iterator
from typing import Any


class MAP_TO_NONE:
    """What a function gives to `traverse` to put None in a place, as None itself means "go on"."""


Path = tuple[Any, ...]


def is_nested(structure: Any) -> bool:
    """Whether `structure` is a list, tuple, named tuple, deque or dict."""
    return isinstance(structure, list | tuple | dict | collections.deque)


def flatten(structure: Any) -> list[Any]:
    """The leaves from left to right; a leaf alone gives a list of one."""
    return [leaf for _, leaf in _walk(structure, ())]


def flatten_with_path(structure: Any) -> list[tuple[Path, Any]]:
    """Pairs of path and leaf; a path is the tuple of indices and keys that leads to the leaf."""
    return list(_walk(structure, ()))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """`func` applied to each leaf, or to the leaves in the same place of several structures.

    Args:
        func: takes as many arguments as there are structures.
        *structures: nested in the same way.
        none_is_leaf: False leaves None as it is, without a call.

    Returns:
        A structure nested like the first one.

    Raises:
        TypeError: if `func` is not callable or no structure is given.
        ValueError: if the structures differ.
    """
    _expect_callable(func)
    if not structures:
        raise TypeError("map_structure needs one structure or more after `func`; got none")
    first = structures[0]
    for other in structures[1:]:
        assert_same_structure(first, other)

    def call(*leaves: Any) -> Any:
        skipped = not none_is_leaf and all(leaf is None for leaf in leaves)
        return None if skipped else func(*leaves)

    return pack_sequence_as(first, list(map(call, *map(flatten, structures))))


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """`func` applied to what lies in `structures` where `shallow_structure` has its leaves.

    Raises:
        TypeError: if `func` is not callable or no structure is given.
        ValueError: if a structure is shallower than `shallow_structure`, or nested otherwise.
    """
    _expect_callable(func)
    if not structures:
        raise TypeError("map_structure_up_to needs one structure or more after `func`; got none")
    columns = [_flatten_up_to(shallow_structure, structure, ()) for structure in structures]
    return pack_sequence_as(shallow_structure, list(map(func, *columns)))


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """`func` applied to each shape: a list or tuple of sizes (integers or None) is a leaf."""
    _expect_callable(func)
    if _is_shape(structure):
        return func(structure)
    if not is_nested(structure):
        raise ValueError(f"expected shapes (tuples of integers and None); found {structure!r}")
    return _rebuild(structure, [map_shape_structure(func, child) for _, child in _items(structure)])


def pack_sequence_as(structure: Any, flat_sequence: Iterable[Any]) -> Any:
    """The items of `flat_sequence` arranged like `structure`, in the order of `flatten`.

    Raises:
        TypeError: if `flat_sequence` is not iterable.
        ValueError: if there are more items or fewer than leaves.
    """
    if not isinstance(flat_sequence, Iterable):
        raise TypeError(f"flat_sequence must be iterable; got {type(flat_sequence).__name__}")
    items = list(flat_sequence)
    wanted = len(flatten(structure))
    if len(items) != wanted:
        raise ValueError(f"the structure has {wanted} leaves; flat_sequence has {len(items)} items")
    return _packed(structure, iter(items))


def lists_to_tuples(structure: Any) -> Any:
    """The same structure with a tuple in the place of each list."""
    if not is_nested(structure):
        return structure
    children = [lists_to_tuples(child) for _, child in _items(structure)]
    return tuple(children) if isinstance(structure, list) else _rebuild(structure, children)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Visit every part of `structure`, the whole and the leaves included, depth first.

    Where `func` gives None the part stays; anything else takes its place (`MAP_TO_NONE` puts None).

    Args:
        func: called with each part.
        structure: what to walk through.
        top_down: visit a part before what is in it, and do not go into a part that was replaced;
            False: after it, when what is in it has been replaced already.

    Returns:
        The structure with its replacements.

    Raises:
        TypeError: if `func` is not callable.
    """
    _expect_callable(func)
    return (_traversed_down if top_down else _traversed_up)(func, structure)


def assert_same_structure(a: Any, b: Any, check_types: Any = None) -> None:
    """Check that two structures nest the same types in the same way.

    Dicts of every kind count as one type if their keys are the same; lists, tuples, deques and each
    class of named tuple do not. `check_types` has no effect.

    Raises:
        ValueError: naming the first place where they differ.
    """
    del check_types
    _compare(a, b, ())


def assert_same_paths(a: Any, b: Any) -> None:
    """Check that two structures have leaves at the same paths, whatever the types around them.

    Raises:
        ValueError: listing the paths that only one of them has.
    """
    paths_a = {path for path, _ in _walk(a, ())}
    paths_b = {path for path, _ in _walk(b, ())}
    if paths_a != paths_b:
        raise ValueError(
            "the structures have leaves at different paths: "
            f"only the first has {sorted(paths_a - paths_b, key=repr)}, "
            f"only the second has {sorted(paths_b - paths_a, key=repr)}"
        )


def _items(structure: Any) -> list[tuple[Any, Any]]:
    """Pairs of key (or index) and child."""
    if isinstance(structure, collections.OrderedDict):
        return list(structure.items())
    if isinstance(structure, dict):
        return [(key, structure[key]) for key in sorted(structure)]
    return list(enumerate(structure))


def _rebuild(like: Any, children: list[Any]) -> Any:
    """A structure of the type of `like` with other children."""
    if isinstance(like, dict):
        by_key = dict(zip((key for key, _ in _items(like)), children, strict=True))
        in_order = [(key, by_key[key]) for key in like]
        if isinstance(like, collections.defaultdict):
            return type(like)(like.default_factory, in_order)
        return type(like)(in_order)
    if isinstance(like, collections.deque):
        return type(like)(children, like.maxlen)
    if hasattr(like, "_fields"):
        return type(like)(*children)
    return type(like)(children)


def _walk(structure: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if not is_nested(structure):
        yield path, structure
        return
    for key, child in _items(structure):
        yield from _walk(child, (*path, key))


def _packed(structure: Any, items: Iterator[Any]) -> Any:
    if not is_nested(structure):
        return next(items)
    return _rebuild(structure, [_packed(child, items) for _, child in _items(structure)])


def _flatten_up_to(shallow: Any, structure: Any, path: Path) -> list[Any]:
    if not is_nested(shallow):
        return [structure]
    _compare_nodes(shallow, structure, path)
    inner = dict(_items(structure))
    return [
        item
        for key, child in _items(shallow)
        for item in _flatten_up_to(child, inner[key], (*path, key))
    ]


def _traversed_down(func: Callable[[Any], Any], structure: Any) -> Any:
    result = func(structure)
    if result is not None:
        return None if result is MAP_TO_NONE else result
    if not is_nested(structure):
        return structure
    return _rebuild(structure, [_traversed_down(func, child) for _, child in _items(structure)])


def _traversed_up(func: Callable[[Any], Any], structure: Any) -> Any:
    if is_nested(structure):
        children = [_traversed_up(func, child) for _, child in _items(structure)]
        structure = _rebuild(structure, children)
    result = func(structure)
    if result is None:
        return structure
    return None if result is MAP_TO_NONE else result


def _compare(a: Any, b: Any, path: Path) -> None:
    if not is_nested(a) and not is_nested(b):
        return
    _compare_nodes(a, b, path)
    inner = dict(_items(b))
    for key, child in _items(a):
        _compare(child, inner[key], (*path, key))


def _compare_nodes(a: Any, b: Any, path: Path) -> None:
    place = f"at {list(path)}" if path else "at the top"
    if _kind(a) is not _kind(b):
        raise ValueError(
            f"the structures differ {place}: {type(a).__name__} and {type(b).__name__}"
        )
    keys_a, keys_b = [key for key, _ in _items(a)], [key for key, _ in _items(b)]
    if set(keys_a) != set(keys_b):
        if isinstance(a, dict):
            raise ValueError(f"the structures differ {place}: keys {keys_a} and {keys_b}")
        raise ValueError(f"the structures differ {place}: {len(keys_a)} and {len(keys_b)} items")


def _kind(x: Any) -> Any:
    """The type by which structures are compared; None for a leaf."""
    if isinstance(x, dict):
        return dict
    return type(x) if is_nested(x) else None


def _is_shape(x: Any) -> bool:
    return isinstance(x, list | tuple) and all(size is None or isinstance(size, int) for size in x)


def _expect_callable(func: Any) -> None:
    if not callable(func):
        raise TypeError(f"func must be callable; got {type(func).__name__}")
