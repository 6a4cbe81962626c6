"""Layers that make one tensor of several."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array, lax

from cornu import ops
from cornu.errors import warn
from cornu.layers.base.layer import Layer


class Merge(Layer):
    """Base of the element-wise merging layers: takes a list of tensors that broadcast.

    Tensors of lower rank get axes of size 1 after their batch axis.
    """

    exactly_two = False
    warns_of_broadcasting = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Check that the shapes fit."""
        shapes = shape_list(input_shape, self)
        if self.exactly_two and len(shapes) != 2:
            raise ValueError(
                f"layer '{self.name}' ({type(self).__name__}) takes exactly 2 inputs. "
                f"Received {len(shapes)}, of shapes {shapes}"
            )
        self._check_broadcast(shapes)

    def _check_broadcast(self, shapes: list[tuple[int | None, ...]]) -> None:
        widest = max(len(shape) for shape in shapes)
        for axis in range(-widest, 0):
            # The batch axes stand beside each other whatever the rank.
            sizes = [shape[axis] for shape in shapes if len(shape) > -axis]
            if axis == -widest:
                sizes = [shape[0] for shape in shapes]
            known = {size for size in sizes if size is not None}
            if len(known - {1}) > 1:
                raise ValueError(
                    f"layer '{self.name}' ({type(self).__name__}) got inputs whose shapes do not "
                    f"fit: {shapes}; axis {axis} has sizes {sizes}"
                )
            broadcasts = 1 in known and len(known) > 1 and axis > -widest
            if broadcasts and self.warns_of_broadcasting and len({len(s) for s in shapes}) == 1:
                warn(
                    f"layer '{self.name}' ({type(self).__name__}) repeats an input of size 1 along "
                    f"axis {axis}: shapes {shapes}. If that is meant, repeat it explicitly."
                )

    def call(self, inputs: Sequence[Array]) -> Array:
        """The merged inputs."""
        return self._merge(same_rank(inputs))

    def _merge(self, inputs: list[Array]) -> Array:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Where any input counts, the output counts; None if an input has no mask."""
        del inputs
        if not isinstance(mask, list | tuple) or any(m is None for m in mask):
            return None
        return functools.reduce(jnp.logical_or, same_rank(mask))


def shape_list(input_shape: Any, layer: Layer) -> list[tuple[int | None, ...]]:
    """The shapes of a list of inputs.

    Raises:
        ValueError: if it is one shape, or an empty list.
    """
    first = next(iter(input_shape), None) if isinstance(input_shape, list | tuple) else None
    if not isinstance(first, list | tuple):
        raise ValueError(
            f"layer '{layer.name}' ({type(layer).__name__}) takes a list of inputs, as in "
            f"`{type(layer).__name__}()([a, b])`. Received one of shape {input_shape}"
        )
    return [tuple(shape) for shape in input_shape]


def same_rank(inputs: Sequence[Array]) -> list[Array]:
    """The inputs with axes of size 1 put in after the batch axis, so that all have one rank."""
    widest = max(x.ndim for x in inputs)
    return [
        jnp.reshape(x, (*x.shape[:1], *(1,) * (widest - x.ndim), *x.shape[1:])) if x.ndim else x
        for x in inputs
    ]


class Add(Merge):
    """The sum of its inputs.

    Input: a list of tensors of one shape. Output: that shape.
    """

    warns_of_broadcasting = True

    def _merge(self, inputs: list[Array]) -> Array:
        return functools.reduce(ops.add, inputs)


class Subtract(Merge):
    """The first input minus the second.

    Input: a list of two tensors of one shape. Output: that shape.
    """

    exactly_two = True

    def _merge(self, inputs: list[Array]) -> Array:
        return ops.subtract(inputs[0], inputs[1])


class Multiply(Merge):
    """The element-wise product of its inputs.

    Input: a list of tensors of one shape. Output: that shape.
    """

    def _merge(self, inputs: list[Array]) -> Array:
        return functools.reduce(ops.multiply, inputs)


class Average(Merge):
    """The mean of its inputs.

    Input: a list of tensors of one shape. Output: that shape.
    """

    warns_of_broadcasting = True

    def _merge(self, inputs: list[Array]) -> Array:
        return ops.divide(functools.reduce(ops.add, inputs), len(inputs))


class Maximum(Merge):
    """The element-wise maximum of its inputs.

    Input: a list of tensors of one shape. Output: that shape.
    """

    def _merge(self, inputs: list[Array]) -> Array:
        return functools.reduce(ops.maximum, inputs)


class Minimum(Merge):
    """The element-wise minimum of its inputs.

    Input: a list of tensors of one shape. Output: that shape.
    """

    def _merge(self, inputs: list[Array]) -> Array:
        return functools.reduce(ops.minimum, inputs)


class Concatenate(Merge):
    """Its inputs one after the other along an axis.

    Args:
        axis: the axis; the other sizes must agree.

    Input: a list of tensors. Output: one tensor.

    Raises:
        ValueError: if other sizes differ.
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def _check_broadcast(self, shapes: list[tuple[int | None, ...]]) -> None:
        rank = len(shapes[0])
        fits = all(len(shape) == rank for shape in shapes) and -rank <= self.axis < rank
        for axis in range(rank) if fits else ():
            sizes = {shape[axis] for shape in shapes if shape[axis] is not None}
            fits = fits and (axis == self.axis % rank or len(sizes) <= 1)
        if not fits:
            raise ValueError(
                f"layer '{self.name}' concatenates along axis {self.axis}; the other sizes of its "
                f"inputs must agree. Received shapes {shapes}"
            )

    def call(self, inputs: Sequence[Array]) -> Array:
        """The joined inputs."""
        return ops.concatenate(list(inputs), axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks joined alike; an input without one counts everywhere."""
        if not isinstance(mask, list | tuple) or all(m is None for m in mask):
            return None
        axis = self.axis % inputs[0].ndim
        rank = max(m.ndim for m in mask if m is not None)
        masks = [
            jnp.ones(x.shape[:rank], bool) if m is None else m
            for x, m in zip(inputs, mask, strict=True)
        ]
        if axis < rank:
            return jnp.concatenate(masks, axis=axis)
        return functools.reduce(jnp.logical_or, masks)


class Dot(Layer):
    """For each row the sum of products along an axis of each of two inputs.

    Args:
        axes: the axis of both inputs, or (axis of the first, axis of the second).
        normalize: divide each vector by its norm first: the cosine of the angle comes out.

    Input: a list of two tensors. Output: (batch, other axes of the first, of the second), at
    least (batch, 1).

    Raises:
        ValueError: if the two sizes differ.
    """

    def __init__(self, axes: int | Sequence[int], normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = axes if isinstance(axes, list | tuple) else (axes, axes)
        if len(pair) != 2 or not all(isinstance(axis, int) for axis in pair):
            raise TypeError(
                f"`axes` must be an integer or two. Received: axes={axes} (layer '{self.name}')"
            )
        self.axes = axes
        self.normalize = normalize
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Check that the shapes fit."""
        shapes = shape_list(input_shape, self)
        if len(shapes) != 2:
            raise ValueError(f"layer '{self.name}' (Dot) takes 2 inputs. Received shapes {shapes}")
        first, second = self._axes_for([len(shape) for shape in shapes])
        sizes = shapes[0][first], shapes[1][second]
        if None not in sizes and sizes[0] != sizes[1]:
            raise ValueError(
                f"layer '{self.name}' multiplies axis {first} of {shapes[0]} with axis {second} of "
                f"{shapes[1]}: their sizes must be equal"
            )

    def _axes_for(self, ranks: list[int]) -> tuple[int, int]:
        first, second = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return first % ranks[0], second % ranks[1]

    def call(self, inputs: Sequence[Array]) -> Array:
        """The products."""
        first, second = inputs
        axes = self._axes_for([first.ndim, second.ndim])
        if self.normalize:
            first = ops.normalize(first, axis=axes[0])
            second = ops.normalize(second, axis=axes[1])
        result = lax.dot_general(first, second, (((axes[0],), (axes[1],)), ((0,), (0,))))
        return result if result.ndim > 1 else result[:, None]

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """No mask: positions are summed over."""
        del inputs, mask


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Add()(inputs)`; keyword arguments go to the layer."""
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Subtract()(inputs)`; keyword arguments go to the layer."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Multiply()(inputs)`; keyword arguments go to the layer."""
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Average()(inputs)`; keyword arguments go to the layer."""
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Maximum()(inputs)`; keyword arguments go to the layer."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """`Minimum()(inputs)`; keyword arguments go to the layer."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs: Sequence[Any], axis: int = -1, **kwargs: Any) -> Any:
    """`Concatenate(axis)(inputs)`; keyword arguments go to the layer."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs: Sequence[Any], axes: int | Sequence[int] = -1, **kwargs: Any) -> Any:
    """`Dot(axes)(inputs)`; keyword arguments go to the layer."""
    return Dot(axes=axes, **kwargs)(inputs)
