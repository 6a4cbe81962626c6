"""`cornu.tree` against the real Keras, structure by structure."""

from __future__ import annotations

import collections

import keras
import pytest

from cornu import tree

Point = collections.namedtuple("Point", ["x", "y"])
Other = collections.namedtuple("Point", ["x", "y"])  # the same name and fields, another class

STRUCTURES = [
    None,
    7,
    "text",
    [],
    {},
    [1, 2, 3],
    (1, [2, (3,)], {"b": 4, "a": [5, None]}),
    {100: "world", 6: "hello"},
    collections.OrderedDict([("b", 1), ("a", [2, 3])]),
    collections.defaultdict(list, {"b": 1, "a": (2, 3)}),
    collections.deque([1, [2, 3]]),
    Point(1, {"k": [2]}),
    [[None, None], (None, {"a": None})],
]


@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_walks_like_keras(structure):
    theirs = keras.tree
    assert tree.flatten(structure) == theirs.flatten(structure)
    assert tree.flatten_with_path(structure) == theirs.flatten_with_path(structure)
    assert tree.is_nested(structure) == theirs.is_nested(structure)
    leaves = list(range(len(tree.flatten(structure))))
    same(tree.pack_sequence_as(structure, leaves), theirs.pack_sequence_as(structure, leaves))
    same(tree.lists_to_tuples(structure), theirs.lists_to_tuples(structure))
    same(tree.map_structure(repr, structure), theirs.map_structure(repr, structure))
    same(
        tree.map_structure(repr, structure, none_is_leaf=False),
        theirs.map_structure(repr, structure, none_is_leaf=False),
    )


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_traverses_like_keras(structure, top_down):
    def visited(module):
        seen = []

        def visit(part):
            seen.append(repr(part))
            if part == 2:
                return "two"
            if part == [5, None]:
                return module.MAP_TO_NONE
            return None

        return module.traverse(visit, structure, top_down=top_down), seen

    ours, theirs = visited(tree), visited(keras.tree)
    same(ours[0], theirs[0])
    assert ours[1] == theirs[1]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, 2], [3, 4]),
        ([1, 2], (3, 4)),
        ([1, 2], [3]),
        ({"a": 1}, {"a": 2}),
        ({"a": 1}, {"b": 1}),
        ({"a": 1, "b": 2}, collections.OrderedDict([("b", 1), ("a", 2)])),
        ({"a": 1}, collections.defaultdict(int, {"a": 3})),
        (Point(1, 2), Point(3, 4)),
        (Point(1, 2), Other(3, 4)),
        (Point(1, 2), (1, 2)),
        ([1, [2]], [1, 2]),
        (1, [1]),
        (collections.deque([1]), [1]),
        (None, 1),
    ],
    ids=repr,
)
def test_compares_like_keras(a, b):
    for name in ("assert_same_structure", "assert_same_paths"):
        assert accepts(getattr(tree, name), a, b) == accepts(getattr(keras.tree, name), a, b), name


def test_maps_up_to_a_shallow_structure():
    shallow = [None, {"a": None}]
    deep = [[1, 1], {"a": (2, 3)}]
    assert tree.map_structure_up_to(shallow, len, deep) == [2, {"a": 2}]
    with pytest.raises(ValueError, match=r"at \[1\]"):
        tree.map_structure_up_to(shallow, len, [[1, 1], 5])


def test_shapes_are_leaves():
    shapes = {"a": (None, 3), "b": [(2,), [4, 5]]}
    assert tree.map_shape_structure(len, shapes) == {"a": 2, "b": [1, 2]}


def test_errors_name_the_place_and_the_argument():
    with pytest.raises(ValueError, match=r"differ at \['a', 1\]: list and tuple"):
        tree.assert_same_structure({"a": [1, [2]]}, {"a": [1, (2,)]})
    with pytest.raises(ValueError, match="3 leaves; flat_sequence has 2 items"):
        tree.pack_sequence_as([1, [2, 3]], [1, 2])
    with pytest.raises(TypeError, match="flat_sequence must be iterable"):
        tree.pack_sequence_as([1], 5)
    with pytest.raises(TypeError, match="func must be callable"):
        tree.traverse(None, [1])
    with pytest.raises(TypeError, match="one structure or more"):
        tree.map_structure(len)


def same(ours, theirs):
    """Equal, with equal types all the way down."""
    assert repr(ours) == repr(theirs)


def accepts(check, a, b):
    try:
        check(a, b)
    except (ValueError, TypeError):
        return False
    return True
