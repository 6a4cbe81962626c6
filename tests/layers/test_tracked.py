"""Parts of a layer are found by walking its attributes; inside `still`, once."""

from __future__ import annotations

import threading

import cornu
from cornu import layers
from cornu.layers.base import tracked


class Stack(layers.Layer):
    def __init__(self) -> None:
        super().__init__()
        self.parts = [layers.Dense(2), layers.Dense(3)]


def test_lists_may_be_changed_freely() -> None:
    stack = Stack()
    assert stack.sublayers() == stack.parts
    stack.parts.append(layers.Dense(4))
    assert stack.sublayers() == stack.parts


def test_inside_still_an_object_is_walked_once(monkeypatch) -> None:
    model = cornu.Sequential([layers.Input((3,)), layers.Dense(4), layers.Dropout(0.5)])
    walked: list[int] = []
    members = tracked.Tracked._members

    def counting(its):
        walked.append(id(its))
        return members(its)

    monkeypatch.setattr(tracked.Tracked, "_members", counting)
    outside = model.trainable_variables, model.metrics, model.variables
    assert len(walked) > len(set(walked))
    walked.clear()
    with tracked.still():
        inside = model.trainable_variables, model.metrics, model.variables
    assert len(walked) == len(set(walked))
    for a, b in zip(inside, outside, strict=True):
        assert [id(item) for item in a] == [id(item) for item in b]


def test_a_changed_structure_is_seen_inside_still() -> None:
    stack = Stack()
    with tracked.still():
        assert len(stack.sublayers()) == 2
        stack.other = layers.Dense(5)
        assert len(stack.sublayers()) == 3


def test_still_ends_with_its_block_and_holds_for_its_thread_only() -> None:
    stack, another = Stack(), layers.Dense(4)  # to make a layer changes the structure
    found: list[int] = []
    with tracked.still():
        assert len(stack.sublayers()) == 2
        stack.parts.append(another)
        assert len(stack.sublayers()) == 2
        thread = threading.Thread(target=lambda: found.append(len(stack.sublayers())))
        thread.start()
        thread.join()
    assert found == [3]
    assert len(stack.sublayers()) == 3
